"""What is in one file, chunk by chunk: an index that grows with the chunks, not with what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tuilab.recording.arrays import FrameDefinition
from tuilab.recording.definitions import TableDefinition
from tuilab.recording.events import EventLog, unpack_events
from tuilab.recording.file import File
from tuilab.recording.format import (
    BLOCK,
    END,
    EVENTS,
    FRAMES,
    HEAD_SIZE,
    HEADER,
    INDEX,
    MAX_JSON,
    MAX_STEP,
    ROWS,
    SHAPE,
    SUMMARY,
    TABLE,
    Head,
    unpack_json,
)
from tuilab.recording.frameset import FrameReader
from tuilab.recording.index import Group
from tuilab.recording.rows import Rows
from tuilab.recording.scan import Window
from tuilab.recording.series import TableReader
from tuilab.recording.steps import STRIDE, last_of


class Contents:
    """The tables, frames and events of a file.

    Attributes:
        created: nanoseconds since 1970, 0 when unknown.
        tables: by id, in order of appearance.
        frames: likewise, one for each name, type and meta.
        events: all of them.
        finished: the writer closed the file.
        indexed: whether all this was taken from an index instead of chunk by chunk.
        first_step: the smallest step met, -1 while there is none.
        last_step: the greatest.
    """

    def __init__(self, file: File) -> None:
        self._file = file
        self._header: dict[str, Any] = {}
        self._packed = b""
        self.created = 0
        self.tables: dict[int, TableReader] = {}
        self.frames: dict[int, FrameReader] = {}
        self.events = EventLog(file)
        self.finished = self.indexed = False
        self.first_step = self.last_step = -1

    @property
    def header(self) -> dict[str, Any]:
        """What the recording is of; empty when both copies are damaged."""
        if self._packed:
            packed, self._packed = self._packed, b""
            try:
                header = unpack_json(packed)
                if not isinstance(header, dict):
                    raise ValueError("not an object")
                self._header = header
            except ValueError:
                self._file.gap(0, HEAD_SIZE + len(packed), "its header is no JSON object")
        return self._header

    @property
    def rows(self) -> Iterator[Rows]:
        """All tables and frames."""
        yield from self.tables.values()
        yield from self.frames.values()

    def has_definition(self, head: Head) -> bool:
        """Whether a chunk's table or frame definition is known, if it needs one."""
        if head.type in (ROWS, BLOCK, SUMMARY):
            return head.id in self.tables
        return head.type != FRAMES or head.id in self.frames

    def take(self, offset: int, head: Head, window: Window) -> None:
        """Notes what an intact chunk holds; raises ValueError when that makes no sense."""
        if head.type in (HEADER, TABLE, SHAPE, EVENTS):
            if head.length > MAX_JSON or head.covered != head.length:
                raise ValueError("its JSON is too long")
            self._json(offset, head, _exact(window, offset + HEAD_SIZE, head.length))
        elif head.type == ROWS:
            table = self._table(head.id)
            self._rows(offset, head, table, table.row_size, window)
        elif head.type == BLOCK:
            self._block(offset, head, self._table(head.id), window)
        elif head.type == SUMMARY:
            self._summary(offset, head, self._table(head.id), window)
        elif head.type == FRAMES:
            frames = self._frames(head.id)
            self._rows(offset, head, frames, frames.definition.size, window)
        elif head.type in (INDEX, END):
            self.finished = True

    def enter(self, group: Group) -> None:
        """Takes the chunks of a type and an id from an index.

        Raises:
            ValueError: they cannot be as the index says.
        """
        first, last = int(group.first[0]), int(group.last[-1])
        if group.type == BLOCK:
            self._table(group.id).expect(group)
        elif group.type == FRAMES:
            self._frames(group.id).expect(group)
        elif group.type == SUMMARY:
            table = self._table(group.id)
            for begins, ends, groups, _, offset, length in np.array(group[2:]).T.tolist():
                table.sum_up(begins, ends, groups, offset, length)
        elif group.type == EVENTS:
            if (group.rows < 1).any() or (group.rows > group.length).any():
                raise ValueError("an index of more events than there is room for")
            self.events.defer(np.array([group.rows, group.first, group.offset, group.length]).T.tolist())
            first, last = int(group.first.min()), int(group.last.max())  # they are in order of time
        else:
            return
        if not 0 <= first <= last < MAX_STEP:
            raise ValueError("an index whose steps are out of range")
        self._span(first, last)

    def last_before(self, stop: int) -> int:
        """The greatest step below `stop` of any row or frame, -1 when there is none."""
        return max((rows.last_before(stop) for rows in self.rows), default=-1)

    def _table(self, id: int) -> TableReader:
        table = self.tables.get(id)
        if table is None:
            raise ValueError("its definition is lost")
        return table

    def _frames(self, id: int) -> FrameReader:
        frames = self.frames.get(id)
        if frames is None:
            raise ValueError("its definition is lost")
        return frames

    def _json(self, offset: int, head: Head, payload: bytes) -> None:
        if head.type == HEADER:
            self._packed, self.created = payload, head.first
        elif head.type == TABLE:
            table = TableDefinition.unpack(payload)
            made = TableReader(self._file, head.id, table)
            if self.tables.setdefault(head.id, made).definition != table:
                raise ValueError("another table has its id")
        elif head.type == SHAPE:
            shape = FrameDefinition.unpack(payload)
            if self.frames.setdefault(head.id, FrameReader(self._file, head.id, shape)).definition != shape:
                raise ValueError("other frames have its id")
        else:
            events = unpack_events(payload)
            self.events.add(events)
            if events:
                steps = [event.step for event in events]
                self._span(min(steps), max(steps))

    def _rows(self, offset: int, head: Head, rows: Rows, size: int, window: Window) -> None:
        """Takes a chunk of rows of `size` bytes each."""
        stride, last = self._steps(offset, head, window)
        length = 8 + head.rows * (size if stride else size + 8)
        if head.covered != head.length or head.length != length or (stride and not size):
            raise ValueError("its length does not fit its rows")
        rows.add(head.first, last, head.rows, stride, offset, head.type, True)
        self._span(head.first, last)

    def _block(self, offset: int, head: Head, table: TableReader, window: Window) -> None:
        """Takes a block; each of its columns is checked when it is first read."""
        columns = len(table.definition.names)
        stride, last = self._steps(offset, head, window)
        covered = 8 + (0 if stride else 8 * head.rows) + 4 * columns
        if head.covered != covered or head.length != covered + columns * table.region_size(head.rows):
            raise ValueError("its length does not fit its rows")
        table.add(head.first, last, head.rows, stride, offset, BLOCK, False)
        self._span(head.first, last)

    def _summary(self, offset: int, head: Head, table: TableReader, window: Window) -> None:
        """Takes a summary; what it says is checked when it is first looked at."""
        lasts = _exact(window, offset + HEAD_SIZE, 16 * head.rows)[-8:]
        last = int.from_bytes(lasts, "little", signed=True)
        table.sum_up(head.first, last, head.rows, offset, head.length)

    def _steps(self, offset: int, head: Head, window: Window) -> tuple[int, int]:
        """The stride and the last step of a chunk of rows."""
        payload = offset + HEAD_SIZE
        if head.covered < 8 or head.rows < 1:
            raise ValueError("its length does not fit its rows")
        stride = int(STRIDE.unpack(_exact(window, payload, 8))[0])
        explicit = None
        if not stride:
            if head.covered < 8 + 8 * head.rows:
                raise ValueError("its length does not fit its rows")
            explicit = np.frombuffer(_exact(window, payload + 8, 8 * head.rows), "<i8")
        return stride, last_of(head.first, head.rows, stride, explicit)

    def _span(self, first: int, last: int) -> None:
        self.first_step = first if self.first_step < 0 else min(self.first_step, first)
        self.last_step = max(self.last_step, last)


def _exact(window: Window, offset: int, length: int) -> bytes:
    data = window.read(offset, length)
    if len(data) < length:
        raise ValueError("the file was cut short")
    return data
