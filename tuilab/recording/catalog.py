"""Where each series and each frame of a recording is to be found."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import translate
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
    """The names in some segments, in order of first appearance.

    Attributes:
        series: where the values of each series are, those of earlier segments first.
        frames: likewise.
    """

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.series: dict[str, list[Source]] = {}
        self.frames: dict[str, list[Shots]] = {}
        self._answers: dict[tuple[bool, tuple[str, ...]], list[str]] = {}
        for segment in segments:
            for table in segment.file.contents.tables.values():
                for column, name in enumerate(table.definition.series):
                    self.series.setdefault(name, []).append(Source(table, column, segment.stop))
            for reader in segment.file.contents.frames.values():
                self.frames.setdefault(reader.definition.name, []).append(Shots(reader, segment.stop))

    def series_like(self, globs: tuple[str, ...]) -> list[str]:
        """The series that match one of the globs, all without one."""
        return self._like(self.series, globs)

    def frames_like(self, globs: tuple[str, ...]) -> list[str]:
        """The frames that match one of the globs, all without one."""
        return self._like(self.frames, globs)

    def _like(self, names: Mapping[str, object], globs: tuple[str, ...]) -> list[str]:
        if not globs:
            return list(names)
        if len(globs) == 1 and not _MAGIC.search(globs[0]):
            return [globs[0]] if globs[0] in names else []
        key = names is self.series, globs
        if key not in self._answers:
            if len(self._answers) >= _MOST:
                self._answers.clear()
            match = re.compile("|".join(translate(glob) for glob in globs)).match
            self._answers[key] = [name for name in names if match(name)]
        return list(self._answers[key])
