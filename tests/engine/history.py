"""A run's history as the headers of its files tell it: the oracle for whoever reads it otherwise."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import numpy as np

from tuilab.recording import Event, Recording
from tuilab.runs import Run

ASKED = ("checkpoint", "resumed-from", "started", "stopped")
"""Events of how often the engine was interrupted: all else has to be as if it had not been."""


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


def history(run: Run) -> tuple[dict[str, dict[int, bytes]], list[tuple[int, str, str | None]]]:
    """Every series but the clock's, bit for bit, and what happened."""
    by_name = {name: header for header, name in files(run)}
    series: dict[str, dict[int, bytes]] = {}
    happened: list[tuple[int, str, str | None]] = []
    file, until, count = files(run)[-1][1], 2**62, None
    while file in by_name:
        with Recording.open(run.path / file) as recording:
            for name in recording.series():
                if not name.startswith("engine/"):
                    steps, values = recording.read(name, 0, until + 1)
                    rows = {int(s): np.float64(v).tobytes() for s, v in zip(steps, values, strict=True)}
                    assert not rows.keys() & series.get(name, {}).keys(), "two files have the same step"
                    series.setdefault(name, {}).update(rows)
        happened = [
            (event.step, event.kind, event.arm)
            for event in events(run, file)[:count]
            if event.kind not in ASKED
        ] + happened
        before = by_name[file].get("continues")
        if before is None:
            break
        file, until, count = before["file"], min(until, before["step"]), before.get("events")
    return {name: dict(sorted(rows.items())) for name, rows in series.items()}, happened
