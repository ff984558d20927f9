"""The axis of steps: a range that doubles, or the part of it that is looked at, evenly or logarithmically."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tuilab.panels.axes import Ints, Ticks, integer_ticks
from tuilab.panels.numbers import integer_label
from tuilab.panels.view import View

_FIRST_RANGE = 16
_LABELS = 5
"""Cells from one label to the next, at least."""

_SINGLE = 4096
"""Steps from 0 on that a logarithmic axis reads one by one."""

_SMALLEST = 4
"""Steps that are looked at, at least."""


@dataclass(frozen=True, slots=True)
class StepAxis:
    """Steps first…last over pixel columns, in whole bins of steps: a filled column never changes again.

    Attributes:
        last: The last step.
        columns: Pixel columns.
        first: The first step, where a bin begins.
        log: Whether a column further right holds more steps: the place of step k goes by log(1 + k).
    """

    last: int
    columns: int
    first: int = 0
    log: bool = False

    @classmethod
    def until(cls, step: int, total: int | None, columns: int) -> StepAxis:
        """The axis for a moment: doubled until it holds `step`, capped by the run's total if known."""
        last = _FIRST_RANGE
        while last < step:
            last *= 2
        if total is not None and max(step, 1) <= total:
            last = min(last, total)
        return cls(last, max(columns, 1))

    @classmethod
    def seen(cls, view: View, header: Mapping[str, Any], columns: int) -> StepAxis:
        """The axis for a view of a run: all of it until the moment, or the window of it."""
        whole = cls.until(view.step, total_steps(header), columns)
        if view.window is None:
            return cls(whole.last, whole.columns, 0, view.log_steps)
        first = min(max(view.window[0], 0), max(whole.last - _SMALLEST, 0))
        last = min(max(view.window[1], first + _SMALLEST), max(whole.last, first + _SMALLEST))
        width = cls(last, whole.columns, first).bin
        return cls(last, whole.columns, first // width * width)

    @property
    def bin(self) -> int:
        """Steps read together, a power of two: at least two bins a column where the steps are many."""
        columns = max(self.columns, _SINGLE) if self.log else self.columns
        return 1 << max((self.last - self.first + 1) // (2 * columns), 1).bit_length() - 1

    @property
    def spans(self) -> list[tuple[int, int, int]]:
        """What is read: first step, the one behind the last, and how many steps at once."""
        end = self.last + 1
        single = max(_SINGLE, self.bin)
        if self.log and self.bin > 1 and end > single:
            return [(0, single, 1), (single, end, self.bin)]
        return [(self.first, end, self.bin)]

    @property
    def crowded(self) -> bool:
        """Whether several steps share a column."""
        return self.last - self.first + 1 >= 2 * self.columns

    def column(self, steps: Ints) -> Ints:
        """The pixel column (n,) of each step (n,); below 0 or beyond the last one for steps not shown."""
        starts = steps // self.bin * self.bin
        if self.log:
            starts = np.where(steps < self.spans[0][1], steps, starts) if len(self.spans) > 1 else starts
            share = np.log1p(np.maximum(starts, 0)) / np.log1p(self.last)
        else:
            share = (starts - self.first) / (self.last - self.first)
        columns: Ints = np.floor(share * (self.columns - 1) + 0.5).astype(np.int64)
        return columns

    def step(self, column: int) -> int:
        """The step that lies in the middle of a pixel column, about."""
        share = min(max(column / max(self.columns - 1, 1), 0.0), 1.0)
        if self.log:
            return round(float(np.expm1(share * np.log1p(self.last))))
        return self.first + round(share * (self.last - self.first))

    def complete(self, step: int, cell: int) -> int:
        """How many columns can change no more after `step`, rounded down to whole cells of `cell` columns."""
        if step >= self.last:
            return self.columns
        return max(int(self.column(np.array([step + 1]))[0]), 0) // cell * cell

    def ends(self) -> Ints:
        """The last step (columns,) that lies in each pixel column, or before it."""
        starts = np.concatenate([np.arange(*span) for span in self.spans])
        ends = np.append(starts, starts[-1] + self.bin) - 1
        found: Ints = ends[np.searchsorted(self.column(starts), np.arange(self.columns), "right")]
        return found

    def shown(self, step: int, live: int = 0) -> int:
        """The step before which everything is drawn at a moment.

        Args:
            step: The moment.
            live: Columns that are drawn together, and only once all of them can change no more; 0 draws each
                as far as it goes.
        """
        if not live or step >= self.last:
            return max(min(step, self.last) + 1, 0)
        complete = self.complete(step, live)
        return int(self.ends()[complete - 1]) + 1 if complete else 0

    def ticks(self, cells: int) -> Ticks:
        """Labels for an axis so many cells wide."""
        if not self.log:
            return integer_ticks(self.first, self.last, float(self.first), float(self.last), cells, _LABELS)
        values = [0, *(10**power for power in range(19) if 10**power <= self.last)]
        while len(values) > 2 and len(values) * (len(integer_label(values[-1])) + 2) > cells:
            values = values[::2]
        return Ticks(
            [float(np.log1p(value) / np.log1p(self.last)) for value in values],
            [integer_label(value) for value in values],
        )


def total_steps(header: Mapping[str, Any]) -> int | None:
    """The number of steps a run means to take, where its header says so."""
    steps = header.get("steps")
    return steps if isinstance(steps, int) and not isinstance(steps, bool) and steps >= 0 else None
