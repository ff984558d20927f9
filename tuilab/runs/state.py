"""How a run, or a recording without one, can be: the only place where these words stand."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuilab.recording import Event


class State(StrEnum):
    """How a run is."""

    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    DISK_FULL = "disk full"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    DIED = "died"
    UNREADABLE = "unreadable"
    """Its files can't be read."""
    UNFINISHED = "unfinished"
    """A recording without a run, which just ends."""

    @property
    def alive(self) -> bool:
        """Whether an engine is at work on it, and listens."""
        return self in (State.STARTING, State.RUNNING, State.PAUSED, State.DISK_FULL)

    @property
    def resumable(self) -> bool:
        """Whether there is a run that an engine could go on with."""
        return self in (State.STOPPED, State.FAILED, State.DIED)

    @property
    def growing(self) -> bool:
        """Whether its recording may get longer."""
        return self.alive or self is State.UNFINISHED


_TOLD = {
    "started": State.RUNNING,
    "paused": State.PAUSED,
    "resumed": State.RUNNING,
    "finished": State.FINISHED,
    "stopped": State.STOPPED,
    "failed": State.FAILED,
}


def told_by(events: Iterable[Event]) -> State:
    """How the last engine left it, as its events tell; STARTING before there are any."""
    state = State.STARTING
    for event in events:
        if event.arm is None:
            state = _TOLD.get(event.kind, state)
    return state
