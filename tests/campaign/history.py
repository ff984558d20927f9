"""All that a recording says, and where two of them differ."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tuilab.recording import Readable
from tuilab.scenario.schema import KINDS

LIFE = (
    "started",
    "resumed-from",
    "checkpoint",
    "checkpoint-failed",
    "finished",
    "stopped",
    "failed",
    "resume-note",
)
"""Events of engines: how often they began and ended is no part of what they computed."""


class History(NamedTuple):
    """Series, frames and events that two equal runs share; clocks and the lives of engines are left out."""

    series: dict[str, tuple[list[int], bytes]]
    frames: dict[str, list[tuple[int, bytes, str]]]
    events: list[tuple[int, str, str | None, str]]


def history(recording: Readable) -> History:
    """What was computed, to the last bit."""
    series, clocks = {}, _clocks(recording)
    for name in recording.series():
        identity = recording.identity(name)
        if identity.arm != "engine" and identity.metric not in clocks:
            steps, values = recording.read(name)
            series[name] = (steps.tolist(), np.ascontiguousarray(values).tobytes())
    frames: dict[str, list[tuple[int, bytes, str]]] = {}
    for name in recording.frames():
        for step in recording.frame_steps(name).tolist():
            found = recording.frame(name, step)
            assert found is not None
            frames.setdefault(name, []).append((found.step, found.array.tobytes(), repr(found.meta)))
    events = [
        (event.step, event.kind, event.arm, repr(sorted(event.data.items())))
        for event in recording.events()
        if event.arm is not None or event.kind not in LIFE
    ]
    return History(series, frames, events)


def differences(wanted: History, found: History) -> list[str]:
    """Where two histories differ, in words; empty for equal ones."""
    said: list[str] = []
    for what in ("series", "frames"):
        one: dict[str, Any] = getattr(wanted, what)
        other: dict[str, Any] = getattr(found, what)
        said += [f"{what} {name} is in one of them only" for name in one.keys() ^ other.keys()]
        said += [f"{what} {name} differs" for name in one.keys() & other.keys() if one[name] != other[name]]
    if wanted.events != found.events:
        said.append(f"events {wanted.events} became {found.events}")
    return sorted(said)


def _clocks(recording: Readable) -> set[str]:
    """The metrics of the recorded scenario that are readings of a clock."""
    scenario = recording.header["scenario"]
    metrics = KINDS[scenario["kind"]].model_validate(scenario).metrics
    return {name for name, metric in metrics.items() if metric.clock}
