"""Reading the series of one table of one file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import overload

import numpy as np

from tuilab.recording.block import GROUP, Values, summary_dtype
from tuilab.recording.definitions import TableDefinition
from tuilab.recording.file import File
from tuilab.recording.format import BLOCK, Floats, Ints
from tuilab.recording.overview import Digest, digest
from tuilab.recording.pieces import Pieces


class TableReader:
    """The rows of a table. What is damaged is left out, and noted as a gap of the file."""

    def __init__(self, file: File, definition: TableDefinition) -> None:
        self.file = file
        self.definition = definition
        self.pieces = Pieces()
        self._columns = len(definition.names)
        self._item = definition.dtype.itemsize

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

    def read(self, column: int, start: int, stop: int) -> tuple[Ints, Floats]:
        """The steps in [start, stop), and their values."""
        steps, values = self._rows(self.pieces.span(start, stop), column)
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

    def digests(self, column: int, edges: Ints) -> list[Digest]:
        """What lies in the spans between `edges`: of blocks by their summaries, else by the values."""
        found: list[Digest] = []
        run: list[int] = []
        for piece in self.pieces.span(int(edges[0]), int(edges[-1])):
            if self.pieces.kind[piece] != BLOCK:
                run.append(piece)
                continue
            found.append(digest(*self._rows(run, column), edges))
            found += self._block_digests(piece, column, edges)
            run = []
        found.append(digest(*self._rows(run, column), edges))
        return found

    def steps(self, piece: int) -> Ints | None:
        """The steps of a chunk, None when they are damaged."""
        if not self.pieces.stride[piece] and self.pieces.kind[piece] == BLOCK and not self._head(piece):
            return None
        return self.file.steps(self.pieces, piece)

    def columns(self, piece: int) -> Values | None:
        """All values of a chunk (column, row), None when one of them is damaged."""
        rows = self.pieces.rows[piece]
        found = [self._bytes(piece, column, 0, rows) for column in range(self._columns)]
        whole = [data for data in found if data is not None]
        if len(whole) < len(found):
            return None
        return np.frombuffer(b"".join(whole), self.definition.dtype).reshape(self._columns, rows)

    @np.errstate(invalid="ignore")  # a signalling NaN is a NaN
    def _rows(self, span: Iterable[int], column: int) -> tuple[Ints, Floats]:
        """The steps of some chunks, and their values."""
        pieces = self.pieces
        good: list[int] = []
        parts: list[bytes | memoryview] = []
        explicit: dict[int, Ints] = {}
        for piece in span:
            data = self._bytes(piece, column, 0, pieces.rows[piece])
            if data is None:
                continue
            if not pieces.stride[piece]:
                steps = self.steps(piece)
                if steps is None:
                    continue
                explicit[len(good)] = steps
            good.append(piece)
            parts.append(data)
        if not good:
            return np.empty(0, np.int64), np.empty(0)
        values = np.concatenate(
            [np.frombuffer(data, self.definition.dtype) for data in parts], dtype=np.float64
        )
        first, last = pieces.first[good[0]], pieces.last[good[-1]]
        if last - first == len(values) - 1:  # they increase, so they are consecutive
            return np.arange(first, last + 1), values
        rows = np.array([pieces.rows[piece] for piece in good])
        stride = np.array([pieces.stride[piece] for piece in good])
        begins = np.cumsum(rows) - rows
        base = np.array([pieces.first[piece] for piece in good]) - begins * stride
        steps = np.repeat(stride, rows)
        steps *= np.arange(len(values))
        steps += np.repeat(base, rows)
        for place, given in explicit.items():
            steps[begins[place] : begins[place] + len(given)] = given
        return steps, values

    def _block_digests(self, piece: int, column: int, edges: Ints) -> list[Digest]:
        """A block's groups by their summaries, those that an edge cuts by their rows."""
        region, steps = self._region(piece, column), self.steps(piece)
        if region is None or steps is None:
            return []
        layout = summary_dtype(self.definition.dtype, len(steps))
        data = self.file.exact(region, layout.itemsize)
        if data is None:
            return []
        low, high, last, nonfinite = np.frombuffer(data, layout)[0]
        ends = np.minimum(np.arange(GROUP, len(steps) + GROUP, GROUP), len(steps))
        lasts = steps[ends - 1]
        spans = np.searchsorted(edges, lasts, "right")
        split = np.searchsorted(edges, steps[::GROUP], "right") != spans
        inside = ~split & (spans > 0) & (spans < len(edges))
        found = [
            Digest(lasts[inside], low[inside], high[inside], last[inside], nonfinite[inside].astype(np.int64))
        ]
        cut = np.flatnonzero(split).tolist()
        body = region + self.region_size(len(steps)) - len(steps) * self._item
        counts = np.diff(ends, prepend=0).tolist()
        parts = [
            self.file.exact(body + group * GROUP * self._item, counts[group] * self._item) for group in cut
        ]
        if cut and None not in parts:
            values = np.frombuffer(
                b"".join(part for part in parts if part is not None), self.definition.dtype
            )
            # Rows of one span but of two groups do not lie side by side, and so are no stretch.
            finer = np.union1d(edges, np.clip(steps[::GROUP][split], edges[0], edges[-1]))
            found.append(digest(steps[np.repeat(split, GROUP)[: len(steps)]], values, finer))
        return found

    def _bytes(self, piece: int, column: int, start: int, stop: int) -> bytes | memoryview | None:
        """The values of some rows of a chunk, None when they are damaged."""
        rows = self.pieces.rows[piece]
        skip, length = start * self._item, (stop - start) * self._item
        if self.pieces.kind[piece] != BLOCK:
            return self.file.near(
                self.pieces.data(piece, self._columns) + column * rows * self._item + skip, length
            )
        size = self.region_size(rows)
        offset = self.pieces.data(piece, self._columns) + column * size
        skip += size - rows * self._item
        if self.file.trusted(offset):
            return self.file.exact(offset + skip, length)
        data = self._check(piece, column, offset, size)
        return None if data is None else memoryview(data)[skip : skip + length]

    def _region(self, piece: int, column: int) -> int | None:
        """Where a block's column lies, None when it is damaged."""
        size = self.region_size(self.pieces.rows[piece])
        offset = self.pieces.data(piece, self._columns) + column * size
        if self.file.trusted(offset) or self._check(piece, column, offset, size) is not None:
            return offset
        return None

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
        length = 8 + 4 * self._columns + (0 if pieces.stride[piece] else 8 * pieces.rows[piece])
        return self.file.covered(pieces.offset[piece], length)
