"""The index of a compacted file: where every chunk lies, so that opening it reads no more than that."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from tuilab.recording.format import MAX_STEP, Floats
from tuilab.recording.pieces import Pieces

REGIONS = struct.Struct("<QQQQ")
"""Offset and length of the definitions, and of their second copy."""

ENTRY = np.dtype(
    [
        ("type", "<u4"),
        ("id", "<u4"),
        ("rows", "<u4"),
        ("length", "<u4"),
        ("first", "<i8"),
        ("last", "<i8"),
        ("stride", "<i8"),
        ("offset", "<i8"),
    ]
)
"""One chunk: those of a table or a frame definition stand together, in order of their steps."""


class Entry(NamedTuple):
    """One chunk of rows or events, as the index has it."""

    type: int
    id: int
    rows: int
    length: int
    first: int
    last: int
    stride: int
    offset: int


Entries = np.ndarray[Any, Any]


def pack_index(regions: tuple[int, int, int, int], entries: Sequence[Entry]) -> bytes:
    """The payload of an index chunk."""
    return REGIONS.pack(*regions) + np.array(entries, ENTRY).tobytes()


def unpack_index(payload: bytes, end: int) -> tuple[tuple[int, int, int, int], Entries]:
    """What `pack_index` made, of a file whose index begins at `end`.

    Raises:
        ValueError: it points outside the file, or its steps do not increase.
    """
    if len(payload) < REGIONS.size or (len(payload) - REGIONS.size) % ENTRY.itemsize:
        raise ValueError("an index of an odd length")
    a, a_length, b, b_length = REGIONS.unpack_from(payload)
    entries = np.frombuffer(payload, ENTRY, offset=REGIONS.size)
    first, last, stride = entries["first"], entries["last"], entries["stride"]
    sound = a + a_length <= end and b + b_length <= end
    sound = sound and bool(
        (
            (entries["rows"] > 0)
            & (first >= 0)
            & (first <= last)
            & (last < MAX_STEP)
            & (stride >= 0)
            & (entries["offset"] >= 0)
            & (entries["offset"] < end)
        ).all()
    )
    if not sound or bool((entries["offset"] + entries["length"] > end).any()):
        raise ValueError("an index that points outside its file")
    strided = stride > 0
    whole = np.where(strided, (last - first) // np.where(strided, stride, 1) == entries["rows"] - 1, True)
    whole &= np.where(strided, (last - first) % np.where(strided, stride, 1) == 0, True)
    if not bool(whole.all()):
        raise ValueError("an index whose steps do not fit its rows")
    return (a, a_length, b, b_length), entries


def groups(entries: Entries) -> Iterator[tuple[int, int, Entries]]:
    """The entries of each type and id."""
    if not len(entries):
        return
    keys = entries["type"].astype(np.int64) << 32 | entries["id"]
    cuts = [0, *(np.flatnonzero(np.diff(keys)) + 1).tolist(), len(entries)]
    for start, stop in pairwise(cuts):
        yield int(entries["type"][start]), int(entries["id"][start]), entries[start:stop]


def fill(pieces: Pieces, kind: int, group: Entries, lengths: Floats) -> None:
    """Takes a group of entries as the pieces, which must be of these payload lengths and not overlap.

    Raises:
        ValueError: they are not.
    """
    if not bool((group["length"] == lengths).all()):
        raise ValueError("an index whose lengths do not fit its rows")
    if len(pieces) or not bool((group["first"][1:] > group["last"][:-1]).all()):
        raise ValueError("an index whose steps overlap")
    for name in ("first", "last", "rows", "stride", "offset"):
        getattr(pieces, name).frombytes(group[name].astype(np.int64).tobytes())
    pieces.kind.frombytes(bytes([kind]) * len(group))
