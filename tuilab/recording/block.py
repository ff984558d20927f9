"""A block: many rows of a table, each column by itself with its summary and its own checksum."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from typing import Any

import numpy as np

from tuilab.recording.format import BLOCK, Ints, pack_head
from tuilab.recording.steps import pack_steps

GROUP = 256
"""Rows a summary is made of."""

Values = np.ndarray[Any, Any]


@lru_cache(maxsize=64)
def summary_dtype(dtype: np.dtype[Any], rows: int) -> np.dtype[Any]:
    """The summaries of one column of a block, a group each."""
    groups = -(-rows // GROUP)
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


def pack_block(table: int, steps: Ints, columns: Values) -> list[bytes]:
    """A block chunk of `columns` (column, row), in pieces to be written one after the other."""
    count, rows = columns.shape
    regions = np.empty(count, region_dtype(columns.dtype, rows))
    regions["values"] = columns
    starts = np.arange(0, rows, GROUP)
    low, high, last, nonfinite = summarize(regions["values"], starts)
    regions["low"], regions["high"], regions["last"], regions["nonfinite"] = low, high, last, nonfinite
    body = regions.tobytes()
    size = regions.itemsize
    view = memoryview(body)
    checks = [zlib.crc32(view[at : at + size]) for at in range(0, len(body), size)]
    covered = pack_steps(steps) + struct.pack(f"<{count}I", *checks)
    length, crc = len(covered) + len(body), zlib.crc32(covered)
    head = pack_head(BLOCK, length, len(covered), crc, id=table, rows=rows, first=int(steps[0]))
    return [head, covered, body]


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
