"""Series reduced to the pixel columns that show them, all lines of a chart at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tuilab.panels.axes import Floats, Ints, ValueAxis
from tuilab.panels.steps import StepAxis
from tuilab.recording import Readable
from tuilab.recording.memo import memo

_SPANS = 64
_FEW = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The values of n lines that fall into each of c pixel columns; NaN where there is none to draw.

    Equal where they hold the same.

    Attributes:
        low: (n, c) smallest.
        high: (n, c) greatest.
        last: (n, c) last.
        broken: (n, c) whether a value of the column is NaN or infinite.
        left_out: Whether values were left out because they have no logarithm.
    """

    low: Floats
    high: Floats
    last: Floats
    broken: NDArray[np.bool_]
    left_out: bool = False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Columns) and self._content() == other._content()

    def __hash__(self) -> int:
        return hash(self._content())

    def _content(self) -> tuple[object, ...]:
        arrays = self.last, self.low, self.high, self.broken
        return self.last.shape, self.left_out, *(array.tobytes() for array in arrays)

    @classmethod
    def points(cls, values: Floats, broken: NDArray[np.bool_]) -> Columns:
        """Columns (n, c) of one value each."""
        return cls(values, values, values, broken)

    @property
    def filled(self) -> NDArray[np.bool_]:
        """(n, c) whether a column has a value."""
        return np.isfinite(self.last)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not (self.filled.any() or self.broken.any())

    def held(self, lines: Sequence[int], until: int) -> Columns:
        """Of these lines, which have one value each, that value up to and including column number `until`."""
        low, high, last = self.low.copy(), self.high.copy(), self.last.copy()
        for line in lines:
            at = int(np.argmax(self.filled[line]))
            for part in (low, high, last):
                part[line, at + 1 : until + 1] = last[line, at]
        return replace(self, low=low, high=high, last=last)

    def middles(self) -> Columns:
        """Every column's span as its middle."""
        middle = self.low / 2 + self.high / 2
        return replace(self, low=middle, high=middle, last=middle)

    def smoothed(self, weights: Floats) -> Columns:
        """Their last values as means in which every column counts less the longer ago it was.

        An exponential moving average without the bias of its beginning (Kingma and Ba 2015, section 3),
        begun anew behind a value that is not finite.

        Args:
            weights: (n,) of what came before, 0 to below 1; 0 leaves a line as it is.
        """
        mean, mass = np.zeros(len(weights)), np.zeros(len(weights))
        result = np.full_like(self.last, np.nan)
        for column in range(self.last.shape[1]):
            value, filled = self.last[:, column], np.isfinite(self.last[:, column])
            mass[self.broken[:, column]] = 0
            mean[self.broken[:, column]] = 0
            mean = np.where(filled, weights * mean + (1 - weights) * np.where(filled, value, 0), mean)
            mass = np.where(filled, weights * mass + (1 - weights), mass)
            result[filled, column] = mean[filled] / mass[filled]
        return replace(self, low=result, high=result, last=result)

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

    def lines(self, chosen: Sequence[int]) -> Columns:
        """Those of some lines."""
        cut = [part[chosen] for part in (self.low, self.high, self.last)]
        return replace(self, low=cut[0], high=cut[1], last=cut[2], broken=self.broken[chosen])

    def value_axis(self, log: bool) -> ValueAxis:
        """The axis that holds them all."""
        filled = self.filled
        ends = [float(self.low[filled].min()), float(self.high[filled].max())] if filled.any() else []
        return ValueAxis.holding(ends, ends, log)


@dataclass(frozen=True, slots=True, eq=False)
class Strokes:
    """Lines as vertical strokes, at most one a line and pixel column.

    Attributes:
        lines: (m,) the line of each.
        columns: (m,) its pixel column.
        low: (m,) its lowest pixel row, counted from the bottom.
        high: (m,) its highest.
    """

    lines: Ints
    columns: Ints
    low: Ints
    high: Ints


def read_columns(recording: Readable, names: Sequence[str], axis: StepAxis, stop: int) -> Columns:
    """Series before a step, by column of the axis. What was read once is not read again.

    Every bin of steps is read whole or up to `stop`, so a column comes out the same whether or not the
    recording goes on after it.
    """
    kept = memo(recording)
    spans = [(start, min(end, stop), width) for start, end, width in axis.spans]
    parts = [kept.history(name, width, end, start) for name in names for start, end, width in spans]
    shape, size = (len(names), axis.columns), len(names) * axis.columns
    low, high, last = (np.full(size, np.nan) for _ in range(3))
    broken = np.zeros(size, bool)
    if parts:
        lines = np.arange(len(parts)) // len(spans)
        begins = np.repeat(lines * axis.columns, [len(part.steps) for part in parts])
        place = axis.column(np.concatenate([part.steps for part in parts])) + begins
        np.fmin.at(low, place, np.concatenate([part.low for part in parts]))
        np.fmax.at(high, place, np.concatenate([part.high for part in parts]))
        values = np.concatenate([part.last for part in parts])
        finite = np.flatnonzero(np.isfinite(values))
        latest = np.full(size, -1)
        np.maximum.at(latest, place[finite], finite)
        filled = latest >= 0
        last[filled] = values[latest[filled]]
        broken[place[np.concatenate([part.nonfinite for part in parts]) > 0]] = True
    return Columns(low.reshape(shape), high.reshape(shape), last.reshape(shape), broken.reshape(shape))


