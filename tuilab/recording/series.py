"""Reading the series of one table of one file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tuilab.recording.block import Values, groups_in
from tuilab.recording.definitions import TableDefinition
from tuilab.recording.file import File
from tuilab.recording.format import BLOCK, MAX_STEP, Floats, Ints
from tuilab.recording.rows import Rows
from tuilab.recording.steps import consecutive
from tuilab.recording.summary import Summary, summary_size


class TableReader(Rows):
    """The rows of a table. What is damaged is left out, and noted as a gap of the file.

    Attributes:
        summaries: of its blocks, as far as there are any, in order of their steps.
    """

    def __init__(self, file: File, id: int, definition: TableDefinition) -> None:
        super().__init__(file, id)
        self.definition = definition
        self.summaries: list[Summary] = []
        self._columns = len(definition.names)
        self._item = definition.dtype.itemsize

    @property
    def row_size(self) -> int:
        """Bytes of the values of one row."""
        return self._columns * self._item

    def region_size(self, rows: int) -> int:
        """Bytes of one column of a block: its summaries and its values."""
        return groups_in(rows) * (3 * self._item + 4) + rows * self._item

    def length(self, rows: int, stride: int) -> int:
        """Bytes of the payload of a block with so many rows and such a stride."""
        return 8 + (0 if stride else 8 * rows) + self._columns * (4 + self.region_size(rows))

    def add(self, first: int, last: int, rows: int, stride: int, offset: int, kind: int, sound: bool) -> None:
        """Takes one more chunk; raises ValueError when its steps overlap those of an earlier one."""
        super().add(first, last, rows, stride, offset, kind, sound)
        while self.summaries and self.summaries[-1].last >= first:
            self.summaries.pop()

    def sum_up(self, first: int, last: int, groups: int, offset: int, length: int) -> None:
        """Takes a summary of so many groups, which replaces those from its first step on.

        Raises:
            ValueError: its steps cannot be, or its payload has another length.
        """
        if not 0 <= first <= last < MAX_STEP:
            raise ValueError("steps out of range")
        if not 0 < groups <= length or length != summary_size(groups, self._columns, self.definition.dtype):
            raise ValueError("its length does not fit its groups")
        while self.summaries and self.summaries[-1].last >= first:
            self.summaries.pop()
        self.summaries.append(Summary(first, last, groups, offset))

    def read(self, column: int, start: int, stop: int) -> tuple[Ints, Floats]:
        """The steps in [start, stop), and their values."""
        steps, values = self.rows(self.pieces.span(start, stop), column)
        if len(steps) and (steps[0] < start or steps[-1] >= stop):
            low, high = np.searchsorted(steps, (start, stop))
            steps, values = steps[low:high], values[low:high]
        return steps, values

    def at(self, column: int, step: int) -> tuple[int, float] | None:
        """The last recorded step at or before `step`, and its value."""
        pieces = self.pieces
        for piece in pieces.upto(step):
            rows, stride = pieces.rows[piece], pieces.stride[piece]
            if stride:
                row = min((step - pieces.first[piece]) // stride, rows - 1)
                found = pieces.first[piece] + row * stride
            else:
                steps = self.steps(piece)
                if steps is None:
                    continue
                row = int(np.searchsorted(steps, step, "right")) - 1
                found = int(steps[row])
            data = self._bytes(piece, column, row, row + 1)
            if data is not None:
                return found, float(np.frombuffer(data, self.definition.dtype)[0])
        return None

    def steps(self, piece: int) -> Ints | None:
        """The steps of a chunk, None when they are damaged."""
        pieces = self.pieces
        if not pieces.stride[piece] and not pieces.sound[piece] and self._head(piece) is None:
            return None
        return super().steps(piece)

    def columns(self, piece: int) -> Values | None:
        """All values of a chunk (column, row), None when one of them is damaged."""
        rows = self.pieces.rows[piece]
        found = [self._bytes(piece, column, 0, rows) for column in range(self._columns)]
        whole = [data for data in found if data is not None]
        if len(whole) < len(found):
            return None
        return np.frombuffer(b"".join(whole), self.definition.dtype).reshape(self._columns, rows)

    @np.errstate(invalid="ignore")  # a signalling NaN is a NaN
    def rows(self, span: Sequence[int], column: int) -> tuple[Ints, Floats]:
        """The steps of some chunks, and their values."""
        pieces = self.pieces
        good: list[int] = []
        explicit: dict[int, Ints] = {}
        end = 0
        values = np.empty(sum([pieces.rows[piece] for piece in span]))
        for piece in span:
            count = pieces.rows[piece]
            data = self._bytes(piece, column, 0, count)
            if data is None:
                continue
            if not pieces.stride[piece]:
                steps = self.steps(piece)
                if steps is None:
                    continue
                explicit[end] = steps
            values[end : end + count] = np.frombuffer(data, self.definition.dtype)
            end += count
            good.append(piece)
        if not good:
            return np.empty(0, np.int64), np.empty(0)
        if end < len(values):
            values = values[:end].copy()
        data = None  # to make room before there are steps
        first, last = pieces.first[good[0]], pieces.last[good[-1]]
        if last - first == end - 1:  # they increase, so they are consecutive
            return consecutive(first, last), values
        rows = np.array([pieces.rows[piece] for piece in good])
        stride = np.array([pieces.stride[piece] for piece in good])
        base = np.array([pieces.first[piece] for piece in good]) - (np.cumsum(rows) - rows) * stride
        steps = np.repeat(stride, rows)
        steps *= np.arange(end)
        steps += np.repeat(base, rows)
        for begins, given in explicit.items():
            steps[begins : begins + len(given)] = given
        return steps, values

    def values_at(self, piece: int, column: int) -> int:
        """Where the values of a chunk's column lie, whether they are damaged or not."""
        rows, block = self.pieces.rows[piece], self.pieces.kind[piece] == BLOCK
        size = self.region_size(rows) if block else rows * self._item
        return self.pieces.data(piece, self._columns) + (column + 1) * size - rows * self._item

    def region(self, piece: int, column: int) -> int | None:
        """Where a block's column lies, None when it is damaged."""
        size = self.region_size(self.pieces.rows[piece])
        offset = self.pieces.data(piece, self._columns) + column * size
        if self.file.trusted(offset):
            return offset
        return None if self._check(piece, column, offset, size) is None else offset

    def is_sound(self, piece: int, column: int) -> bool:
        """Whether the values of a chunk's column are as they were written."""
        return bool(self.pieces.sound[piece]) or self.region(piece, column) is not None

    def _bytes(self, piece: int, column: int, start: int, stop: int) -> bytes | memoryview | None:
        """The values of some rows of a chunk, None when they are damaged."""
        rows = self.pieces.rows[piece]
        skip, length = start * self._item, (stop - start) * self._item
        offset = self.pieces.data(piece, self._columns)
        if self.pieces.kind[piece] != BLOCK:
            return self.file.near(offset + column * rows * self._item + skip, length)
        size = self.region_size(rows)
        offset += column * size
        skip += size - rows * self._item
        if self.file.trusted(offset):
            return self.file.exact(offset + skip, length)
        data = self._check(piece, column, offset, size)
        return None if data is None else memoryview(data)[skip : skip + length]

    def _check(self, piece: int, column: int, offset: int, size: int) -> bytes | None:
        """A block's column when its checksum is right."""
        if self.file.trusted(offset) is False:
            return None
        head = self._head(piece)
        if head is None:
            return None
        at = len(head) - 4 * (self._columns - column)
        return self.file.checked(offset, size, int.from_bytes(head[at : at + 4], "little"))

    def _head(self, piece: int) -> bytes | None:
        """The head of a block: its steps and its columns' CRCs."""
        pieces = self.pieces
        steps = 8 if pieces.stride[piece] else 8 + 8 * pieces.rows[piece]
        return self.covered(piece, steps + 4 * self._columns)
