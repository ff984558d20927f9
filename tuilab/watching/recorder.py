"""From observations to a recording, and the patience to wait when the disk is full."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from tuilab.probes.observation import Observation
from tuilab.recording import Writer
from tuilab.watching.cadence import Tables

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class Recorder:
    """Writes observations.

    Args:
        writer: the recording.
        wait_for_room: called when the disk is full, as often as it stays so; returns True to try again and
            False to give up.
        rank: the process's number among several. What happens to all of them the first one records.
    """

    def __init__(self, writer: Writer, wait_for_room: Callable[[], bool], rank: int = 0) -> None:
        self._writer = writer
        self._rank = rank
        self._clock = f"engine/rank.seconds/{rank}" if rank else "engine/seconds"
        self._wait_for_room = wait_for_room
        self._step = 0
        self._tables = Tables(writer)

    @property
    def file(self) -> str:
        """The name of the recording."""
        return self._writer.path.name

    @property
    def events(self) -> int:
        """How many events were recorded so far."""
        return self._writer.events

    def observation(self, observation: Observation, seconds: float) -> None:
        """Record one step with the time since the run began."""
        self._step = observation.step
        values = {**observation.values, self._clock: seconds}
        for table, row in self._tables.rows(values):
            try:
                table.append(observation.step, row)
            except OSError as error:
                self._after(error, self._writer.flush)
        for name, (array, meta) in observation.frames.items():
            self._patiently(partial(self._writer.frame, name, observation.step, array, meta))
        for kind, arm, data in observation.events:
            self.event(observation.step, kind, arm, **data)

    def event(self, step: int, kind: str, arm: str | None = None, **data: Any) -> None:
        """Record that something happened, at once visible to readers."""
        if not self._rank:
            self._patiently(lambda: self._writer.event(step, kind, arm, **data))
            self.flush()

    def failed(self, step: int, message: str) -> None:
        """Record that the run ends here, or that this process of several does."""
        kind, who = ("process-failed", {"rank": self._rank}) if self._rank else ("failed", {})
        self._patiently(lambda: self._writer.event(step, kind, None, message=message, **who))
        self.close()

    def flush(self) -> None:
        """Write everything out, waiting for room as long as it takes."""
        self._patiently(self._writer.flush)

    def sync(self) -> None:
        """Write everything out and have the disk keep it: what is built on it must not outlive it."""
        self.flush()
        with self._writer.path.open("rb") as file:
            os.fsync(file.fileno())

    def poll(self) -> None:
        """Write out what is due, so that readers are never far behind a slow experiment."""
        self._patiently(self._writer.poll)

    def close(self) -> None:
        """Flush and compact; on a full disk the recording stays as it is, which is readable too."""
        self._patiently(self._writer.close)

    def _patiently(self, write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as error:
            self._after(error, self._writer.close if write == self._writer.close else self._writer.flush)

    def _after(self, error: OSError, again: Callable[[], None]) -> None:
        """Try again while the disk is full: the writer has kept what it was given."""
        began = time.monotonic()
        while True:
            if error.errno not in NO_ROOM or not self._wait_for_room():
                raise error
            try:
                again()
                break
            except OSError as still:
                error = still
        if not self._writer.closed:
            self._writer.event(self._step, "disk-full", seconds=round(time.monotonic() - began, 1))
