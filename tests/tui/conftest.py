"""Recordings and runs, small and quick."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from race import Recorder

from tuilab.runs import Lock, Run, create


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """A recording of steps 0 to 100 that ended well."""
    recorder = Recorder(tmp_path / "race.tlr", steps=100)
    recorder.record(101)
    recorder.writer.event(40, "converged", "fast")
    recorder.finish()
    return tmp_path / "race.tlr"


@pytest.fixture
def newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recording of format 7."""
    with monkeypatch.context() as future:
        future.setattr("tuilab.recording.format.VERSION", 7)
        recorder = Recorder(tmp_path / "newer.tlr", steps=1)
        recorder.record(1)
    return tmp_path / "newer.tlr"


@pytest.fixture
def live(tmp_path: Path) -> Iterator[tuple[Run, Recorder]]:
    """A run that this very process is the engine of, at step 30 of 100."""
    run = create(tmp_path / "runs", "race", {"title": "Two arms race"}, {})
    lock = Lock.acquire(run.path / "lock")
    assert lock is not None
    with lock:
        recorder = Recorder(run.path / "main.tlr", steps=100)
        recorder.record(31)
        yield run, recorder
