"""The one thread of a run screen that reads the recording and draws the panels.

The screen says what it wants and wakes the thread; the thread makes one snapshot of the latest wish and
hands it over. Wishes do not queue, so no backlog can build up, however slow the panels or the terminal are.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from tuilab.runs import State
from tuilab.tui.snapshot import Snapshot, Wanted
from tuilab.tui.source import Source

if TYPE_CHECKING:
    from tuilab.tui.film import Film

_STATE_EVERY = 0.5


class Worker:
    """Makes snapshots on a thread of its own, from `start` to `stop`."""

    def __init__(self, source: Source, deliver: Callable[[Snapshot], None]) -> None:
        """Draw `source`; `deliver` is called on the worker's thread."""
        self._deliver = deliver
        self._camera = Camera(source)
        self._wanted = Wanted()
        self._wake = threading.Event()
        self._stopping = False
        # A daemon: leaving the lab must not wait for a panel.
        self._thread = threading.Thread(target=self._work, name="tuilab-worker", daemon=True)

    def start(self) -> None:
        """Begin; the first snapshot follows by itself."""
        self._wake.set()
        self._thread.start()

    def want(self, wanted: Wanted) -> None:
        """Ask for a snapshot; answered only if it would differ from the last one."""
        self._wanted = wanted
        self._wake.set()

    def stop(self) -> None:
        """End after the snapshot being made, without waiting for it."""
        self._stopping = True
        self._wake.set()

    def _work(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            if self._stopping:
                break
            snapshot = self._camera.take(self._wanted)
            if snapshot is not None and not self._stopping:
                self._deliver(snapshot)
        self._camera.close()


class Camera:
    """Takes snapshots of a source. Not thread-safe; the worker's."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._film: Film | None = None
        self._state, self._state_at = State.STARTING, 0.0
        self._last: Snapshot | None = None

    def take(self, wanted: Wanted) -> Snapshot | None:
        """A snapshot of what is wanted, None if it would be the last one again. Never raises."""
        try:
            snapshot = self._take(wanted)
        except Exception as error:  # whatever a recording or a panel does, the lab stays open and says so
            before = self._last or Snapshot(wanted)
            snapshot = dataclasses.replace(before, wanted=wanted, problem=_sentence(error))
        if snapshot is None or (snapshot.problem and self._last is not None and snapshot == self._last):
            return None
        self._last = snapshot
        return snapshot

    def close(self) -> None:
        """Let go of the files."""
        if self._film is not None:
            self._film.close()
            self._film = None

    def _take(self, wanted: Wanted) -> Snapshot | None:
        from tuilab.recording import RecordingError

        try:
            fresh = self._follow()
        except (RecordingError, OSError) as error:
            if self._film is None:
                return Snapshot(wanted, State.UNREADABLE, problem=_sentence(error), error=error)
            raise
        state, last = self._how_it_is(fresh), self._last
        if self._film is None:
            problem = self._source.problem() if state in (State.DIED, State.FAILED) else ""
            waiting = Snapshot(wanted, state, problem=problem)
            return None if waiting == last else waiting
        same = last is not None and (last.wanted, last.state) == (wanted, state)
        if same and not fresh and last is not None and not last.problem:
            return None
        return self._film.snapshot(wanted, state)

    def _follow(self) -> bool:
        """Open or refresh the recording; whether there is anything new.

        Other files are another history: that of an engine that went on from an earlier step than the one
        before had come to, or that began anew.
        """
        from tuilab.tui.film import Film

        paths, film = self._source.paths(), self._film
        if film is not None and paths == film.paths:
            return film.refresh()
        if film is not None and not paths:
            raise FileNotFoundError(f"{self._source.name}: the recording is gone")
        if not paths:
            return False
        self._film = Film(self._source.open(), paths)
        if film is not None:
            film.close()
        return True

    def _how_it_is(self, fresh: bool) -> State:
        """The state, looked up again when something was recorded or some time has passed."""
        now = time.monotonic()
        if fresh or self._film is None or now - self._state_at > _STATE_EVERY:
            recording = None if self._film is None else self._film.recording
            self._state, self._state_at = self._source.state(recording), now
        return self._state


def _sentence(error: Exception) -> str:
    """What went wrong in one line; the kind of error too where it is not one of the project's own."""
    text = " ".join(str(error).split())
    known = type(error).__module__.startswith("tuilab.") or isinstance(error, FileNotFoundError)
    return text if known and text else f"{type(error).__name__}: {text}"
