"""How a run is: what its engine last said of it, and whether that engine lives."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING

from tuilab.runs.errors import RunError
from tuilab.runs.lock import is_held
from tuilab.runs.state import State, told_by
from tuilab.runs.summary import Summary, number, text

if TYPE_CHECKING:
    from tuilab.recording import Readable
    from tuilab.runs.folder import Run

_ROOM = 1 << 14
"""Bytes of free space below which a running engine is taken to be waiting for room."""


def current(run: Run, recording: Readable | None = None) -> Summary:
    """The run at a glance, as it is now.

    Raises:
        RunError: it is no run.
        RecordingError: there is no summary, and the recording can't be read.
    """
    found = Summary.read(run.path) or _from_recording(run, recording)
    if found.state.alive:
        if not is_held(run.path / "lock"):
            found = _ended(found)
        elif found.state is State.RUNNING and _disk_is_full(run):
            found = dataclasses.replace(found, state=State.DISK_FULL)
    return found


def left(run: Run) -> Summary:
    """How the engine before left the run, for the one that now has its lock.

    Raises:
        RunError: it is no run.
    """
    from tuilab.recording import RecordingError

    try:
        return _ended(Summary.read(run.path) or _from_recording(run, None))
    except RecordingError:
        return dataclasses.replace(_about(run), state=State.DIED)


def glance(run: Run) -> Summary:
    """As `current`, whatever lies in the folder: where it can't be read that is the `problem`."""
    try:
        found = current(run)
    except Exception as error:  # one run that holds nonsense must never hide the others
        known = type(error).__module__.startswith("tuilab.")
        why = " ".join((str(error) if known else f"{type(error).__name__}: {error}").split())
        return Summary(state=State.UNREADABLE, problem=why)
    if found.state is State.DIED:
        return dataclasses.replace(found, problem=run.last_words())
    return found


def _ended(found: Summary) -> Summary:
    """What was said by an engine that is gone."""
    if not found.state.alive:
        return found
    # One that was gone before it recorded anything has left the run as it was.
    before = found.was if found.state is State.STARTING else None
    return dataclasses.replace(found, state=before or State.DIED, was=None)


def _about(run: Run) -> Summary:
    """What can be said of a run before there is an engine."""
    scenario = run.scenario
    return Summary(
        source=text(run.source),
        title=text(scenario.get("title")),
        question=text(scenario.get("question")),
        created=number(run.facts.get("created")),
    )


def _from_recording(run: Run, recording: Readable | None) -> Summary:
    """What the summary of a run would say that has none: an earlier tuilab made it."""
    about = _about(run)
    if recording is None:
        try:
            opened = run.open()
        except RunError:  # nothing is recorded
            return about
        with opened:
            return _from_recording(run, opened)
    steps = recording.header.get("steps")
    return dataclasses.replace(
        about,
        state=told_by(recording.events()),
        step=max(recording.last_step, 0),
        steps=steps if isinstance(steps, int) and 0 <= steps < 2**62 else None,
        device=text(recording.header.get("device")),
    )


def _disk_is_full(run: Run) -> bool:
    """Whether an engine that says it runs could not even say that it waits."""
    try:
        disk = os.statvfs(run.path)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < _ROOM
