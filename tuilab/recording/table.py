"""Tables: the writer's buffer of series that share their steps."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from tuilab.recording.block import pack_block
from tuilab.recording.definitions import TableDefinition
from tuilab.recording.format import MAX_STEP, ROWS, Ints, pack_chunk
from tuilab.recording.steps import pack_steps

if TYPE_CHECKING:
    from tuilab.recording.writer import Writer

MAX_ROWS = 2048
MIN_ROWS = 64
BLOCK_BYTES = 4 * 2**20


class Table:
    """Series that share their steps. Made by `Writer.table`.

    Rows flushed before a block is full are written again with their block, which replaces them: a reader of
    a live or killed recording then meets blocks, and small chunks only at the end.
    """

    __slots__ = (
        "_capacity",
        "_columns",
        "_flushed",
        "_id",
        "_last",
        "_narrow",
        "_rows",
        "_steps",
        "_used",
        "_writer",
        "names",
    )

    def __init__(self, writer: Writer, id: int, definition: TableDefinition) -> None:
        self.names = definition.names
        self._writer = writer
        self._id = id
        self._columns = len(definition.names)
        self._narrow = definition.dtype if definition.dtype.itemsize < 8 else None
        row = self._columns * definition.dtype.itemsize
        self._capacity = min(MAX_ROWS, max(MIN_ROWS, BLOCK_BYTES // row))
        self._rows: np.ndarray[Any, Any] = np.empty((self._capacity, self._columns), definition.dtype)
        self._steps = array("q", bytes(8 * self._capacity))
        self._used = 0
        self._flushed = 0
        self._last = -1

    def append(self, step: int, row: Sequence[float] | np.ndarray[Any, Any]) -> None:
        """Adds a row, and flushes the recording when that is due.

        Args:
            step: greater than that of the row before.
            row: (columns,) a value for each series; NaN and infinities are recorded as they are.

        Raises:
            ValueError: the step does not increase, or the row has another length.
            OSError: the disk is full. The row is kept and written by a later flush: don't append it again.
        """
        if len(row) != self._columns:
            raise ValueError(f"a row of {len(row)} values for {self._columns} series")
        if not self._last < step < MAX_STEP:
            raise ValueError(f"step {step} after step {self._last}: steps must increase")
        writer = self._writer
        if writer.closed:
            raise ValueError("the recording is closed")
        used = self._used
        self._steps[used] = step
        if self._narrow is None or getattr(row, "dtype", None) == self._narrow:
            self._rows[used] = row
        else:
            with np.errstate(over="ignore"):
                self._rows[used] = row
        self._last = step
        self._used = used + 1
        if self._used == self._capacity:
            self._seal()
        if monotonic() >= writer.due:
            writer.flush()

    def extend(self, steps: np.ndarray[Any, Any], rows: np.ndarray[Any, Any]) -> None:
        """Adds many rows at once.

        Args:
            steps: (n,) integers, increasing.
            rows: (n, columns) values.

        Raises:
            ValueError: the steps do not increase, or the shapes don't fit. Nothing is added.
            OSError: the disk is full. The rows are kept and written by a later flush.
        """
        given, rows = np.asarray(steps), np.asarray(rows)
        if rows.shape != (len(given), self._columns) or given.ndim != 1:
            raise ValueError(f"steps {given.shape} and rows {rows.shape} for {self._columns} series")
        if not len(given):
            return
        if given.dtype.kind not in "iu":
            raise ValueError(f"steps of dtype {given.dtype}: they must be integers")
        if not (self._last < given[0] and given[-1] < MAX_STEP and bool((given[1:] > given[:-1]).all())):
            raise ValueError(
                f"steps from {given[0]} to {given[-1]} after step {self._last}: steps must increase"
            )
        if self._writer.closed:
            raise ValueError("the recording is closed")
        kept, at = given.astype(np.int64), 0
        while at < len(kept):
            take = min(self._capacity - self._used, len(kept) - at)
            into = slice(self._used, self._used + take)
            with np.errstate(over="ignore"):
                self._rows[into] = rows[at : at + take]
            self._steps[into] = array("q", kept[at : at + take].tobytes())
            self._last = int(kept[at + take - 1])
            self._used += take
            at += take
            if self._used == self._capacity:
                self._seal()
        self._writer.poll()

    def encode(self) -> None:
        """Hands the rows that were not flushed yet to the writer."""
        start, end = self._flushed, self._used
        if start == end:
            return
        steps = self._stepped(start, end)
        payload = pack_steps(steps) + self._rows[start:end].T.tobytes()
        self._writer.pend(pack_chunk(ROWS, payload, id=self._id, rows=end - start, first=int(steps[0])))
        self._flushed = end

    def _seal(self) -> None:
        steps = self._stepped(0, self._used)
        self._writer.pend(*pack_block(self._id, steps, self._rows[: self._used].T))
        self._used = self._flushed = 0

    def _stepped(self, start: int, end: int) -> Ints:
        return np.array(self._steps[start:end], np.int64)
