"""A series in a few spans of steps: summaries of stretches of it, put together span by span."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tuilab.recording.block import Values, summarize
from tuilab.recording.format import Ints
from tuilab.recording.results import Overview


class Digest(NamedTuple):
    """Stretches of a series, each in one span; `steps` (n,) are their last, the rest as in `Overview`."""

    steps: Ints
    low: Values
    high: Values
    last: Values
    nonfinite: Ints


_NONE, _NO_STEPS = np.empty(0), np.empty(0, np.int64)
NOTHING = Digest(_NO_STEPS, _NONE, _NONE, _NONE, _NO_STEPS)
"""Where there is no stretch."""


def bounds(start: int, stop: int, columns: int) -> Ints:
    """Where the equal spans of [start, stop) begin, and the last one's end: (columns + 1,)."""
    width = stop - start
    return np.array([start + -(-part * width // columns) for part in range(columns + 1)], np.int64)


def digest(steps: Ints, values: Values, edges: Ints) -> Digest:
    """Rows (n,) in order of their steps, a stretch for each of the spans between `edges` that has some."""
    cuts = np.searchsorted(steps, edges)
    filled = cuts[1:] > cuts[:-1]
    starts, ends = cuts[:-1][filled], cuts[1:][filled]
    if not len(starts):
        return NOTHING
    return Digest(steps[ends - 1], *summarize(values[starts[0] : ends[-1]], starts - starts[0]))


def reduce(digests: Sequence[Digest], edges: Ints) -> Overview:
    """Digests of one series, made with the same edges (k + 1,), put together."""
    digests = [NOTHING, *digests]
    steps = np.concatenate([part.steps for part in digests])
    order = np.argsort(steps, kind="stable")
    steps = steps[order]
    low, high, last = (
        np.concatenate([part[field] for part in digests], dtype=np.float64)[order] for field in (1, 2, 3)
    )
    nonfinite = np.concatenate([part.nonfinite for part in digests])[order]
    if not len(steps):
        return Overview(steps, low, high, last, nonfinite)
    cuts = np.searchsorted(steps, edges)
    starts = cuts[:-1][cuts[1:] > cuts[:-1]]
    ends = np.append(starts[1:], len(steps)) - 1
    some = ~np.isnan(low)
    if some.all():
        shown = last[ends]
    else:
        where = np.maximum.reduceat(np.where(some, np.arange(len(low)), -1), starts)
        shown = np.where(where < 0, np.nan, last[where])
    return Overview(
        steps[ends],
        np.fmin.reduceat(low, starts),
        np.fmax.reduceat(high, starts),
        shown,
        np.add.reduceat(nonfinite, starts),
    )
