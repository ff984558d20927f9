"""Axes that change seldom: a range on a coarse 1-2-5 ladder, and its ticks. The axis of steps is in `steps`.

A picture that is redrawn sends every changed cell over the wire, so ranges jump in wide steps and only ever
depend on what was recorded up to the moment shown: the same moment always has the same axes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuilab.panels.numbers import factor_label, integer_label, power_label, tick_labels

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LIMIT = 1e300
"""Values beyond ±LIMIT are drawn at the edge: differences of larger ones overflow."""

_TINY = 1e-300
_LABEL_ROWS = 3
"""Rows from one y label to the next, at least."""


@dataclass(frozen=True, slots=True)
class Ticks:
    """Where labels stand: places from 0 (the axis's start) to 1 (its end)."""

    places: list[float]
    labels: list[str]


def integer_ticks(first: int, last: int, low: float, high: float, cells: int, apart: int = 1) -> Ticks:
    """Labels at whole numbers first…last on an axis from low to high.

    Args:
        first: The first number.
        last: The last number.
        low: The axis's start.
        high: The axis's end.
        cells: The axis's width.
        apart: Cells between labels, at least.
    """
    room = len(integer_label(last)) + apart
    step = max(1, round(nice((high - low) * min(room / max(cells, 1), 1.0))))
    values = list(range(-(-first // step) * step, last + 1, step))
    if first == 1 and step == 2:
        values = list(range(1, last + 1, 2))
    elif first == 1 and step > 1:
        values.insert(0, 1)  # layers count from 1: say so
    span = (high - low) or 1.0
    return Ticks([(value - low) / span for value in values], [integer_label(value) for value in values])


@dataclass(frozen=True, slots=True)
class ValueAxis:
    """Values from low to high; on a logarithmic one these are powers of ten."""

    low: float
    high: float
    log: bool = False

    @classmethod
    def holding(cls, lows: Iterable[float], highs: Iterable[float], log: bool) -> ValueAxis:
        """The range on the ladder that holds finite values (their logarithms, where `log`)."""
        low, high = min(lows, default=0.0), max(highs, default=1.0 if not log else 0.0)
        return cls(*(_ladder(low, high, 0.5, 0.5, 8) if log else _linear(low, high)), log)

    def place(self, values: Floats) -> Floats:
        """Values (n,) as places from 0 to 1."""
        return (np.clip(values, self.low, self.high) - self.low) / (self.high - self.low)

    def ticks(self, rows: int) -> Ticks:
        """Labels for an axis so many rows high, as fine as fits."""
        span = self.high - self.low
        step = nice(span * min(_LABEL_ROWS / max(rows, 1), 1.0))
        if self.log and (step < 0.3 or span < 2):
            return self._within_decades()
        if self.log:
            step = max(1.0, step)
        count = math.floor(span / step + 1e-9)
        values = [(math.ceil(self.low / step - 1e-9) + k) * step for k in range(count + 1)]
        values = [value for value in values if value <= self.high + step * 1e-9]
        if len(values) < 2:
            values = [math.ceil(self.low), math.floor(self.high)] if self.log else [self.low, self.high]
            power = 10.0 ** math.floor(math.log10(span))
            step = power if all(_whole(value / power) for value in values) else power / 10
        labels = [power_label(value) for value in values] if self.log else tick_labels(values, step)
        return Ticks([(value - self.low) / span for value in values], labels)

    def _within_decades(self) -> Ticks:
        """Labels at 1, 2 and 5 times the powers of ten."""
        powers = range(math.floor(self.low), math.ceil(self.high) + 1)
        values = [power + math.log10(factor) for power in powers for factor in (1, 2, 5)]
        values = [value for value in values if self.low - 1e-9 <= value <= self.high + 1e-9]
        places = [(value - self.low) / (self.high - self.low) for value in values]
        return Ticks(places, [factor_label(value) for value in values])


def _whole(value: float) -> bool:
    return abs(value - round(value)) < 1e-6


def nice(value: float) -> float:
    """The smallest 1, 2 or 5 times a power of ten that is not below a positive value."""
    value = max(value, _TINY)
    power = 10.0 ** math.floor(math.log10(value))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= value * (1 - 1e-9))


def _linear(low: float, high: float) -> tuple[float, float]:
    low, high = (min(max(end, -LIMIT), LIMIT) for end in (low, high))
    # Zero belongs on the axis unless the values are far from it.
    if 0 <= low <= high / 2:
        low = 0.0
    elif high <= 0 and high >= low / 2:
        high = 0.0
    size = max(abs(low), abs(high))
    if size == 0:
        return 0.0, 1.0
    return _ladder(low, high, size / 2, max(size * 1e-6, _TINY), 4)


def _ladder(low: float, high: float, single: float, finest: float, parts: int) -> tuple[float, float]:
    """The range widened to whole units.

    Args:
        low: Smallest value.
        high: Greatest value.
        single: The span to show around one single value.
        finest: The smallest unit.
        parts: How many units the span is about.
    """
    unit = max(nice((high - low if high > low else single) / parts), nice(finest))
    start, end = math.floor(low / unit + 1e-9), math.ceil(high / unit - 1e-9)
    return start * unit, (end if end > start else start + 1) * unit
