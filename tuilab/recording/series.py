"""Reading the series of one table of one file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np

from tuilab.recording.block import GROUP, Values, region_dtype, summary_dtype
from tuilab.recording.definitions import TableDefinition
from tuilab.recording.file import File
from tuilab.recording.format import BLOCK, Floats, Ints
from tuilab.recording.overview import Digest, digest_rows
from tuilab.recording.pieces import Pieces

NEAR = 4096
AHEAD = 65536


class TableReader:
    """The rows of a table."""

    def __init__(self, file: File, definition: TableDefinition) -> None:
        self.file = file
        self.definition = definition
        self.pieces = Pieces()
        self._columns = len(definition.names)
        self._item = definition.dtype.itemsize

    def read(self, column: int, start: int, stop: int) -> tuple[Ints, Floats]:
        """The steps in [start, stop) and their values; what is damaged is left out."""
        all_steps: list[Ints] = [np.empty(0, np.int64)]
        all_values: list[Values] = [np.empty(0, np.float64)]
        small: list[int] = []
        span = self.pieces.span(start, stop)
        for piece in span:
            if self.pieces.kind[piece] != BLOCK:
                small.append(piece)
                continue
            if small:
                self._gather(small, column, all_steps, all_values)
                small = []
            steps, values = self.piece_steps(piece), self.block_values(piece, column)
            if steps is not None and values is not None:
                all_steps.append(steps)
                all_values.append(values)
        if small:
            self._gather(small, column, all_steps, all_values)
        steps, values = np.concatenate(all_steps), np.concatenate(all_values, dtype=np.float64)
        if span and (self.pieces.first[span[0]] < start or self.pieces.last[span[-1]] >= stop):
            low, high = np.searchsorted(steps, (start, stop))
            steps, values = steps[low:high], values[low:high]
        return steps, values

    def digests(self, column: int, edges: Ints) -> list[Digest]:
        """What lies in the spans between `edges` (k + 1,), group by group where a group is within one."""
        found: list[Digest] = []
        small: list[int] = []
        for piece in self.pieces.span(int(edges[0]), int(edges[-1])):
            if self.pieces.kind[piece] != BLOCK:
                small.append(piece)
                continue
            self._digest_small(small, column, found)
            small = []
            self._digest_block(piece, column, edges, found)
        self._digest_small(small, column, found)
        return found

    def _digest_small(self, small: list[int], column: int, found: list[Digest]) -> None:
        steps: list[Ints] = [np.empty(0, np.int64)]
        values: list[Values] = [np.empty(0)]
        if small:
            self._gather(small, column, steps, values)
            found.append(digest_rows(np.concatenate(steps), np.concatenate(values, dtype=np.float64)))

    def _digest_block(self, piece: int, column: int, edges: Ints, found: list[Digest]) -> None:
        summary, steps = self._summary(piece, column), self.piece_steps(piece)
        if summary is None or steps is None:
            return
        ends = np.minimum(np.arange(GROUP, len(steps) + GROUP, GROUP), len(steps)) - 1
        lasts = steps[ends]
        spans = np.searchsorted(edges, lasts, "right")
        split = np.searchsorted(edges, steps[::GROUP], "right") != spans
        split |= (spans == 0) | (spans == len(edges))
        begin = 0
        for group in [*np.flatnonzero(split).tolist(), len(ends)]:
            if begin < group:
                whole = slice(begin, group)
                low, high, last = (
                    summary[name][whole].astype(np.float64) for name in ("low", "high", "last")
                )
                nonfinite = summary["nonfinite"][whole].astype(np.int64)
                found.append(Digest(lasts[whole], low, high, last, nonfinite))
            if group < len(ends):
                rows = slice(group * GROUP, int(ends[group]) + 1)
                values = self.values(piece, column, rows.start, rows.stop)
                if values is not None:
                    found.append(digest_rows(steps[rows], values.astype(np.float64)))
            begin = group + 1

    def _summary(self, piece: int, column: int) -> Values | None:
        """The summaries of a block's column, a group each, None when they are damaged."""
        region = self.region(piece, column)
        if region is None:
            return None
        layout = summary_dtype(self.definition.dtype, self.pieces.rows[piece])
        data = self.file.exact(region, layout.itemsize)
        return None if data is None else np.frombuffer(data, layout)[0]

    def at(self, column: int, step: int) -> tuple[int, float] | None:
        """The last recorded step at or before `step`, and its value."""
        for piece in self.pieces.upto(step):
            row = self.row_of(piece, step)
            value = None if row is None else self.values(piece, column, row, row + 1)
            if row is not None and value is not None:
                return self.step_of(piece, row), float(value[0])
        return None

    def row_of(self, piece: int, step: int) -> int | None:
        """The last row of a chunk at or before `step`, which is not before its first."""
        pieces = self.pieces
        if step >= pieces.last[piece]:
            return pieces.rows[piece] - 1
        if pieces.stride[piece]:
            return (step - pieces.first[piece]) // pieces.stride[piece]
        steps = self.piece_steps(piece)
        return None if steps is None else int(np.searchsorted(steps, step, "right")) - 1

    def step_of(self, piece: int, row: int) -> int:
        """The step of a row."""
        pieces = self.pieces
        if row == pieces.rows[piece] - 1:
            return pieces.last[piece]
        if pieces.stride[piece]:
            return pieces.first[piece] + row * pieces.stride[piece]
        steps = self.piece_steps(piece)
        return pieces.first[piece] if steps is None else int(steps[row])

    def piece_steps(self, piece: int) -> Ints | None:
        """The steps of a chunk, None when they are damaged."""
        if not self.pieces.stride[piece] and self.pieces.kind[piece] == BLOCK and not self._block(piece):
            return None
        return self.file.steps(self.pieces, piece)

    def values(self, piece: int, column: int, start: int, stop: int) -> Values | None:
        """The values of some rows of a chunk, None when they are damaged."""
        rows = self.pieces.rows[piece]
        if self.pieces.kind[piece] == BLOCK:
            region = self.region(piece, column)
            if region is None:
                return None
            offset = region + self.region_size(rows) - rows * self._item
        else:
            offset = self.pieces.data(piece, self._columns) + column * rows * self._item
        data = self.file.exact(offset + start * self._item, (stop - start) * self._item)
        return None if data is None else np.frombuffer(data, self.definition.dtype)

    def block_values(self, piece: int, column: int) -> Values | None:
        """All values of a block's column, None when they are damaged."""
        region = self.region(piece, column)
        if region is None:
            return None
        layout = region_dtype(self.definition.dtype, self.pieces.rows[piece])
        data = self.file.exact(region, layout.itemsize)
        if data is None:
            return None
        values: Values = np.frombuffer(data, layout)[0]["values"]
        return values

    def columns(self, piece: int) -> Values | None:
        """All values of a chunk (column, row), None when one of them is damaged."""
        rows, dtype = self.pieces.rows[piece], self.definition.dtype
        if self.pieces.kind[piece] == BLOCK:
            if any(self.region(piece, column) is None for column in range(self._columns)):
                return None
            data = self.file.exact(
                self.pieces.data(piece, self._columns), self._columns * self.region_size(rows)
            )
            return None if data is None else np.frombuffer(data, region_dtype(dtype, rows))["values"]
        data = self.file.exact(self.pieces.data(piece, self._columns), self._columns * rows * self._item)
        return None if data is None else np.frombuffer(data, dtype).reshape(self._columns, rows)

    @property
    def row_size(self) -> int:
        """Bytes of the values of one row."""
        return self._columns * self._item

    @overload
    def region_size(self, rows: int) -> int: ...
    @overload
    def region_size(self, rows: Ints) -> Ints: ...
    def region_size(self, rows: int | Ints) -> int | Ints:
        """Bytes of one column of a block: its summaries and its values."""
        groups = -(-rows // GROUP)
        return groups * (3 * self._item + 4) + rows * self._item

    def region(self, piece: int, column: int) -> int | None:
        """Where a block's column lies, None when it is damaged."""
        pieces = self.pieces
        size = self.region_size(pieces.rows[piece])
        offset = pieces.data(piece, self._columns) + column * size
        good = self.file.trusted(offset)
        if good is None:
            head = self._block(piece)
            if head is None:
                return None
            at = len(head) - 4 * (self._columns - column)
            crc = int.from_bytes(head[at : at + 4], "little")
            good = self.file.checked(offset, size, crc) is not None
        return offset if good else None

    def _block(self, piece: int) -> bytes | None:
        """The head of a block: its steps and its columns' CRCs."""
        pieces = self.pieces
        length = 8 + 4 * self._columns + (0 if pieces.stride[piece] else 8 * pieces.rows[piece])
        return self.file.covered(pieces.offset[piece], length)

    def _gather(
        self, small: Sequence[int], column: int, all_steps: list[Ints], all_values: list[Values]
    ) -> None:
        """Reads small chunks, those near each other in one go."""
        pieces, item = self.pieces, self._item
        found: list[bytes] = []
        base, window = 0, b""
        for place, piece in enumerate(small):
            rows = pieces.rows[piece]
            offset = pieces.data(piece, self._columns) + column * rows * item
            at = offset - base
            if at < 0 or at + rows * item > len(window):
                near = place + 1 < len(small) and pieces.offset[small[place + 1]] - offset < NEAR
                window = self.file.exact_or_less(offset, max(rows * item, AHEAD if near else 0))
                base, at = offset, 0
            found.append(window[at : at + rows * item])
            steps = self.piece_steps(piece)
            if steps is None or len(found[-1]) < rows * item:
                found.pop()
            else:
                all_steps.append(steps)
        all_values.append(np.frombuffer(b"".join(found), self.definition.dtype))
