"""A run that is being written, by the engine or beside a loop of the user's own: the one way to record."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Any, Self

import tuilab
from tuilab.probes.observation import Observation
from tuilab.recording import Writer
from tuilab.runs import Lock, Run, State
from tuilab.watching.heartbeat import Heartbeat
from tuilab.watching.recorder import Recorder


class Session:
    """Holds a run's lock, gives its sign of life and records it. Knows nothing of scenarios.

    Entered, the run is starting; `begin` makes it a running one, `finish` or `fail` says how it ended.

    Args:
        run: the folder.
        lock: the run's, which is released at the end; None for a process that leaves this to another.
        rank: the process's number among several. The first one writes the summary and the events.

    Attributes:
        step: the last one observed.
        recorder: takes observations once the session has begun.
        heartbeat: says how the run is.
    """

    recorder: Recorder

    def __init__(self, run: Run, lock: Lock | None, rank: int = 0) -> None:
        self.run = run
        self.step = 0
        self.heartbeat = Heartbeat(run if rank == 0 else None)
        self._lock, self._rank = lock, rank
        self._held = ExitStack()

    def __enter__(self) -> Self:
        if self._lock is not None:
            self._held.enter_context(self._lock)
        with suppress(OSError):
            if self._lock is not None:
                for half in self.run.path.glob(".*.*.tmp"):  # over which a writer before was killed
                    half.unlink()
        self._held.enter_context(self.heartbeat)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()

    def begin(
        self,
        writer: Writer,
        wait_for_room: Callable[[], bool],
        *,
        step: int = 0,
        state: State = State.RUNNING,
        **about: Any,
    ) -> None:
        """Record from now on.

        Args:
            writer: of the recording.
            wait_for_room: see `Recorder`.
            step: the last one observed before.
            state: how the run is from now on.
            about: what the summary says of the run from now on, such as `steps` and `device`.
        """
        self.step = step
        self.recorder = Recorder(writer, wait_for_room, self._rank)
        self.heartbeat.say(state, step=step, figures={}, **about)

    def observe(self, observation: Observation, seconds: float) -> None:
        """Record one step with the time since the run began."""
        self.step = observation.step
        self.recorder.observation(observation, seconds)
        self.heartbeat.note(observation)

    def finish(self, state: State, **why: Any) -> None:
        """Close the recording with the event that says how it ended: FINISHED or STOPPED."""
        self.recorder.event(self.step, str(state), **why)
        self.recorder.close()
        self.heartbeat.say(state)

    def fail(self, problem: str) -> None:
        """Close the recording, if that is still possible, with what went wrong."""
        with suppress(OSError):
            self.recorder.failed(self.step, problem)
        self.heartbeat.say(State.FAILED, problem=problem)


def about_here() -> dict[str, Any]:
    """What a recording's header says of where and when it was made."""
    return {
        "created": time.time(),
        "host": socket.gethostname(),
        "tuilab": tuilab.__version__,
    }
