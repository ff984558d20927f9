"""A series reduced to the pixel columns that show it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tuilab.panels.axes import Floats, Ints, StepAxis, ValueAxis
from tuilab.panels.chart import Strokes
from tuilab.recording import Readable

_SPANS = 64
_FEW = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The values that fall into each pixel column; NaN where there is none to draw.

    Attributes:
        low: (n,) smallest.
        high: (n,) greatest.
        last: (n,) last.
        broken: (n,) whether a value of the column is NaN or infinite.
        left_out: Whether values were left out because they have no logarithm.
    """

    low: Floats
    high: Floats
    last: Floats
    broken: NDArray[np.bool_]
    left_out: bool = False

    @property
    def filled(self) -> Ints:
        """The columns that have a value."""
        return np.flatnonzero(np.isfinite(self.last))

    def first(self, columns: int) -> Columns:
        """These columns with nothing from column number `columns` on."""
        kept = np.arange(len(self.last)) < columns
        cut = [np.where(kept, values, np.nan) for values in (self.low, self.high, self.last)]
        return replace(self, low=cut[0], high=cut[1], last=cut[2], broken=self.broken & kept)

    def held(self, until: int) -> Columns:
        """The last value repeated up to and including column number `until`."""
        last, end = self.last.copy(), self.filled[-1]
        last[end + 1 : until + 1] = last[end]
        rest = slice(end + 1, until + 1)
        low, high = self.low.copy(), self.high.copy()
        low[rest] = high[rest] = last[rest]
        return replace(self, low=low, high=high, last=last)

    def middles(self) -> Columns:
        """Every column's span as its middle."""
        middle = self.low / 2 + self.high / 2
        return replace(self, low=middle, high=middle, last=middle)

    def logarithms(self) -> Columns:
        """Their decimal logarithms.

        Of a column that reaches down to zero the lowest positive value is not known: the last one stands in.
        """
        positive = self.high > 0
        last = np.where(self.last > 0, self.last, self.high)
        low = np.where(self.low > 0, self.low, last)
        with np.errstate(divide="ignore", invalid="ignore"):
            low, high, last = (np.where(positive, np.log10(part), np.nan) for part in (low, self.high, last))
        return Columns(low, high, last, self.broken, bool(np.any(self.low <= 0)))


def read_columns(recording: Readable, name: str, axis: StepAxis, step: int) -> Columns:
    """A series up to and including a step, by column of the axis. Wide spans are read from summaries.

    Every bin of steps is read whole or up to `step`, so a column comes out the same whether or not the
    recording goes on after it.
    """
    stop = max(min(step, axis.last) + 1, 0)
    whole = stop // axis.bin
    parts = [recording.overview(name, 0, whole * axis.bin, whole)] if whole else []
    if whole * axis.bin < stop:
        parts.append(recording.overview(name, whole * axis.bin, stop, 1))
    low, high, last = (np.full(axis.columns, np.nan) for _ in range(3))
    broken = np.zeros(axis.columns, bool)
    for part in parts:
        place = axis.column(part.steps)
        with np.errstate(invalid="ignore"):
            np.fmin.at(low, place, part.low)
            np.fmax.at(high, place, part.high)
        finite = np.isfinite(part.last)
        last[place[finite]] = part.last[finite]
        broken[place[part.nonfinite > 0]] = True
    return Columns(low, high, last, broken)


