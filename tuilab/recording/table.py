"""Tables: the writer's buffer of series that share their steps."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from time import monotonic
from time import time as now
from typing import Any

import numpy as np
from numpy import ndarray

from tuilab.recording.block import sum_up
from tuilab.recording.definitions import TableDefinition
from tuilab.recording.format import MAX_STEP, ROWS, Piece, pack_chunk
from tuilab.recording.output import Output
from tuilab.recording.steps import as_array, pack_steps
from tuilab.recording.summary import Gathering, pack_summary

MAX_ROWS = 2048
MIN_ROWS = 64
LARGE_BYTES = 2**20
"""Rows of one large chunk: MAX_ROWS, or as many as fit these bytes, but MIN_ROWS."""

SUMMARY_GROUPS = 512
SUMMARY_BYTES = 2**20
"""When what large chunks hold is summed up: so many groups, or so many bytes of summary."""

LOOK_ROWS = 64
LOOK_SHARE = 1 / 50
"""The clock is looked at with every row; with every 64th while these come within 1/50 of a flush's time."""


class Table:
    """Series that share their steps. Made by `Writer.table`.

    Rows that were flushed in small chunks are written again once they make a large one, which replaces them:
    a reader of a live or killed recording meets small chunks only at the end.
    """

    __slots__ = (
        "_bytes",
        "_capacity",
        "_columns",
        "_count",
        "_countdown",
        "_dtype",
        "_fresh",
        "_gathering",
        "_id",
        "_last",
        "_looked",
        "_output",
        "_steps",
        "_stored",
        "names",
    )

    def __init__(self, output: Output, id: int, definition: TableDefinition) -> None:
        self.names = definition.series
        self._output = output
        self._id = id
        self._dtype = definition.dtype
        self._columns = len(definition.names)
        self._bytes = self._columns * definition.dtype.itemsize
        self._capacity = min(MAX_ROWS, max(MIN_ROWS, LARGE_BYTES // self._bytes))
        self._gathering = Gathering(SUMMARY_GROUPS, SUMMARY_BYTES)
        self._last = -1
        self._countdown = 1
        self._looked = 0.0
        # Since the last large chunk: all steps, the bytes of the rows handed on already, and of the others.
        self._steps: list[int] = []
        self._stored: list[bytes] = []
        self._count = 0
        self._fresh: list[bytes] = []

    def append(self, step: int, row: Sequence[float] | np.ndarray[Any, Any]) -> None:
        """Adds a row, and flushes the recording when that is due.

        Args:
            step: greater than that of the row before.
            row: (columns,) a value for each series; NaN and infinities are recorded as they are.

        Raises:
            ValueError: the step does not increase, or the row has another length.
            OSError: the disk is full. The row is kept and written by a later flush: don't append it again.
        """
        if not self._last < step < MAX_STEP:
            raise ValueError(f"step {step} after step {self._last}: steps must increase")
        if row.__class__ is ndarray and row.dtype is self._dtype:
            data = row.tobytes()
        else:
            data = self._converted(row)
        if len(data) != self._bytes:
            raise ValueError(f"a row of shape {np.shape(row)} for {self._columns} series: a value for each")
        step = step if step.__class__ is int else index(step)
        try:
            self._last = step
            self._steps.append(step)
            self._fresh.append(data)
        except BaseException:  # raised by a signal's handler between the two
            self._even_out()
            raise
        self._countdown = left = self._countdown - 1
        if left <= 0:
            self._look()

    def extend(self, steps: np.ndarray[Any, Any], rows: np.ndarray[Any, Any]) -> None:
        """Adds many rows at once.

        Args:
            steps: (n,) integers, increasing.
            rows: (n, columns) values.

        Raises:
            ValueError: the steps do not increase, or the shapes don't fit. Nothing is added.
            OSError: the disk is full. The rows are kept and written by a later flush.
        """
        steps = np.asarray(steps)
        if steps.ndim != 1 or (len(steps) and steps.dtype.kind not in "iu"):
            raise ValueError(
                f"steps of shape {steps.shape} and dtype {steps.dtype}: a row of integers is needed"
            )
        if np.shape(rows) != (len(steps), self._columns):
            raise ValueError(
                f"rows of shape {np.shape(rows)} for {len(steps)} steps of {self._columns} series"
            )
        if not len(steps):
            return
        if not (self._last < steps[0] and steps[-1] < MAX_STEP and bool((steps[1:] > steps[:-1]).all())):
            raise ValueError(f"steps from {steps[0]} after step {self._last}: steps must increase")
        listed, data, at = steps.tolist(), self._converted(rows), 0
        while at < len(listed):
            end = min(at + self._capacity - len(self._steps), len(listed))
            self._steps += listed[at:end]
            self._fresh.append(data[at * self._bytes : end * self._bytes])
            self._last = listed[end - 1]
            at = end
            if len(self._steps) >= self._capacity:
                self._seal()
        self._look()

    def encode(self) -> None:
        """Hands the rows that were not handed on yet to the writer."""
        if not self._fresh:
            return
        data, count = b"".join(self._fresh), len(self._steps)
        steps = self._steps[self._count :]
        self._hand_on(steps, data if len(steps) == 1 else self._rows(data).T.tobytes())
        self._stored += [data]
        self._fresh, self._count = [], count

    def shut(self) -> None:
        """Lets the next row meet the closed writer."""
        self._countdown = 0

    def _look(self) -> None:
        """Does what is due, and decides after how many rows to look again."""
        now = monotonic()
        if len(self._steps) >= self._capacity:
            self._seal()
            self._output.spill()
        if now >= self._output.due:
            self._output.flush()
        often = now - self._looked < self._output.flush_every * LOOK_SHARE
        self._countdown = min(LOOK_ROWS, self._capacity - len(self._steps)) if often else 1
        self._looked = now

    def _seal(self) -> None:
        """Hands all rows since the last large chunk to the writer as one, and summaries when they are due."""
        columns = np.ascontiguousarray(self._rows(b"".join(self._stored + self._fresh)).T)
        self._hand_on(self._steps, columns.reshape(-1).view(np.uint8).data)
        self._gathering.add(sum_up(as_array(self._steps), columns))
        if self._gathering.full:
            self._output.pend(pack_summary(self._id, self._gathering.take()))
        self._steps, self._stored, self._fresh, self._count = [], [], [], 0

    def _even_out(self) -> None:
        """Drops a step whose row was not added."""
        rows = self._count + sum(map(len, self._fresh)) // self._bytes
        del self._steps[rows:]

    def _hand_on(self, steps: list[int], values: Piece) -> None:
        packed = pack_steps(steps)
        self._output.pend(pack_chunk(ROWS, packed, values, id=self._id, rows=len(steps), first=steps[0]))

    def _rows(self, data: bytes) -> np.ndarray[Any, Any]:
        return np.frombuffer(data, self._dtype).reshape(-1, self._columns)

    def _converted(self, rows: object) -> bytes:
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(rows, self._dtype).tobytes()


class TimedTable(Table):
    """Series that share their steps, and of each row when it was measured. Made by `Writer.timed_table`."""

    __slots__ = ()

    def append(
        self, step: int, row: Sequence[float] | np.ndarray[Any, Any], time: float | None = None
    ) -> None:
        """As `Table.append`; `time` is in seconds since 1970, None for now."""
        values = np.asarray(row, self._dtype)
        super().append(step, np.append(values, now() if time is None else time))

    def extend(
        self,
        steps: np.ndarray[Any, Any],
        rows: np.ndarray[Any, Any],
        times: np.ndarray[Any, Any] | None = None,
    ) -> None:
        """As `Table.extend`; `times` (n,) are in seconds since 1970, None for now."""
        values = np.asarray(rows, self._dtype)
        column = np.full(len(values), now()) if times is None else np.asarray(times, self._dtype)
        if values.ndim != 2 or column.shape != values.shape[:1]:
            raise ValueError(f"rows of shape {values.shape} with times of shape {column.shape}")
        super().extend(steps, np.column_stack([values, column]))
