"""Where each series and each frame of a recording is to be found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import translate
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from tuilab.recording.frameset import FrameReader
from tuilab.recording.segment import Segment
from tuilab.recording.series import TableReader

_MAGIC = re.compile(r"[*?[]")
_MOST = 256
"""Answers that are kept; a view asks for few, again and again."""


class Source(NamedTuple):
    """A column of a table; rows at steps below `stop` exist."""

    table: TableReader
    column: int
    stop: int


class Shots(NamedTuple):
    """The frames of a definition; those at steps below `stop` exist."""

    frames: FrameReader
    stop: int


class Catalog:
    """The names in some segments, in order of first appearance."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._tables = [
            (table, segment.stop)
            for segment in segments
            for _, table in sorted(segment.file.contents.tables.items())
        ]
        self._sources: dict[str, list[Source]] = {}
        self._answers: dict[tuple[str, ...], list[str]] = {}
        self._shots: dict[str, list[Shots]] = {}
        for segment in segments:
            for frames in segment.file.contents.frames.values():
                self._shots.setdefault(frames.definition.name, []).append(Shots(frames, segment.stop))

    def sources(self, name: str) -> list[Source]:
        """Where the values of a series are, those of earlier segments first; nowhere without one."""
        found = self._sources.get(name)
        if found is None:
            found = [
                Source(table, table.definition.columns[name], stop)
                for table, stop in self._tables
                if name in table.definition.columns
            ]
            if found:
                self._sources[name] = found
        return found

    def shots(self, name: str) -> list[Shots]:
        """Where the frames of a name are, those of earlier segments first; nowhere without any."""
        return self._shots.get(name, [])

    def series(self, globs: tuple[str, ...]) -> list[str]:
        """The series that match one of the globs, all without one."""
        if not globs:
            return [*self._names]
        if len(globs) == 1 and not _MAGIC.search(globs[0]):
            return [globs[0]] if self.sources(globs[0]) else []
        if globs not in self._answers:
            if len(self._answers) >= _MOST:
                self._answers.clear()
            self._answers[globs] = _matching(self._names, globs)
        return [*self._answers[globs]]

    def frames(self, globs: tuple[str, ...]) -> list[str]:
        """The frames that match one of the globs, all without one."""
        return _matching([*self._shots], globs) if globs else [*self._shots]

    @cached_property
    def _names(self) -> list[str]:
        return [*dict.fromkeys(chain.from_iterable(table.definition.series for table, _ in self._tables))]


def _matching(names: Sequence[str], globs: tuple[str, ...]) -> list[str]:
    match = re.compile("|".join(translate(glob) for glob in globs)).match
    return [name for name in names if match(name)]
