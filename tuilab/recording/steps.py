"""How the steps of a chunk's rows are stored: a stride where it is constant, else one by one."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

from tuilab.recording.format import MAX_STEP, Ints

STRIDE = struct.Struct("<q")
"""Leads the payload of every chunk of rows: the stride, or 0 when the steps follow as int64s."""


SHARED = 2**20
"""Steps that count on by one, up to this one, are the same numbers for every series: 8 MB at most."""

_counted = np.arange(0)


def constant_stride(steps: Sequence[int] | Ints) -> int:
    """The distance between the steps (n,), which increase; 1 for a single one, 0 when it varies."""
    if len(steps) == 1:
        return 1
    stride = int(steps[1]) - int(steps[0])
    if int(steps[-1]) - int(steps[0]) != stride * (len(steps) - 1):
        return 0
    # Where they increase, no other steps than consecutive ones end where these do.
    return stride if stride == 1 or len(steps) == 2 or bool((np.diff(steps) == stride).all()) else 0


def pack_steps(steps: Sequence[int] | Ints, sized: bool = True) -> bytes:
    """The stride and, unless it is constant, the steps themselves.

    Args:
        steps: (n,), strictly increasing.
        sized: whether a row takes bytes of its own. Where it takes none, the steps are stored one by one, so
            that no chunk claims more rows than it has bytes.
    """
    stride = constant_stride(steps) if sized else 0
    return STRIDE.pack(stride) + (b"" if stride else np.asarray(steps, "<i8").tobytes())


def consecutive(first: int, last: int) -> Ints:
    """The steps from `first` to `last`; not to be changed, as all such share one array up to `SHARED`."""
    global _counted
    if last >= SHARED:
        return np.arange(first, last + 1)
    if last >= len(_counted):
        _counted = np.arange(min(SHARED, 2 * last + 1024))
        _counted.flags.writeable = False
    return _counted[first : last + 1]


def distinct(steps: Ints) -> Ints:
    """Each of some steps, which do not decrease, once."""  # np.unique costs an import of 30 ms
    return steps[np.concatenate([[True], steps[1:] != steps[:-1]])] if len(steps) else steps


def as_array(steps: list[int]) -> Ints:
    """The steps (n,), made from their stride where that is constant."""
    stride = constant_stride(steps)
    return np.arange(steps[0], steps[-1] + 1, stride) if stride else np.array(steps)


def last_of(first: int, rows: int, stride: int, explicit: Ints | None) -> int:
    """The last of the steps.

    Raises:
        ValueError: they do not increase, begin elsewhere than at `first`, or leave the allowed range.
    """
    if explicit is None:
        last = first + stride * (rows - 1)
        if stride < 1:
            raise ValueError("steps do not increase")
    else:
        last = int(explicit[-1])
        if int(explicit[0]) != first or not bool((explicit[1:] > explicit[:-1]).all()):
            raise ValueError("steps do not increase")
    if first < 0 or last >= MAX_STEP:
        raise ValueError("steps out of range")
    return last