def strokes(columns: Columns, values: ValueAxis, rows: int, dashes: Sequence[int] | Ints) -> Strokes:
    """Lines as strokes: neighbours touch, wider steps are bridged by straight lines, gaps stay gaps.

    What joins two columns is drawn in the later one alone, so a column that was drawn never changes.

    Args:
        columns: The values of n lines.
        values: The axis that turns them into rows.
        rows: Pixel rows of the canvas.
        dashes: (n,) 1 draws every column, 2 leaves out every other pair, 4 draws one in four.
    """
    width = columns.last.shape[1]
    # The lines one behind the other, as one: `filled` are the places that have a value.
    filled = np.flatnonzero(columns.filled)
    if not len(filled):
        none = np.empty(0, np.int64)
        return Strokes(none, none, none, none)
    low, high, last = (
        _rows(part.ravel()[filled], values, rows) for part in (columns.low, columns.high, columns.last)
    )
    place = np.arange(columns.last.size)
    after = np.searchsorted(filled, place)  # the filled place at or after each
    place, after = (part[after < len(filled)] for part in (place, after))
    line = place // width
    before = np.maximum(after - 1, 0)
    follows = (filled[before] // width == line) & (after > 0)
    here = filled[after] == place
    drawn = here | (follows & (filled[after] // width == line))
    place, line, after, before, follows, here = (
        part[drawn] for part in (place, line, after, before, follows, here)
    )
    broken = columns.broken.ravel()
    breaks = np.cumsum(broken)
    gap_free = breaks[filled[after]] - breaks[filled[before]] + broken[filled[before]] == 0
    joined = gap_free & follows
    # Between two filled columns the line runs from where the first one ended to the nearest of the second.
    start = last[before]
    end = np.clip(start, low[after], high[after])
    share = (place - filled[before]) / np.maximum(filled[after] - filled[before], 1)
    bridge = np.rint(start + (end - start) * share).astype(np.int64)
    bottom, top = np.where(here, low[after], bridge), np.where(here, high[after], bridge)
    left = np.where(here, last[after], bridge)  # where the column's own curve ends
    previous = np.append(left[:1], left[:-1])
    bottom = np.where(joined & (previous < bottom - 1), previous + 1, bottom)
    top = np.where(joined & (previous > top + 1), previous - 1, top)
    dash = np.asarray(dashes, np.int64)[line]
    shown = (here | joined) & (place % width * np.minimum(dash, 2) // 2 % dash == 0)
    return Strokes(line[shown], place[shown] % width, bottom[shown], top[shown])


def bands(columns: Columns, values: ValueAxis, rows: int, group: int) -> Strokes:
    """From lowest to highest in the columns of noisy lines, every other pixel: what lies behind a line.

    Args:
        columns: The values of n lines.
        values: The axis that turns them into rows.
        rows: Pixel rows of the canvas.
        group: Columns that are judged together.
    """
    noise = np.repeat(noisy(columns, values, rows, group), group, axis=1)[:, : columns.last.shape[1]]
    lines, places = np.nonzero(noise & columns.filled)
    low, high = (_rows(part[lines, places], values, rows) for part in (columns.low, columns.high))
    heights = high - low + 1
    lines, places = np.repeat(lines, heights), np.repeat(places, heights)
    row = np.repeat(low, heights) + np.arange(len(lines)) - np.repeat(np.cumsum(heights) - heights, heights)
    dots = (row + places) % 2 == 0
    return Strokes(lines[dots], places[dots], row[dots], row[dots])


def noisy(columns: Columns, values: ValueAxis, rows: int, group: int) -> NDArray[np.bool_]:
    """Of n lines and groups of columns (n, groups) whether their values spread more than their middles do.

    A smooth curve does not: it is as far from its middles as these are from each other.
    """
    count, width = columns.last.shape
    groups = -(-width // group)
    padding = ((0, 0), (0, groups * group - width))
    low, high, middle = (
        np.pad(values.place(part) * (rows - 1), padding, constant_values=np.nan).reshape(count, groups, group)
        for part in (columns.low, columns.high, columns.middles().last)
    )
    bottom, top = np.fmin.reduce(low, axis=2), np.fmax.reduce(high, axis=2)
    lowest, highest = np.fmin.reduce(middle, axis=2), np.fmax.reduce(middle, axis=2)
    found: NDArray[np.bool_] = (
        np.maximum(lowest - bottom, top - highest) > (highest - lowest) / max(group - 1, 1) + 1
    )
    return found


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
