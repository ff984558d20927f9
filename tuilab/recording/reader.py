"""Reading one file of a recording, and following it while it grows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tuilab.recording.definitions import FrameDefinition, TableDefinition
from tuilab.recording.errors import NewerVersionError, NotARecordingError, RecordingError
from tuilab.recording.events import unpack_events
from tuilab.recording.file import File
from tuilab.recording.format import (
    BLOCK, END, EVENTS, FRAMES, HEAD_SIZE, HEADER, INDEX, MAX_JSON, ROWS, SHAPE, TABLE, VERSION, Head, unpack_json,
)  # fmt: skip
from tuilab.recording.frameset import FrameReader
from tuilab.recording.pieces import Pieces
from tuilab.recording.results import Event, Gap
from tuilab.recording.scan import Found, Newer, Window, scan
from tuilab.recording.series import TableReader
from tuilab.recording.steps import STRIDE, last_of


class FileReader:
    """One file. Its index grows with the number of chunks, not with what they hold.

    Attributes:
        header: what the recording is of; empty when both copies are damaged.
        created: nanoseconds since 1970, 0 when unknown.
        tables: by id, in order of appearance. So `frames`.
        finished: the writer closed it.
        last_step: the greatest step met, -1 while there is none; `first_step` the smallest.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._open()

    @property
    def gaps(self) -> list[Gap]:
        """What was skipped so far."""
        return self._file.gaps

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def refresh(self) -> bool:
        """Reads what was appended, or the file that has taken this one's place.

        Raises:
            RecordingError: another file has taken its place that is no recording.
        """
        try:
            now = os.stat(self.path)
        except OSError:
            return False
        same = (now.st_dev, now.st_ino) == self._identity
        if same and now.st_size == self._size:
            return False
        if not same or now.st_size < self._size:
            old = self._file
            self._open()
            old.close()
            return True
        self._size = now.st_size
        return self._follow()

    def events(self, start: int, stop: int) -> Iterator[Event]:
        """The events with steps in [start, stop), as they were written."""
        for first, last, offset, length in self._events:
            if last < start or first >= stop:
                continue
            payload = self._file.head(offset, length)
            if payload is None:
                continue
            try:
                found = unpack_events(payload)
            except ValueError:
                self._file.gap(offset, HEAD_SIZE + length, "its events cannot be read")
                continue
            yield from (event for event in found if start <= event.step < stop)

    def _open(self) -> None:
        try:
            file = File(self.path)
        except OSError as error:
            raise RecordingError(f"{self.path}: cannot be opened: {error.strerror}") from None
        try:
            self._begin(file)
        except BaseException:
            file.close()
            raise

    def _begin(self, file: File) -> None:
        status = os.fstat(file.fd)
        self._file = file
        self._identity = (status.st_dev, status.st_ino)
        self._size = status.st_size
        self._position = 0
        self._events: list[tuple[int, int, int, int]] = []
        self.header: dict[str, Any] = {}
        self.created = 0
        self.tables: dict[int, TableReader] = {}
        self.frames: dict[int, FrameReader] = {}
        self.finished = False
        self.first_step = self.last_step = -1
        if not self._follow():
            what = "is empty" if not self._size else "holds no intact piece of a recording"
            raise NotARecordingError(f"{self.path}: {what}")

    def _follow(self) -> bool:
        """Takes what is intact behind what was read; True if there was anything."""
        began = self._position
        window = Window(self._file.fd, self._size)
        try:
            for found in scan(window, began):
                self._take(found, window)
        except Newer as newer:
            raise NewerVersionError(
                f"{self.path} is of recording format {newer.args[0]}, this tuilab reads up to {VERSION}: "
                "upgrade tuilab"
            ) from None
        if self.finished and self._position < self._size:
            self._file.gap(self._position, self._size - self._position, "no intact chunk")
        return self._position > began

    def _take(self, found: Found, window: Window) -> None:
        offset, end, head = found
        self._position = end
        if head is None:
            self._file.gap(offset, end - offset, "no intact chunk")
            return
        try:
            self._index(offset, head, window)
        except ValueError as error:
            self._file.gap(offset, end - offset, str(error))

    def _index(self, offset: int, head: Head, window: Window) -> None:
        """Notes what a chunk holds; raises ValueError when that makes no sense."""
        payload = offset + HEAD_SIZE
        if head.type in (HEADER, TABLE, SHAPE, EVENTS):
            if head.length > MAX_JSON or head.covered != head.length:
                raise ValueError("too long")
            self._define(offset, head, window.read(payload, head.length))
        elif head.type in (ROWS, BLOCK):
            table = self.tables.get(head.id)
            if table is None:
                raise ValueError("rows of an unknown table")
            columns = len(table.definition.names)
            if head.type == ROWS:
                self._rows(offset, head, columns * table.definition.dtype.itemsize, table.pieces, window)
            else:
                self._block(offset, head, table, window)
        elif head.type == FRAMES:
            frames = self.frames.get(head.id)
            if frames is None:
                raise ValueError("frames of an unknown definition")
            self._rows(offset, head, frames.definition.size, frames.pieces, window)
            self._file.trust(offset)
        elif head.type in (INDEX, END):
            self.finished = True

    def _define(self, offset: int, head: Head, payload: bytes) -> None:
        if head.type == HEADER:
            header = unpack_json(payload)
            if not isinstance(header, dict):
                raise ValueError("not a header")
            self.header, self.created = header, head.first
        elif head.type == TABLE:
            table = TableDefinition.unpack(payload)
            if self.tables.setdefault(head.id, TableReader(self._file, table)).definition != table:
                raise ValueError("another table of the same id")
        elif head.type == SHAPE:
            shape = FrameDefinition.unpack(payload)
            if self.frames.setdefault(head.id, FrameReader(self._file, shape)).definition != shape:
                raise ValueError("another frame of the same id")
        else:
            steps = [event.step for event in unpack_events(payload)]
            if steps:
                self._file.trust(offset)
                self._events.append((min(steps), max(steps), offset, head.length))
                self._span(min(steps), max(steps))

    def _rows(self, offset: int, head: Head, size: int, pieces: Pieces, window: Window) -> None:
        """Indexes a chunk of rows of `size` bytes each."""
        if head.covered != head.length:
            raise ValueError("not covered by its checksum")
        stride, last = self._steps(offset, head, window)
        if head.length != 8 + (0 if stride else 8 * head.rows) + head.rows * size or (stride and not size):
            raise ValueError("its length does not fit its rows")
        pieces.add(head.first, last, head.rows, stride, offset, head.type)
        self._span(head.first, last)

    def _block(self, offset: int, head: Head, table: TableReader, window: Window) -> None:
        """Indexes a block, all of whose columns are checked: what it replaces may be all there is of some."""
        columns = len(table.definition.names)
        stride, last = self._steps(offset, head, window)
        covered = 8 + (0 if stride else 8 * head.rows) + 4 * columns
        size = table.region_size(head.rows)
        if head.covered != covered or head.length != covered + columns * size:
            raise ValueError("its length does not fit its rows")
        body = offset + HEAD_SIZE + covered
        checks = np.frombuffer(window.read(body - 4 * columns, 4 * columns), "<u4")
        bad = [
            column for column in range(columns) if window.crc(body + column * size, size) != checks[column]
        ]
        for column in range(columns):
            if column in bad:
                self._file.gap(body + column * size, size, "its checksum is wrong")
            else:
                self._file.trust(body + column * size)
        if bad and table.pieces.span(head.first, last + 1):
            return
        table.pieces.add(head.first, last, head.rows, stride, offset, BLOCK)
        self._file.trust(offset)
        self._span(head.first, last)

    def _steps(self, offset: int, head: Head, window: Window) -> tuple[int, int]:
        """The stride and the last step of a chunk of rows."""
        payload = offset + HEAD_SIZE
        if head.covered < 8 or head.rows < 1:
            raise ValueError("its length does not fit its rows")
        stride = int(STRIDE.unpack(window.read(payload, 8))[0])
        explicit = None
        if not stride:
            if head.covered < 8 + 8 * head.rows:
                raise ValueError("its length does not fit its rows")
            explicit = np.frombuffer(window.read(payload + 8, 8 * head.rows), "<i8")
        return stride, last_of(head.first, head.rows, stride, explicit)

    def _span(self, first: int, last: int) -> None:
        self.first_step = first if self.first_step < 0 else min(self.first_step, first)
        self.last_step = max(self.last_step, last)