def strokes(
    columns: Columns, values: ValueAxis, rows: int, color: int, char: str = "*", dash: int = 1
) -> Strokes:
    """The series as strokes: neighbours touch, wider steps are bridged by straight lines, gaps stay gaps.

    What joins two columns is drawn in the later one alone, so a column that was drawn never changes.

    Args:
        columns: The values.
        values: The axis that turns them into rows.
        rows: Pixel rows of the canvas.
        color: Colour code.
        char: What draws them in ASCII.
        dash: 1 draws every column, 2 leaves out every other pair, 4 draws one in four.
    """
    filled = columns.filled
    none = np.empty(0, np.int64)
    if not len(filled):
        return Strokes(none, none, none, color, char)
    low, high, last = (
        _rows(part[filled], values, rows) for part in (columns.low, columns.high, columns.last)
    )
    span = np.arange(filled[0], filled[-1] + 1)
    after = np.searchsorted(filled, span)  # the filled column at or after each
    before = np.maximum(after - 1, 0)
    here = filled[after] == span
    breaks = np.cumsum(columns.broken)
    gap_free = breaks[filled[after]] - breaks[filled[before]] + columns.broken[filled[before]] == 0
    joined = gap_free & (after > 0)
    # Between two filled columns the line runs from where the first one ended to the nearest of the second.
    start = last[before]
    end = np.clip(start, low[after], high[after])
    share = (span - filled[before]) / np.maximum(filled[after] - filled[before], 1)
    line = np.rint(start + (end - start) * share).astype(np.int64)
    bottom, top = np.where(here, low[after], line), np.where(here, high[after], line)
    left = np.where(here, last[after], line)  # where the column's own curve ends
    previous = np.append(left[:1], left[:-1])
    bottom = np.where(joined & (previous < bottom - 1), previous + 1, bottom)
    top = np.where(joined & (previous > top + 1), previous - 1, top)
    drawn = (here | joined) & (span * min(dash, 2) // 2 % dash == 0)
    return Strokes(span[drawn], bottom[drawn], top[drawn], color, char)


def spreads(
    columns: Columns, values: ValueAxis, rows: int, color: int, char: str, group: int, at: int
) -> Strokes:
    """From lowest to highest in every group of columns, as one stroke a group.

    Noise drawn in full would fill the chart and hide other series; these leave room between them, at other
    columns for every series, and still reach every outlier.

    Args:
        columns: The values.
        values: The axis that turns them into rows.
        rows: Pixel rows of the canvas.
        color: Colour code.
        char: What draws them in ASCII.
        group: Columns in a group.
        at: The column within a group that the stroke is drawn in.
    """
    padding = (0, -len(columns.last) % group)
    low, high, middle = (
        np.pad(values.place(part) * (rows - 1), padding, constant_values=np.nan).reshape(-1, group)
        for part in (columns.low, columns.high, columns.middles().last)
    )
    kept = np.flatnonzero(
        np.isfinite(low).any(axis=1) & (np.arange(len(low)) * group + at < len(columns.last))
    )
    bottom, top = np.nanmin(low[kept], axis=1), np.nanmax(high[kept], axis=1)
    # A smooth curve needs none: it is as far from its middles as these are from each other.
    lowest, highest = np.nanmin(middle[kept], axis=1), np.nanmax(middle[kept], axis=1)
    noisy = np.maximum(lowest - bottom, top - highest) > (highest - lowest) / max(group - 1, 1) + 1
    edges = [np.rint(edge[noisy]).astype(np.int64) for edge in (bottom, top)]
    return Strokes(kept[noisy] * group + at, edges[0], edges[1], color, char)


def _rows(numbers: Floats, values: ValueAxis, rows: int) -> Ints:
    return np.rint(values.place(numbers) * (rows - 1)).astype(np.int64)


def first_nonfinite(recording: Readable, name: str, step: int) -> int | None:
    """The first step up to and including `step` at which a series is NaN or infinite."""
    low, high = 0, step + 1
    while high - low > _FEW:
        span = -(-(high - low) // _SPANS)
        part = recording.overview(name, low, low + span * _SPANS, _SPANS)
        bad = np.flatnonzero(part.nonfinite)
        if not len(bad):
            return None
        low += (int(part.steps[bad[0]]) - low) // span * span
        high = min(low + span, high)
    steps, numbers = recording.read(name, low, high)
    bad = np.flatnonzero(~np.isfinite(numbers))
    return int(steps[bad[0]]) if len(bad) else None
