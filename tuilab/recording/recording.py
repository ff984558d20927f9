"""A recording: one reader over the files of a run, live or finished."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import chain, pairwise
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from tuilab.recording.catalog import Catalog, Shots, Source
from tuilab.recording.digests import digests
from tuilab.recording.errors import RecordingError
from tuilab.recording.format import MAX_STEP, Floats, Ints
from tuilab.recording.frameset import FrameReader
from tuilab.recording.lineage import history
from tuilab.recording.names import Series, SeriesName
from tuilab.recording.overview import bounds, digest, reduce
from tuilab.recording.readable import Extent, Readable
from tuilab.recording.reader import FileReader
from tuilab.recording.results import Event, Frame, Gap, Overview
from tuilab.recording.segment import Segment
from tuilab.recording.steps import distinct


class Recording:
    """What was recorded, over one file or many, as one history.

    Attributes:
        revision: greater whenever there is something new.
    """

    def __init__(self, files: Sequence[FileReader]) -> None:
        """Use `open`."""
        self._files = list(files)
        self.revision = 0
        self._known: list[tuple[object, ...]] = []
        self._counted: list[int] = []
        self._events: list[Event] | None = None
        self._settle()

    @classmethod
    def open(cls, paths: Path | Sequence[Path]) -> Recording:
        """Opens the files of a run, and of the runs that it was forked from, in any order.

        Raises:
            RecordingError: one of them cannot be read, is no recording, or of a newer format.
        """
        listed = [Path(paths)] if isinstance(paths, (str, Path)) else [Path(path) for path in paths]
        if not listed:
            raise RecordingError("no recording to open: the list of files is empty")
        files: list[FileReader] = []
        try:
            for path in listed:
                files.append(FileReader(path))
            return cls(files)
        except BaseException:
            for file in files:
                file.close()
            raise

    def close(self) -> None:
        """Closes the files; safe to call twice."""
        for file in self._files:
            file.close()

    def __enter__(self) -> Recording:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def refresh(self) -> bool:
        """Reads what was appended since; True if there was anything. Costs one stat a file when there is not.

        Raises:
            RecordingError: another file has taken the place of one and is no recording. What the others have
                to say is read all the same, and so is what was read of this one.
        """
        new, wrong = False, None
        for file in self._files:
            try:
                new |= file.refresh()
            except RecordingError as error:
                wrong = wrong or error
        if new:
            self.revision += 1
            self._settle()
        if wrong:
            raise wrong
        return new

    @property
    def header(self) -> dict[str, Any]:
        """The header of the run's first file."""
        return self._history.header

    @property
    def segments(self) -> list[Segment]:
        """The files in the order of time, and what of each still exists."""
        return self._history.segments

    def origin(self, step: int) -> dict[str, Any] | None:
        """The `run`, `file` and `step` that a fork there goes on from; None where the files do not say."""
        for part in self.segments:
            header = part.file.contents.header
            if part.stop > step and not header.get("rank") and isinstance(header.get("run"), str):
                return {"run": header["run"], "file": part.file.path.name, "step": step}
        return None

    @property
    def finished(self) -> bool:
        """Whether every file that others do not go on from was closed by its writer."""
        return all(part.file.contents.finished for part in self.segments if part.whole)

    @property
    def gaps(self) -> list[Gap]:
        """Torn or flipped regions that were skipped, as far as they were met, and files that are missing."""
        return self._history.gaps + [gap for part in self.segments for gap in part.gaps()]

    @property
    def first_step(self) -> int:
        """The smallest step of anything recorded, -1 while there is nothing."""
        return self._span()[0]

    @property
    def last_step(self) -> int:
        """The greatest step of anything recorded, -1 while there is nothing."""
        return self._span()[1]

    def series(self, *globs: str) -> list[str]:
        """Names of series that match one of the globs (all without one), in order of first appearance."""
        return self._catalog.series(globs)

    def frames(self, *globs: str) -> list[str]:
        """Names of frames that match one of the globs (all without one), in order of first appearance."""
        return self._catalog.frames(globs)

    def has(self, name: str) -> bool:
        """Whether there is a series of exactly this name."""
        return bool(self._catalog.sources(name))

    def describe(self, name: str) -> Series:
        """What a series is of, its unit and its meaning; of a frame what its name says."""
        for source in self._catalog.sources(name):
            return source.table.definition.describe(source.column)
        return Series.parse(name)

    def identity(self, name: str) -> SeriesName:
        """The arm, the metric and the layer of a series or a frame."""
        return self.describe(name).identity

    def extent(self, name: str) -> Extent:
        """How far a series or the frames of a name go: its parts, and the last step of each.

        Raises:
            KeyError: neither a series nor a frame.
        """
        parts = [(source.table.pieces, source.stop) for source in self._catalog.sources(name)]
        parts += [(shots.frames.pieces, shots.stop) for shots in self._catalog.shots(name)]
        if not parts:
            raise KeyError(f"no series or frame {name!r} in {self._files[0].path}")
        return tuple([(part, min(part.last[-1], stop - 1) if part.last else -1) for part, stop in parts])

    def read(self, name: str, start: int | None = None, stop: int | None = None) -> tuple[Ints, Floats]:
        """A series from `start` up to, not including, `stop`.

        Returns:
            Steps (n,), increasing and not to be changed, and values (n,).

        Raises:
            KeyError: no such series.
        """
        return _read(self._sources(name), start, stop)

    def times(self, name: str, start: int | None = None, stop: int | None = None) -> tuple[Ints, Floats]:
        """When the values of a series were measured, as far as that was recorded.

        Returns:
            Steps (n,), increasing, and seconds since 1970 (n,).

        Raises:
            KeyError: no such series.
        """
        timed = [source for source in self._sources(name) if source.table.definition.timed]
        last = [source._replace(column=len(source.table.definition.series)) for source in timed]
        return _read(last, start, stop)

    def at(self, name: str, step: int) -> float | None:
        """The value at the last recorded step at or before `step` (NaN is a value), None if there is none.

        Raises:
            KeyError: no such series.
        """
        best: tuple[int, float] | None = None
        for table, column, stop in reversed(self._sources(name)):  # at equal steps the later one counts
            if best is not None and not (table.pieces.last and table.pieces.last[-1] > best[0]):
                continue
            found = table.at(column, min(step, stop - 1))
            if found is not None and (best is None or found[0] > best[0]):
                best = found
        return None if best is None else best[1]

    def overview(self, name: str, start: int | None, stop: int | None, columns: int) -> Overview:
        """A series in at most `columns` spans: [start, stop) in equal parts, empty ones left out.

        Args:
            name: of the series.
            start: first step, None for the recording's first.
            stop: step after the last, None for the one after the recording's last.
            columns: at least 1.

        Raises:
            KeyError: no such series.
            ValueError: no columns.
        """
        if columns < 1:
            raise ValueError(f"an overview of {columns} columns: at least 1")
        low = max(self.first_step, 0) if start is None else _clamped(start)
        high = max(self.last_step + 1, low) if stop is None else max(_clamped(stop), low)
        edges = bounds(low, high, columns)
        sources = self._sources(name)
        if _overlap(sources, low, high):  # only row by row is it clear which one counts
            return reduce([digest(*_read(sources, low, high), edges)], edges)
        found = [digests(table, column, np.minimum(edges, end)) for table, column, end in sources]
        return reduce([*chain(*found)], edges)

    def frame(self, name: str, step: int) -> Frame | None:
        """The last frame of this name at or before `step`.

        Raises:
            KeyError: no such frame.
        """
        best: tuple[int, FrameReader, int, int] | None = None
        for reader, stop in self._shots(name):
            found = reader.at(min(step, stop - 1))
            if found is not None and (best is None or found[0] >= best[0]):
                best = (found[0], reader, found[1], found[2])
        return None if best is None else best[1].load(best[0], *best[2:])

    def frame_steps(self, name: str) -> Ints:
        """The steps (n,) at which frames of this name were recorded; not to be changed.

        Raises:
            KeyError: no such frame.
        """
        found = [(reader.all_steps(), stop) for reader, stop in self._shots(name)]
        parts = [steps[: np.searchsorted(steps, stop)] for steps, stop in found]
        return parts[0] if len(parts) == 1 else distinct(np.sort(np.concatenate(parts)))

    def events(self, start: int | None = None, stop: int | None = None) -> list[Event]:
        """The events from `start` up to, not including, `stop`, by step; of one step as they were written."""
        if self._events is None:
            found = [event for part in self.segments for event in part.events()]
            self._events = sorted(found, key=lambda event: event.step)
        low, high = _clamped(start), MAX_STEP if stop is None else _clamped(stop)
        begin, end = (bisect_left(self._events, step, key=lambda event: event.step) for step in (low, high))
        return self._events[begin:end]

    def _settle(self) -> None:
        """Takes note of what is new."""
        self._history = history(self._files)
        self._ends: tuple[int, int] | None = None
        files = [part.file.contents for part in self.segments]
        counted = [len(contents.events) for contents in files]
        known: list[tuple[object, ...]] = [
            (part.stop, contents, len(contents.tables), len(contents.frames))
            for part, contents in zip(self.segments, files, strict=True)
        ]
        if known != self._known:
            self._catalog = Catalog(self.segments)
        if known != self._known or counted != self._counted:
            self._events = None
        self._known, self._counted = known, counted

    def _span(self) -> tuple[int, int]:
        """The first step and the last one."""
        if self._ends is None:
            first = min((step for part in self.segments if (step := part.first_step) >= 0), default=-1)
            self._ends = first, max(part.last_step for part in self.segments)
        return self._ends

    def _sources(self, name: str) -> list[Source]:
        found = self._catalog.sources(name)
        if not found:
            raise KeyError(f"no series {name!r} in {self._files[0].path}")
        return found

    def _shots(self, name: str) -> list[Shots]:
        found = self._catalog.shots(name)
        if not found:
            raise KeyError(f"no frame {name!r} in {self._files[0].path}")
        return found


