"""The engine's sign of life: it comes from a thread of its own, and changes nothing."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.engine.conftest import Prepare
from tests.engine.history import history
from tuilab.engine import conduct
from tuilab.experiments.descent import DescentExperiment
from tuilab.runs import Run, State, Summary
from tuilab.watching import heartbeat


def until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "the awaited thing did not happen"
        time.sleep(0.002)


def test_an_engine_in_a_long_step_is_seen_to_live(prepare: Prepare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "EVERY", 0.01)
    run, take, seen = prepare(), DescentExperiment.__next__, []

    def long(self: DescentExperiment) -> Any:
        if self._step == 20:
            for _ in range(3):
                before = (run.path / "summary.json").stat().st_mtime_ns
                until(lambda before=before: (run.path / "summary.json").stat().st_mtime_ns > before)
            seen.append(run.summary())
        return take(self)

    monkeypatch.setattr(DescentExperiment, "__next__", long)
    assert conduct(run) is State.FINISHED
    (about,) = seen
    assert (about.state, about.step, about.steps) == (State.RUNNING, 19, 40)
    assert (about.device, about.pid, about.host) == ("cpu", os.getpid(), os.uname().nodename)
    assert about.figures.keys() == {"sgd", "adam"}
    with run.open() as recording:
        assert about.figures["adam"]["loss"] == recording.at("adam/loss", 19)
        assert run.summary().figures["adam"]["loss"] == recording.at("adam/loss", 40)
    assert (run.summary().state, run.summary().step) == (State.FINISHED, 40)


def test_a_beating_engine_computes_the_same(prepare: Prepare, monkeypatch: pytest.MonkeyPatch) -> None:
    calm, beaten = prepare("steps=500"), prepare("steps=500")
    conduct(calm)
    monkeypatch.setattr(heartbeat, "EVERY", 0.0001)
    conduct(beaten)
    assert history(beaten) == history(calm)


def test_a_summary_that_can_not_be_written_is_no_concern_of_the_experiment(
    prepare: Prepare, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = prepare()

    def full(self: Summary, folder: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    lock = run.claim()
    monkeypatch.setattr(Summary, "write", full)
    assert conduct(run, lock=lock) is State.FINISHED


def test_the_states_a_run_goes_through(prepare: Prepare, monkeypatch: pytest.MonkeyPatch) -> None:
    run = prepare()
    said: list[State] = []
    write = Summary.write

    def noting(self: Summary, folder: Path) -> None:
        if not said or said[-1] is not self.state:
            said.append(self.state)
        write(self, folder)

    monkeypatch.setattr(Summary, "write", noting)
    run.send("pause")

    def on_step(step: int, steps: int, note: str) -> None:
        if note == "paused" and State.PAUSED in said:
            run.send("resume")

    conduct(Run(run.path), on_step)
    assert said == [State.STARTING, State.RUNNING, State.PAUSED, State.RUNNING, State.FINISHED]
    assert not run.engine_lives()
