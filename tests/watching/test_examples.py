"""The loops of examples/ and of the page on one's own code, run as a reader would."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.watching.conftest import newest, told

ROOT = Path(__file__).parents[2]
ARMS = {
    "char_transformer": {"GPT"},
    "gan": {"generator", "discriminator"},
    "accumulation_amp": {"Sequential"},
    "lstm": {"Counter"},
}


def _run(*program: str) -> None:
    subprocess.run([sys.executable, *program], cwd=ROOT, check=True, timeout=120)


def test_every_example_is_named_here() -> None:
    assert {path.stem for path in (ROOT / "examples").glob("*.py")} == set(ARMS)


@pytest.mark.parametrize("name", ARMS)
def test_an_example_leaves_a_run_with_its_losses_and_its_layers(name: str, runs: Path) -> None:
    _run(f"examples/{name}.py", "1" if name == "lstm" else "6")
    found = told(newest(runs))
    assert found.kinds()[-1] == "finished"
    for arm in ARMS[name]:
        losses = found.series[f"{arm}/loss"]
        assert list(losses) == list(range(1, found.last_step + 1))
        assert all(0 < loss < 10 for loss in losses.values())
    assert found.layers("activation.std")
    assert found.layers("weight_gradient.norm")


def test_the_page_on_ones_own_code_runs(runs: Path) -> None:
    block, *_ = re.findall("```python\n(.*?)```", (ROOT / "docs/your-own-code.md").read_text(), re.DOTALL)
    _run("-c", block)
    run = newest(runs)
    found = told(run)
    assert (run.source, found.last_step) == ("mine", 200)
    losses = found.series["Sequential/loss"]
    assert losses[200] < losses[1]