def _clamped(step: int | None) -> int:
    """A step of the caller's, None for the first possible one, as one that fits 64 bits."""
    return 0 if step is None else max(-MAX_STEP, min(int(step), MAX_STEP))


def _read(sources: Sequence[Source], start: int | None, stop: int | None) -> tuple[Ints, Floats]:
    """The rows of some sources by step; where several have one, that of the last counts."""
    low, high = _clamped(start), MAX_STEP if stop is None else _clamped(stop)
    found = [table.read(column, low, min(high, end)) for table, column, end in sources]
    parts = [part for part in found if len(part[0])]
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return np.empty(0, np.int64), np.empty(0)
    steps = np.concatenate([part[0] for part in parts])
    values = np.concatenate([part[1] for part in parts])
    if not bool((steps[1:] > steps[:-1]).all()):
        order = np.argsort(steps, kind="stable")
        steps, values = steps[order], values[order]
        kept = np.append(steps[1:] != steps[:-1], True)
        steps, values = steps[kept], values[kept]
    return steps, values


def _overlap(sources: Sequence[Source], low: int, high: int) -> bool:
    """Whether the steps of the sources in [low, high) interleave."""
    spans = []
    for table, _, stop in sources:
        pieces = table.pieces
        span = pieces.span(low, min(high, stop))
        if span:
            spans.append((max(pieces.first[span[0]], low), min(pieces.last[span[-1]], high - 1, stop - 1)))
    spans.sort()
    return any(after[0] <= before[1] for before, after in pairwise(spans))


if TYPE_CHECKING:  # what a recording is to the rest of the project

    def _is_readable(recording: Recording) -> Readable:
        return recording
