"""The index of a compacted file: where every chunk lies, so that opening it reads no more than that."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from tuilab.recording.format import HEAD_SIZE, MAX_STEP, Ints
from tuilab.recording.pieces import Pieces

REGIONS = struct.Struct("<QQQQ")
"""Offset and length of the definitions, and of their second copy."""

GROUP = struct.Struct("<III")
"""Type, id and number of the chunks of a group; their six columns of int64 follow."""


class Entry(NamedTuple):
    """One chunk of rows, frames or events; without a stride its steps stand in it one by one."""

    first: int
    last: int
    rows: int
    stride: int
    offset: int
    length: int


class Group(NamedTuple):
    """The chunks of a table, of a frame definition or of events: each field of `Entry` as a column (n,)."""

    type: int
    id: int
    first: list[int]
    last: list[int]
    rows: list[int]
    stride: list[int]
    offset: list[int]
    length: list[int]


Regions = tuple[int, int, int, int]


def pack_index(regions: Regions, groups: Iterable[tuple[int, int, list[Entry]]]) -> bytes:
    """The payload of an index chunk; a group is a type, an id, and its chunks in order of their steps."""
    parts = [REGIONS.pack(*regions)]
    for kind, id, entries in groups:
        parts.append(GROUP.pack(kind, id, len(entries)))
        parts.append(np.array(entries, "<i8").T.tobytes())
    return b"".join(parts)


def unpack_index(payload: bytes, end: int) -> tuple[Regions, list[Group]]:
    """What `pack_index` made, of a file whose index begins at `end`.

    Raises:
        ValueError: it is no index, one that points outside the file, or of chunks that cannot be.
    """
    if len(payload) < REGIONS.size:
        raise ValueError("an index of an odd length")
    a, a_length, b, b_length = REGIONS.unpack_from(payload)
    if a + a_length > end or b + b_length > end:
        raise ValueError("an index that points outside its file")
    groups: list[Group] = []
    places: list[Ints] = []
    at = REGIONS.size
    while at < len(payload):
        if len(payload) - at < GROUP.size:
            raise ValueError("an index of an odd length")
        kind, id, count = GROUP.unpack_from(payload, at)
        at += GROUP.size
        if not count or len(payload) - at < 48 * count:
            raise ValueError("an index of an odd length")
        columns = np.frombuffer(payload, "<i8", 6 * count, at).reshape(6, count)
        places.append(columns[4:])
        groups.append(Group(kind, id, *columns.tolist()))
        at += 48 * count
    if groups:
        _check_apart(np.concatenate(places, axis=1, dtype=np.int64), end)
    return (a, a_length, b, b_length), groups


def _check_apart(places: Ints, end: int) -> None:
    """Raises ValueError when chunks, their offsets and lengths (2, n), lie outside the file or share bytes.

    A file must not seem larger than it is, so that reading it takes no more memory than its size allows.
    """
    if places.min() < 0 or places.max() > end:  # so that their sum cannot overflow
        raise ValueError("an index that points outside its file")
    offset, length = places
    ends = offset + length + HEAD_SIZE
    if ends.max() > end:
        raise ValueError("an index that points outside its file")
    if not (offset[1:] >= ends[:-1]).all():  # as a rule they stand in the index as they do in the file
        order = np.argsort(offset, kind="stable")
        if (offset[order][1:] < ends[order][:-1]).any():
            raise ValueError("an index of chunks that overlap")


def fill(pieces: Pieces, group: Group, length_of: Callable[[int, int], int]) -> None:
    """Takes a group of rows or frames as the pieces.

    Args:
        pieces: empty so far.
        group: of the index.
        length_of: the length of the payload of so many rows at such a stride.

    Raises:
        ValueError: their lengths are others, or their steps cannot be.
    """
    before = -1
    for first, last, rows, stride, _, length in zip(*group[2:], strict=True):
        if rows < 1 or length != length_of(rows, stride):
            raise ValueError("an index whose lengths do not fit its rows")
        fits = stride >= 0 and (not stride or last - first == stride * (rows - 1))
        if not (fits and before < first <= last < MAX_STEP):
            raise ValueError("an index whose steps do not increase")
        before = last
    for name, column in zip(Entry._fields[:5], group[2:7], strict=True):
        getattr(pieces, name).extend(column)
    pieces.kind.frombytes(bytes([group.type]) * len(group.first))
    pieces.sound.frombytes(bytes(len(group.first)))
