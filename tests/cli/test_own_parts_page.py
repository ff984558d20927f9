"""docs/your-own-parts.md: its files are written and its commands run, as by somebody who follows it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from cli_command import tuilab

from tuilab.runs import listing
from tuilab.scenario.parts.own import FAMILIES

PAGE = (Path(__file__).parents[2] / "docs" / "your-own-parts.md").read_text()


def test_what_the_page_says_to_type_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TUILAB_RUNS", str(tmp_path / "runs"))
    (tmp_path / "FOLDER" / "ann").mkdir(parents=True)
    for kind, name in (("python", "mine.py"), ("toml", "race.toml")):
        (block,) = re.findall(f"```{kind}\n(.*?)```", PAGE, re.DOTALL)
        Path(name).write_text(block)
    lines = re.findall("^    tuilab (.*)$", PAGE, re.MULTILINE)
    typed = [shlex.split(line, comments=True) for line in lines]
    assert len(typed) >= 8
    for words in typed:
        if words == ["--trust"]:
            continue  # the lab, which wants a terminal
        words = words[: words.index(">")] if ">" in words else words
        done = tuilab(*words)
        assert done.returncode == (1 if "--check" in words else 0), f"{words}: {done.stdout}{done.stderr}"
    assert len(listing(tmp_path / "runs")) == 3
    assert {run.facts["own"].popitem()[0] for run in listing(tmp_path / "runs")} == {f"{tmp_path}/mine.py"}


def test_the_table_has_every_part_that_may_be_ones_own() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]*) \|", PAGE, re.MULTILINE))
    assert rows == {**FAMILIES, "optimizer": "optimiser", "init": "initialiser"}


def test_the_pages_schedule_is_one(tmp_path: Path) -> None:
    from tuilab.parts.own import admit, load

    (block,) = re.findall("```python\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "mine.py").write_text(block)
    assert admit("schedule", load(tmp_path / "mine.py"), "square_root", {}) == {"end": 0.0}
