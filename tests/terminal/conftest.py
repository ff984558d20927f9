"""Runs and scenarios of the test's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tuilab.runs import Run
from tuilab.scenario.catalogue import find


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Runs of the test's own, and a deep-tanh-init so narrow that its engine needs no time.

    It stands first in the library, and asks nothing before it runs.
    """
    for name in ("NO_COLOR", "COLORTERM", "TUILAB_GLYPHS"):
        monkeypatch.delenv(name, raising=False)
    text = find("deep-tanh-init").read_text()
    (tmp_path / "mine").mkdir()
    small = re.sub(r"(?m)^width = 4096", "width = 64", text)
    small = re.sub(r"(?m)^chapter = .*$", 'chapter = "0 The first"', small)
    small = re.sub(r"(?ms)^\[\[predict\]\].*?(?=^\[)", "", small)
    small = re.sub(r"(?m)^steps = .*$", "steps = 200", re.sub(r"(?m)^pace = .*$", "pace = 20", small))
    (tmp_path / "mine" / "deep-tanh-init.toml").write_text(small)
    monkeypatch.setenv("TUILAB_SCENARIOS", str(tmp_path / "mine"))
    monkeypatch.setenv("TUILAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for run in (tmp_path / "runs").glob("*"):
        Run(run).send("stop")
