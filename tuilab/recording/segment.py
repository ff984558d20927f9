"""A stretch of a recording: one file, up to where a later one goes on."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from tuilab.recording.format import MAX_STEP
from tuilab.recording.reader import FileReader
from tuilab.recording.results import Event, Gap


@dataclass(frozen=True, slots=True)
class Segment:
    """What still exists of a file.

    Attributes:
        file: it.
        stop: rows, frames and events at steps below this one exist.
        count: so many of its events exist at most; None for all of them.
    """

    file: FileReader
    stop: int = MAX_STEP
    count: int | None = None

    @property
    def whole(self) -> bool:
        """Whether all of the file exists."""
        return self.stop == MAX_STEP and self.count is None

    @property
    def first_step(self) -> int:
        """The smallest step of anything in it, -1 while there is nothing."""
        contents = self.file.contents
        if self.whole:
            return contents.first_step
        steps = [rows.pieces.first[0] for rows in contents.rows if len(rows.pieces)]
        steps += [event.step for event in self.events()]
        return min((step for step in steps if step < self.stop), default=-1)

    @property
    def last_step(self) -> int:
        """The greatest step of anything in it, -1 while there is nothing."""
        contents = self.file.contents
        if self.whole:
            return contents.last_step
        return max([event.step for event in self.events()] + [contents.last_before(self.stop)])

    def events(self) -> list[Event]:
        """Its events in the order they happened; not to be changed."""
        events = self.file.contents.events.all()
        if self.whole:
            return events
        return [event for event in events[: self.count] if event.step < self.stop]

    def gaps(self) -> list[Gap]:
        """What was skipped in it; a file without an index is in order of time, so the rest is known."""
        contents = self.file.contents
        if self.whole or contents.indexed:
            return self.file.gaps
        behind = MAX_STEP  # farther than any file reaches
        for rows in contents.rows:
            later = rows.pieces.offset[bisect_left(rows.pieces.first, self.stop) :]
            behind = min([behind, *later])
        return [gap for gap in self.file.gaps if gap.offset < behind]
