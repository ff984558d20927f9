"""A series in a few spans of steps, from block summaries where the spans are wide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tuilab.recording.format import Floats, Ints
from tuilab.recording.results import Overview


class Digest(NamedTuple):
    """Stretches of a series in order of their steps, each within one span; a stretch may be a single row.

    `steps` (n,) are the last of each stretch; the rest is as in an `Overview`.
    """

    steps: Ints
    low: Floats
    high: Floats
    last: Floats
    nonfinite: Ints


def digest_rows(steps: Ints, values: Floats) -> Digest:
    """Each row by itself; (n,) both."""
    finite = np.isfinite(values)
    shown = values if finite.all() else np.where(finite, values, np.nan)
    return Digest(steps, shown, shown, shown, (~finite).astype(np.int64))


def bounds(start: int, stop: int, columns: int) -> Ints:
    """Where the equal spans of [start, stop) begin, and the last one's end: (columns + 1,)."""
    width = stop - start
    return np.array([start + -(-part * width // columns) for part in range(columns + 1)], np.int64)


def reduce(digests: Sequence[Digest], edges: Ints) -> Overview:
    """Digests, in order of their steps, summed up by span.

    Args:
        digests: those of a series.
        edges: (k + 1,) from `bounds`.
    """
    steps, low, high, last, nonfinite = (np.concatenate(column) for column in zip(*digests, strict=True))
    low_edge, high_edge = np.searchsorted(steps, (edges[0], edges[-1]))
    inside = slice(low_edge, high_edge)
    steps, low, high, last, nonfinite = (column[inside] for column in (steps, low, high, last, nonfinite))
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
