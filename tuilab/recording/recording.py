"""A recording: one reader over the files of a run, live or finished."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from tuilab.recording.errors import RecordingError
from tuilab.recording.format import MAX_STEP, Floats, Ints
from tuilab.recording.frameset import FrameReader
from tuilab.recording.names import SeriesName
from tuilab.recording.overview import Digest, bounds, digest, reduce
from tuilab.recording.readable import Extent
from tuilab.recording.reader import FileReader
from tuilab.recording.results import Event, Frame, Gap, Overview
from tuilab.recording.series import TableReader


class Recording:
    """What was recorded, over one file or many, merged by step.

    Where several files have a value at the same step, that of the file created later wins.
    """

    def __init__(self, files: Sequence[FileReader]) -> None:
        """Use `open`."""
        self._files = sorted(files, key=lambda file: file.contents.created)
        self.revision = 0
        """Greater whenever there is something new."""
        self._index()

    @classmethod
    def open(cls, paths: Path | Sequence[Path]) -> Recording:
        """Opens the files of a recording.

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
        except BaseException:
            for file in files:
                file.close()
            raise
        return cls(files)

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
            RecordingError: another file has taken the place of one and is no recording.
        """
        new = [file.refresh() for file in self._files]
        if any(new):
            self.revision += 1
            self._index()
        return any(new)

    @property
    def header(self) -> dict[str, Any]:
        """The header of the file created first."""
        return self._files[0].contents.header

    @property
    def finished(self) -> bool:
        """Whether every file was closed by its writer."""
        return all(file.contents.finished for file in self._files)

    @property
    def gaps(self) -> list[Gap]:
        """Torn or flipped regions that were skipped, as far as they were met."""
        return [gap for file in self._files for gap in file.gaps]

    @property
    def first_step(self) -> int:
        """The smallest step of anything recorded, -1 while there is nothing."""
        return min((step for file in self._files if (step := file.contents.first_step) >= 0), default=-1)

    @property
    def last_step(self) -> int:
        """The greatest step of anything recorded, -1 while there is nothing."""
        return max(file.contents.last_step for file in self._files)

    def series(self, *globs: str) -> list[str]:
        """Names of series that match one of the globs (all without one), in order of first appearance."""
        return _matching(self._series, globs)

    def frames(self, *globs: str) -> list[str]:
        """Names of frames that match one of the globs (all without one), in order of first appearance."""
        return _matching(self._frames, globs)

    def has(self, name: str) -> bool:
        """Whether there is a series of exactly this name."""
        return name in self._series

    def identity(self, name: str) -> SeriesName:
        """The arm, the metric and the layer of a series or a frame."""
        return SeriesName.parse(name)

    def extent(self, name: str) -> Extent:
        """How far a series or the frames of a name go: its parts, and the last step of each.

        Raises:
            KeyError: neither a series nor a frame.
        """
        parts = [table.pieces for table, _ in self._series.get(name, [])]
        parts += [reader.pieces for reader in self._frames.get(name, [])]
        if not parts:
            raise KeyError(f"no series or frame {name!r} in {self._files[0].path}")
        return tuple((part, part.last[-1] if len(part) else -1) for part in parts)

    def read(self, name: str, start: int | None = None, stop: int | None = None) -> tuple[Ints, Floats]:
        """A series from `start` up to, not including, `stop`.

        Returns:
            Steps (n,), increasing, and values (n,).

        Raises:
            KeyError: no such series.
        """
        low, high = _clamped(start), MAX_STEP if stop is None else _clamped(stop)
        parts = [table.read(column, low, high) for table, column in self._sources(name)]
        parts = [part for part in parts if len(part[0])]
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return np.empty(0, np.int64), np.empty(0)
        return _merged(parts)

    def at(self, name: str, step: int) -> float | None:
        """The value at the last recorded step at or before `step` (NaN is a value), None if there is none.

        Raises:
            KeyError: no such series.
        """
        best: tuple[int, float] | None = None
        for table, column in self._sources(name):
            found = table.at(column, step)
            if found is not None and (best is None or found[0] >= best[0]):
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
        digests: list[Digest] = []
        after = low
        for first, last, table, column in sorted(self._spans(name, low, high), key=lambda span: span[:2]):
            if first < after:  # two sources side by side: only row by row is it clear which one counts
                digests = [digest(*self.read(name, low, high), edges)]
                break
            digests += table.digests(column, edges)
            after = last + 1
        return reduce(digests or [digest(np.empty(0, np.int64), np.empty(0), edges)], edges)

    def frame(self, name: str, step: int) -> Frame | None:
        """The last frame of this name at or before `step`.

        Raises:
            KeyError: no such frame.
        """
        best: tuple[int, FrameReader, int, int] | None = None
        for reader in self._shapes(name):
            found = reader.at(step)
            if found is not None and (best is None or found[0] >= best[0]):
                best = (found[0], reader, found[1], found[2])
        return None if best is None else best[1].load(best[2], best[3])

    def frame_steps(self, name: str) -> Ints:
        """The steps (n,) at which frames of this name were recorded.

        Raises:
            KeyError: no such frame.
        """
        parts = [np.empty(0, np.int64)]
        for reader in self._shapes(name):
            for piece in range(len(reader.pieces)):
                steps = reader.steps(piece)
                if steps is not None:
                    parts.append(steps)
        return np.unique(np.concatenate(parts))

    def events(self, start: int | None = None, stop: int | None = None) -> list[Event]:
        """The events from `start` up to, not including, `stop`, by step; of one step as they were written."""
        low, high = _clamped(start), MAX_STEP if stop is None else _clamped(stop)
        found = [event for file in self._files for event in file.events(low, high)]
        return sorted(found, key=lambda event: event.step)

    def _index(self) -> None:
        """Collects where each name is to be found, files created earlier first."""
        self._series: dict[str, list[tuple[TableReader, int]]] = {}
        self._frames: dict[str, list[FrameReader]] = {}
        for file in self._files:
            for table in file.contents.tables.values():
                for column, name in enumerate(table.definition.names):
                    self._series.setdefault(name, []).append((table, column))
            for reader in file.contents.frames.values():
                self._frames.setdefault(reader.definition.name, []).append(reader)

    def _sources(self, name: str) -> list[tuple[TableReader, int]]:
        try:
            return self._series[name]
        except KeyError:
            raise KeyError(f"no series {name!r} in {self._files[0].path}") from None

    def _spans(self, name: str, low: int, high: int) -> Iterator[tuple[int, int, TableReader, int]]:
        """Where in [low, high) each source of a series has values: the first and the last such step."""
        for table, column in self._sources(name):
            span = table.pieces.span(low, high)
            if span:
                pieces = table.pieces
                yield max(pieces.first[span[0]], low), min(pieces.last[span[-1]], high - 1), table, column

    def _shapes(self, name: str) -> list[FrameReader]:
        try:
            return self._frames[name]
        except KeyError:
            raise KeyError(f"no frame {name!r} in {self._files[0].path}") from None


def _clamped(step: int | None) -> int:
    """A step of the caller's, None for the first possible one, as one that fits 64 bits."""
    return 0 if step is None else max(-MAX_STEP, min(int(step), MAX_STEP))


def _matching(names: dict[str, Any], globs: tuple[str, ...]) -> list[str]:
    if not globs:
        return list(names)
    return [name for name in names if any(fnmatchcase(name, glob) for glob in globs)]


def _merged(parts: list[tuple[Ints, Floats]]) -> tuple[Ints, Floats]:
    """Parts merged by step; at equal steps the later part wins."""
    steps = np.concatenate([part[0] for part in parts])
    values = np.concatenate([part[1] for part in parts])
    if not bool((steps[1:] > steps[:-1]).all()):
        order = np.argsort(steps, kind="stable")
        steps, values = steps[order], values[order]
        kept = np.append(steps[1:] != steps[:-1], True)
        steps, values = steps[kept], values[kept]
    return steps, values
