"""What `import tuilab` offers, and that it costs nothing until it is used."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import tuilab
from tests.watching.conftest import batches, network, train

SIGNATURES = {
    "watch": "(model: 'nn.Module | Sequence[nn.Module] | Mapping[str, nn.Module] | None' = None, "
    "optimizer: 'Optimizer | Sequence[Optimizer] | None' = None, *, name: 'str | None' = None, "
    "config: 'Any' = None, runs: 'str | Path | None' = None, control: 'bool' = False, every: 'int' = 50, "
    "sample: 'int' = 4096, bins: 'int' = 64, steps: 'int | None' = None) -> 'Watch'",
    "open_run": "(name: 'str | None' = None, *, runs: 'str | Path | None' = None) -> 'Readable'",
    "compare": "(*names: 'str', runs: 'str | Path | None' = None) -> 'Readable'",
    "findings": "(run: 'Readable | str', step: 'int | None' = None) -> 'list[Finding]'",
}


def test_the_public_names_and_their_signatures() -> None:
    assert sorted(tuilab.__all__) == sorted(SIGNATURES)
    assert set(tuilab.__all__) <= set(dir(tuilab))
    for name, signature in SIGNATURES.items():
        offered = getattr(tuilab, name)
        assert str(inspect.signature(offered)) == signature
        assert inspect.getdoc(offered)


def test_importing_tuilab_loads_nothing() -> None:
    heavy = ["torch", "numpy", "pydantic", "rich", "textual", "tuilab.watching", "tuilab.recording"]
    code = f"import sys, tuilab; tuilab.watch; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_run_is_opened_and_diagnosed_by_its_name(tmp_path: Path) -> None:
    import torch

    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with tuilab.watch(model, optimizer, name="mine", runs=tmp_path) as w:
        losses = train(model, optimizer, 5, w)
    assert len(batches(5)) == len(losses)
    recording = tuilab.open_run("mine", runs=tmp_path)
    try:
        assert recording.read("Sequential/loss")[1].tolist() == losses
        assert tuilab.findings(recording) == []
    finally:
        recording.close()
