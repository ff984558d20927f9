"""Between a training that must not wait and a disk that may be slow or full."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from tuilab.probes.observation import Observation

ROOM = 500_000
"""Numbers that may wait to be written, which is some 50 MB."""
_EVERY = 0.05
"""Seconds between two writes."""
_MOST_EVENTS = 10_000


class Buffer:
    """Hands observations and events to a thread of its own, which writes them.

    What finds no room is dropped and counted; once there is room again, an event says how many steps are
    missing. Nothing here waits for the disk but `close`.

    Args:
        observe: writes an observation with its time; called in the thread alone, as are the others.
        event: writes an event.
        poll: writes out what is due.
        failed: told of what went wrong, which ends the writing.
        room: numbers that may wait.
    """

    def __init__(
        self,
        observe: Callable[[Observation, float], None],
        event: Callable[..., None],
        poll: Callable[[], None],
        failed: Callable[[Exception], None],
        room: int | None = None,
    ) -> None:
        self._observe, self._write_event, self._poll, self._failed = observe, event, poll, failed
        self._room = ROOM if room is None else room
        self._waiting: deque[tuple[int, Callable[[], None]]] = deque()
        # Each of these is changed by one thread alone.
        self._taken = self._written = 0
        self._events_taken = self._events_written = 0
        self._step = self._dropped = 0
        self._broken = False
        self._wake, self._closing = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, name="tuilab-writer", daemon=True)

    @property
    def closing(self) -> bool:
        """Whether nothing more will come: whoever waits for room waits no longer."""
        return self._closing.is_set()

    def observation(self, observation: Observation, seconds: float) -> None:
        """Have one step written, or dropped."""
        size = len(observation.values) + sum(array.size for array, _ in observation.frames.values())
        self._step = observation.step
        if self._taken - self._written + size > self._room or self._broken:
            self._dropped += 1
            return
        self._tell_dropped()
        self._take(size, partial(self._observe, observation, seconds))

    def event(self, step: int, kind: str, arm: str | None = None, **data: Any) -> None:
        """Have an event written."""
        if self._events_taken - self._events_written < _MOST_EVENTS and not self._broken:
            self._events_taken += 1
            self._take(0, partial(self._event, step, kind, arm, data))
            self._wake.set()

    def start(self, begin: Callable[[], None]) -> None:
        """Begin to write, with this; what came before waits until then."""
        self._waiting.appendleft((0, begin))
        self._thread.start()

    def poll(self) -> None:
        """Nothing: the thread does so by itself."""

    def flush(self) -> None:
        """Have it written soon."""
        self._wake.set()

    def close(self, end: Callable[[], None], patience: float) -> bool:
        """Have the rest written, and then this done; False if all that takes longer than so many seconds."""
        self._tell_dropped()
        self._take(0, end)
        self._closing.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(patience)
        return not self._thread.is_alive()

    def _tell_dropped(self) -> None:
        if self._dropped:
            self.event(self._step, "steps-dropped", steps=self._dropped)
            self._dropped = 0

    def _event(self, step: int, kind: str, arm: str | None, data: dict[str, Any]) -> None:
        self._events_written += 1
        self._write_event(step, kind, arm, **data)

    def _take(self, size: int, write: Callable[[], None]) -> None:
        self._taken += size
        self._waiting.append((size, write))

    def _work(self) -> None:
        try:
            while True:
                self._wake.wait(_EVERY)
                self._wake.clear()
                while self._waiting:
                    size, write = self._waiting.popleft()
                    write()
                    self._written += size
                if self._closing.is_set():
                    return
                self._poll()
        except Exception as error:
            self._broken = True
            self._waiting.clear()
            self._failed(error)
