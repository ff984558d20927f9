"""Compaction: a recording rewritten in large blocks, with an index at its end."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from tuilab.recording import temporary
from tuilab.recording.block import Groups, Values, pack_block
from tuilab.recording.contents import Contents
from tuilab.recording.errors import RecordingError
from tuilab.recording.events import pack_event, pack_events
from tuilab.recording.format import (
    BLOCK,
    END,
    EVENTS,
    FRAMES,
    HEAD_SIZE,
    HEADER,
    INDEX,
    SHAPE,
    SUMMARY,
    TABLE,
    Ints,
    Piece,
    pack_chunk,
    pack_json,
)
from tuilab.recording.frames import pack_frames
from tuilab.recording.frameset import FrameReader
from tuilab.recording.index import Entry, pack_index
from tuilab.recording.reader import FileReader
from tuilab.recording.series import TableReader
from tuilab.recording.steps import constant_stride
from tuilab.recording.summary import Gathering, pack_summary

BLOCK_BYTES = 16 * 2**20
MIN_ROWS = 256
MAX_ROWS = 65536

SUMMARY_GROUPS = 4096
"""Of how many groups at most there is one summary."""

FRAMES_BYTES = 128 * 1024
"""Frames are gathered in one chunk up to about this size: reading one frame checks its chunk's CRC."""


def compact(path: Path) -> None:
    """Rewrites a recording and lets the new file take its place, in one rename.

    Raises:
        RecordingError: a part of it is damaged; rewriting would hide that.
        OSError: the new file cannot be written, above all for want of room. The old one is as it was.
    """
    source = FileReader(path)
    made: Path | None = None
    try:
        if source.gaps or not source.whole:
            raise RecordingError(f"{path}: damaged, so left as it is")
        fd, made = temporary.create(path)
        with os.fdopen(fd, "wb", buffering=2**20) as file:
            target = _Target(file)
            _copy(source, target)
            if source.gaps:
                raise RecordingError(f"{path}: damaged, so left as it is")
            file.flush()
            os.fsync(file.fileno())
        made.rename(path)
        _sync_folder(path.parent)
    finally:
        source.close()
        if made:
            made.unlink(missing_ok=True)


class _Target:
    """The new file: chunks one behind the other, and where they lie."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.size = 0
        self.groups: dict[tuple[int, int], list[Entry]] = {}

    def write(self, *pieces: Piece) -> None:
        """Writes the pieces of a chunk."""
        for piece in pieces:
            self._file.write(piece)
            self.size += len(piece)

    def enter(self, kind: int, id: int, steps: tuple[int, int, int, int], *pieces: Piece) -> None:
        """Writes a chunk and enters it in the index; `steps` are rows, first, last and stride."""
        rows, first, last, stride = steps
        length = sum(map(len, pieces)) - HEAD_SIZE
        entry = Entry(first, last, rows, stride, self.size, length)
        self.groups.setdefault((kind, id), []).append(entry)
        self.write(*pieces)


def _copy(source: FileReader, target: _Target) -> None:
    contents = source.contents
    definitions = b"".join(_definitions(contents))
    target.write(definitions)
    for id, table in contents.tables.items():
        gathering = Gathering(SUMMARY_GROUPS, BLOCK_BYTES)
        for steps, columns in _blocks(table):
            chunk, groups = pack_block(id, steps, columns)
            target.enter(BLOCK, id, _facts(steps, True), *chunk)
            gathering.add(groups)
            if gathering.full:
                _sum_up(id, gathering.take(), target)
        if gathering:
            _sum_up(id, gathering.take(), target)
    for id, frames in contents.frames.items():
        for taken, data in _frames(frames):
            sized = frames.definition.size > 0
            target.enter(FRAMES, id, _facts(taken, sized), *pack_frames(id, taken, data, sized))
    events = [(event.step, pack_event(event)) for event in contents.events.all()]
    for first, last, rows, pieces in pack_events(events):
        target.enter(EVENTS, 0, (rows, first, last, 0), *pieces)
    again = target.size
    target.write(definitions)
    index = target.size
    regions = (0, len(definitions), again, len(definitions))
    packed = pack_index(regions, ((*key, entries) for key, entries in target.groups.items()))
    target.write(*pack_chunk(INDEX, packed), *pack_chunk(END, first=index))


def _sum_up(table: int, groups: Groups, target: _Target) -> None:
    steps = len(groups.first), int(groups.first[0]), int(groups.last[-1]), 0
    target.enter(SUMMARY, table, steps, *pack_summary(table, groups))


def _definitions(contents: Contents) -> Iterator[Piece]:
    yield from pack_chunk(HEADER, pack_json(contents.header), first=contents.created)
    for id, table in contents.tables.items():
        yield from pack_chunk(TABLE, table.definition.pack(), id=id)
    for id, frames in contents.frames.items():
        yield from pack_chunk(SHAPE, frames.definition.pack(), id=id)


def _facts(steps: Ints, sized: bool) -> tuple[int, int, int, int]:
    return len(steps), int(steps[0]), int(steps[-1]), constant_stride(steps) if sized else 0


def _blocks(table: TableReader) -> Iterator[tuple[Ints, Values]]:
    """A table's rows in large blocks: steps (n,) and values (columns, n)."""
    row = len(table.definition.names) * table.definition.dtype.itemsize
    full = min(MAX_ROWS, max(MIN_ROWS, BLOCK_BYTES // row))
    steps: list[Ints] = []
    columns: list[Values] = []
    for piece in range(len(table.pieces)):
        found = table.steps(piece), table.columns(piece)
        if found[0] is None or found[1] is None:
            raise RecordingError(f"{table.file.path}: damaged, so left as it is")
        steps.append(found[0])
        columns.append(found[1])
        if sum(map(len, steps)) >= full:
            yield np.concatenate(steps), np.concatenate(columns, axis=1)
            steps, columns = [], []
    if steps:
        yield np.concatenate(steps), np.concatenate(columns, axis=1)


def _frames(frames: FrameReader) -> Iterator[tuple[Ints, bytes]]:
    """The frames of a definition, a chunk's worth at a time: steps (n,) and their bytes."""
    size = frames.definition.size
    many = max(1, FRAMES_BYTES // max(size, 8))
    steps, data = np.empty(0, np.int64), b""
    for piece in range(len(frames.pieces)):
        found = frames.steps(piece), frames.data(piece)
        if found[0] is None or found[1] is None:
            raise RecordingError(f"{frames.file.path}: damaged, so left as it is")
        steps, data = np.concatenate([steps, found[0]]), data + found[1]
        while len(steps) >= many:
            yield steps[:many], data[: many * size]
            steps, data = steps[many:], data[many * size :]
    if len(steps):
        yield steps, data


def _sync_folder(folder: Path) -> None:
    """Makes the rename last; some file systems know no such thing."""
    with contextlib.suppress(OSError):
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
