"""A series as far as it goes, asked for in parts: a live run is looked at every other second."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuilab.recording import Overview, Readable
from tuilab.recording.memo import memo

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SPANS = 1000


@dataclass(frozen=True, slots=True)
class Course:
    """One series up to a step; it has a value.

    Attributes:
        recording: what it is read from.
        name: the series'.
        step: the last one that counts.
        spans: an overview of all of it in at most 1,000 spans, a value each where it has no more. What was
            read for the look before is not read again.
    """

    recording: Readable
    name: str
    step: int
    spans: Overview

    @classmethod
    def of(cls, recording: Readable, name: str, step: int) -> Course | None:
        """The course of a series; None while it has no value."""
        width = 1 << (max(step, 0) // _SPANS).bit_length()
        spans = memo(recording).history(name, width, step + 1)
        return cls(recording, name, step, spans) if len(spans.steps) else None

    def window(self, start: int, stop: int) -> tuple[Ints, Floats]:
        """Steps and values in [start, stop)."""
        return self.recording.read(self.name, max(start, 0), min(stop, self.step + 1))

    def first(self) -> tuple[int, float]:
        """The first row's step and value."""
        steps, values = self.window(0, int(self.spans.steps[0]) + 1)
        return int(steps[0]), float(values[0])

    def latest(self, count: int) -> tuple[Ints, Floats]:
        """Steps and values of the last `count` rows, fewer where there are no more."""
        ends = self.spans.steps
        steps, values = self.window(int(ends[-count - 1]) + 1 if len(ends) > count else 0, self.step + 1)
        return steps[-count:], values[-count:]

    def last(self) -> float:
        """The last value."""
        return float(self.latest(1)[1][-1])

    def lowest(self) -> tuple[int, float]:
        """Where the smallest finite value first lies, and the value; NaN where none is finite."""
        return self._at(self.spans.low, np.where(np.isnan(self.spans.low), np.inf, self.spans.low).argmin())

    def highest(self) -> tuple[int, float]:
        """Where the greatest finite value first lies, and the value; NaN where none is finite."""
        return self._at(
            self.spans.high, np.where(np.isnan(self.spans.high), -np.inf, self.spans.high).argmax()
        )

    def _at(self, extremes: Floats, span: np.intp) -> tuple[int, float]:
        ends = self.spans.steps
        steps, values = self.window(int(ends[span - 1]) + 1 if span else 0, int(ends[span]) + 1)
        places = np.flatnonzero(values == extremes[span])
        return (int(steps[places[0]]), float(values[places[0]])) if len(places) else (int(ends[span]), np.nan)
