"""A series as far as it goes, asked for in parts: a live run is looked at every other second."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuilab.recording import Overview, Readable
from tuilab.recording.memo import memo

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEW = 50
"""Values below which it is too early to say that something has not fallen."""
_SPANS = 1000


@dataclass(frozen=True, slots=True)
class Course:
    """One series up to a step; it has a value.

    Attributes:
        recording: what it is read from.
        name: the series'.
        step: the last one that counts.
    """

    recording: Readable
    name: str
    step: int

    @classmethod
    def of(cls, recording: Readable, name: str | None, step: int) -> Course | None:
        """The course of a series; None while it has no value, and without a name."""
        known = name is not None and recording.at(name, step) is not None
        return cls(recording, name, step) if known and name is not None else None

    @property
    def spans(self) -> Overview:
        """An overview of all of it in at most 1,000 spans, a value each where it has no more.

        What was read for the look before is not read again.
        """
        width = 1 << (self.step // _SPANS).bit_length()
        return memo(self.recording).history(self.name, width, self.step + 1)

    def window(self, start: int, stop: int) -> tuple[Ints, Floats]:
        """Steps and values in [start, stop)."""
        return self.recording.read(self.name, max(start, 0), min(stop, self.step + 1))

    def first(self) -> tuple[int, float]:
        """The first row's step and value."""
        stop = 1
        while not len((rows := self.window(0, stop))[0]) and stop <= self.step:
            stop *= 2
        return int(rows[0][0]), float(rows[1][0])

    def last(self) -> float:
        """The last row's value."""
        value = self.recording.at(self.name, self.step)
        return float("nan") if value is None else value

    def latest(self, count: int) -> tuple[Ints, Floats]:
        """Steps and values of the last `count` rows, fewer where there are no more."""
        ends = self.spans.steps
        steps, values = self.window(int(ends[-count - 1]) + 1 if len(ends) > count else 0, self.step + 1)
        return steps[-count:], values[-count:]

    def lowest(self) -> tuple[int, float]:
        """Where the smallest finite value first lies, and the value; NaN where none is finite."""
        low = self.spans.low
        return self._at(low, int(np.where(np.isnan(low), np.inf, low).argmin()))

    def highest(self) -> tuple[int, float]:
        """Where the greatest finite value first lies, and the value; NaN where none is finite."""
        high = self.spans.high
        return self._at(high, int(np.where(np.isnan(high), -np.inf, high).argmax()))

    def _at(self, extremes: Floats, span: int) -> tuple[int, float]:
        ends = self.spans.steps
        steps, values = self.window(int(ends[span - 1]) + 1 if span else 0, int(ends[span]) + 1)
        places = np.flatnonzero(values == extremes[span])
        return (int(steps[places[0]]), float(values[places[0]])) if len(places) else (int(ends[span]), np.nan)

    def fell(self, share: float) -> bool:
        """Whether the mean of the last tenth is below that share of the first twentieth's.

        True while that can't be said yet.
        """
        values = self.window(0, self.step + 1)[1]
        values = values[np.isfinite(values)]
        if len(values) < FEW:
            return True
        last, first = values[-(len(values) // 10) :].mean(), values[: max(len(values) // 20, 1)].mean()
        return bool(last < share * first)
