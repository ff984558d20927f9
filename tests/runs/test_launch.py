"""Engines as processes of their own: one a run, started in good order, and only by the project's own code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tuilab.prepare import prepare
from tuilab.runs import Run, RunError, State, launch, wait_until_started

BOWL = """
kind = "descent"
title = "Bowl"
question = "How fast?"
steps = 1000000000
surface = { name = "quadratic", condition_number = 10 }
[arms.sgd]
start = [2, 1]
optimizer = { name = "sgd", lr = 0.1 }
"""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "bowl.toml").write_text(BOWL)
    return prepare(
        tmp_path / "bowl.toml", runs=tmp_path / "runs", name="run", device="cpu", threads=1, pace=20
    )


def end(process: subprocess.Popen[bytes]) -> int:
    process.terminate()
    return process.wait(60)


def test_an_engine_is_the_only_one_from_its_launch_to_its_end(run: Run) -> None:
    process = launch(run)
    try:
        assert run.state() is State.STARTING, "from the first moment on"
        with pytest.raises(RunError, match="its engine is at work"):
            launch(run)
        assert wait_until_started(run, process) is State.RUNNING
        assert (run.summary().pid, run.summary().device) == (process.pid, "cpu")
        with pytest.raises(RunError, match="its engine is at work"):
            launch(run, resume=True)
    finally:
        assert end(process) == 0
    assert run.state() is State.STOPPED
    assert len(run.recordings()) == 1
    process = launch(run, resume=True)
    try:
        assert run.state() is State.STARTING, "and not stopped"
        assert wait_until_started(run, process) is State.RUNNING
    finally:
        assert end(process) == 0
    assert [path.name for path in run.recordings()] == ["main.tlr", "main-2.tlr"]


def test_a_launch_that_fails_says_the_logs_last_line(run: Run) -> None:
    (run.path / "run.json").write_text('{"scenario": {"kind": "dance"}}')
    process = launch(run)
    with pytest.raises(RunError, match="run: its scenario is of kind 'dance'; there are "):
        wait_until_started(run, process)
    assert process.wait() == 2
    assert run.state() is State.DIED
    assert "kind 'dance'" in run.glance().problem


HIJACKERS = ("queue", "random", "copy", "torch", "numpy", "socket", "statistics", "tuilab")


def test_nothing_is_imported_from_the_working_folder(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    for name in HIJACKERS:
        (here / f"{name}.py").write_text(f"open({str(tmp_path / 'hijacked')!r}, 'a').write({name!r})\n")
    monkeypatch.chdir(here)
    process = launch(run)
    try:
        assert wait_until_started(run, process) is State.RUNNING
        # What the engine would start in its turn inherits this.
        environment = Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
        assert b"PYTHONSAFEPATH=1" in environment
    finally:
        assert end(process) == 0
    (here / "tuilab.py").unlink()  # whoever says `-m tuilab` means what Python finds first
    for safe in ({}, {"PYTHONSAFEPATH": "1"}):
        done = subprocess.run(
            [sys.executable, "-m", "tuilab", "runs", "--runs", str(run.path.parent)],
            env=os.environ | safe,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert not (tmp_path / "hijacked").exists()
