"""A block: many rows of a table, each column by itself with its summary and its own checksum."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from typing import Any, NamedTuple, overload

import numpy as np

from tuilab.recording.format import BLOCK, Ints, Piece, pack_head
from tuilab.recording.steps import pack_steps

GROUP = 256
"""Rows a summary is made of."""

Values = np.ndarray[Any, Any]


class Groups(NamedTuple):
    """Groups of rows: where their steps begin and end (g,), and of each column (columns, g) a summary.

    Attributes:
        first: the first step of each group.
        last: its last step.
        low: the smallest finite value; NaN where there is none, and so the next two.
        high: the greatest.
        final: the last.
        nonfinite: how many values are NaN or infinite.
        running: the crc32 of the column's region in its block, up to the end of the group's values; 0 where
            it was not taken.
    """

    first: Ints
    last: Ints
    low: Values
    high: Values
    final: Values
    nonfinite: Values
    running: Values


@overload
def groups_in(rows: int) -> int: ...
@overload
def groups_in(rows: Ints) -> Ints: ...
def groups_in(rows: int | Ints) -> int | Ints:
    """Into how many groups so many rows of a block fall."""
    return -(-rows // GROUP)


@lru_cache(maxsize=64)
def summary_dtype(dtype: np.dtype[Any], rows: int) -> np.dtype[Any]:
    """The summaries of one column of a block, a group each."""
    groups = groups_in(rows)
    return np.dtype(
        [
            ("low", dtype, (groups,)),
            ("high", dtype, (groups,)),
            ("last", dtype, (groups,)),
            ("nonfinite", "<u4", (groups,)),
        ]
    )


@lru_cache(maxsize=64)
def region_dtype(dtype: np.dtype[Any], rows: int) -> np.dtype[Any]:
    """One column of a block: its summaries, then its values."""
    return np.dtype([*summary_dtype(dtype, rows).descr, ("values", dtype, (rows,))])


def sum_up(steps: Ints, columns: Values) -> Groups:
    """The groups of so many rows, without running checksums.

    Args:
        steps: (n,) of the rows.
        columns: (columns, n) their values.
    """
    rows = len(steps)
    starts = np.arange(0, rows, GROUP)
    last = steps[np.minimum(starts + GROUP, rows) - 1]
    low, high, final, nonfinite = summarize(columns, starts)
    return Groups(steps[::GROUP], last, low, high, final, nonfinite, np.zeros(low.shape, "<u4"))


def pack_block(table: int, steps: Ints, columns: Values) -> tuple[list[Piece], Groups]:
    """A block chunk, in pieces to be written one after the other, and the groups in it.

    Args:
        table: its id.
        steps: (n,) of its rows.
        columns: (columns, n) their values.
    """
    count, rows = columns.shape
    regions = np.empty(count, region_dtype(columns.dtype, rows))
    regions["values"] = columns
    groups = sum_up(steps, regions["values"])
    regions["low"], regions["high"], regions["last"] = groups.low, groups.high, groups.final
    regions["nonfinite"] = groups.nonfinite
    body, size = regions.view(np.uint8).data, regions.itemsize
    ahead, group = size - rows * columns.itemsize, GROUP * columns.itemsize
    checks = [_running(body[at : at + size], ahead, group) for at in range(0, len(body), size)]
    covered = pack_steps(steps) + struct.pack(f"<{count}I", *[ends[-1] for ends in checks])
    length, crc = len(covered) + len(body), zlib.crc32(covered)
    head = pack_head(BLOCK, length, len(covered), crc, id=table, rows=rows, first=int(steps[0]))
    return [head, covered, body], groups._replace(running=np.array(checks, "<u4"))


def _running(region: memoryview, ahead: int, group: int) -> list[int]:
    """The crc32 of a region up to the end of each of its groups, which begin after `ahead` bytes."""
    checks, crc, at = [], 0, 0
    for end in (*range(ahead + group, len(region), group), len(region)):
        crc = zlib.crc32(region[at:end], crc)
        checks.append(crc)
        at = end
    return checks


@np.errstate(invalid="ignore")  # a signalling NaN is a NaN
def summarize(values: Values, starts: Ints) -> tuple[Values, Values, Values, Ints]:
    """Smallest, greatest and last finite value and the count of the others, over runs of the last axis.

    Args:
        values: (..., n) floats.
        starts: (k,) where each run begins, increasing from 0; each run ends where the next begins.

    Returns:
        Four arrays (..., k); the first three hold NaN where a run has no finite value.
    """
    ends = np.append(starts[1:], values.shape[-1]) - 1
    low = np.minimum.reduceat(values, starts, axis=-1)
    high = np.maximum.reduceat(values, starts, axis=-1)
    if np.isfinite(low).all() and np.isfinite(high).all():
        return low, high, values[..., ends], np.zeros(low.shape, np.int64)
    finite = np.isfinite(values)
    low = np.minimum.reduceat(np.where(finite, values, np.inf), starts, axis=-1)
    high = np.maximum.reduceat(np.where(finite, values, -np.inf), starts, axis=-1)
    where = np.where(finite, np.arange(values.shape[-1]), -1)
    where = np.maximum.reduceat(where, starts, axis=-1)
    last = np.take_along_axis(values, np.maximum(where, 0), axis=-1)
    good = np.add.reduceat(finite, starts, axis=-1, dtype=np.int64)
    none = good == 0
    low[none] = high[none] = last[none] = np.nan
    return low, high, last, (ends + 1 - starts) - good
