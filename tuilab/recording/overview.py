"""A series in a few spans, from block summaries where the spans are wide."""

from __future__ import annotations

import numpy as np

from tuilab.recording.block import summarize
from tuilab.recording.format import Floats, Ints
from tuilab.recording.results import Overview


def bounds(start: int, stop: int, columns: int) -> Ints:
    """Where the spans begin, and the last one's end: [start, stop) in `columns` equal parts, (columns + 1,)."""
    width = stop - start
    return np.array([start + -(-part * width // columns) for part in range(columns + 1)], np.int64)


def overview_of(steps: Ints, values: Floats, edges: Ints) -> Overview:
    """The overview of values at hand.

    Args:
        steps: (n,) increasing.
        values: (n,).
        edges: (k + 1,) from `bounds`.
    """
    cuts = np.searchsorted(steps, edges)
    filled = cuts[1:] > cuts[:-1]
    starts, ends = cuts[:-1][filled], cuts[1:][filled]
    if not len(starts):
        none = np.empty(0)
        return Overview(np.empty(0, np.int64), none, none, none, np.empty(0, np.int64))
    base = starts[0]
    low, high, last, nonfinite = summarize(values[base : ends[-1]], starts - base)
    return Overview(steps[ends - 1], low, high, last, nonfinite)
