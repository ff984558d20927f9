"""A run's history as the headers of its files tell it: the oracle for whoever reads it otherwise."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import numpy as np

from tuilab.recording import Event, Recording
from tuilab.runs import Run

ASKED = ("checkpoint", "resumed-from", "started", "stopped")
"""Events of how often the engine was interrupted: all else has to be as if it had not been."""

Series = dict[str, dict[int, bytes]]
"""Of each name, step → the value's eight bytes."""
History = tuple[Series, list[tuple[int, str, str | None]]]


def files(run: Run) -> list[tuple[dict[str, Any], str]]:
    """The leader's files by their sequence: header and name."""
    found = []
    for path in run.path.glob("main*.tlr"):
        with Recording.open(path) as recording:
            found.append((recording.header, path.name))
    return sorted(found, key=lambda pair: pair[0]["sequence"])


def events(run: Run, file: str) -> list[Event]:
    """What happened according to one file, in the order it was written."""
    with closing(Recording.open(run.path / file)) as recording:
        return recording.events()


def as_read(run: Run) -> History:
    """The same as the reader tells it."""
    with run.open() as recording:
        return _series(recording), _happened(recording.events())


def history(run: Run) -> History:
    """Every series but the clock's, bit for bit, and what happened."""
    by_name = {name: header for header, name in files(run)}
    series: Series = {}
    happened: list[tuple[int, str, str | None]] = []
    file, until, count = files(run)[-1][1], 2**62, None
    while file in by_name:
        with Recording.open(run.path / file) as recording:
            for name, rows in _series(recording, until + 1).items():
                assert not rows.keys() & series.get(name, {}).keys(), "two files have the same step"
                series[name] = rows | series.get(name, {})
        happened = _happened(events(run, file)[:count]) + happened
        before = by_name[file].get("continues")
        if before is None:
            break
        file, until, count = before["file"], min(until, before["step"]), before.get("events")
    return {name: rows for name, rows in series.items() if rows}, happened


def _series(recording: Recording, stop: int = 2**62) -> Series:
    found = {}
    for name in recording.series():
        if not name.startswith("engine/"):
            steps, values = recording.read(name, 0, stop)
            found[name] = {int(s): np.float64(v).tobytes() for s, v in zip(steps, values, strict=True)}
    return found


def _happened(events: list[Event]) -> list[tuple[int, str, str | None]]:
    return [(event.step, event.kind, event.arm) for event in events if event.kind not in ASKED]
