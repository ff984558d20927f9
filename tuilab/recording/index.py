"""The index of a compacted file: where every chunk lies, so that opening it reads no more than that."""

from __future__ import annotations

import struct
from collections.abc import Iterable
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
    first: Ints
    last: Ints
    rows: Ints
    stride: Ints
    offset: Ints
    length: Ints


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
    groups: list[tuple[int, int, Ints]] = []
    at = REGIONS.size
    while at < len(payload):
        if len(payload) - at < GROUP.size:
            raise ValueError("an index of an odd length")
        kind, id, count = GROUP.unpack_from(payload, at)
        at += GROUP.size
        if not count or len(payload) - at < 48 * count:
            raise ValueError("an index of an odd length")
        columns = np.frombuffer(payload, "<i8", 6 * count, at).astype(np.int64, copy=False)
        groups.append((kind, id, columns.reshape(6, count)))
        at += 48 * count
    if groups:
        _check_apart(np.concatenate([columns[4:] for *_, columns in groups], axis=1), end)
    return (a, a_length, b, b_length), [Group(kind, id, *columns) for kind, id, columns in groups]


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


def fill(pieces: Pieces, group: Group, lengths: Ints) -> None:
    """Takes a group of rows or frames as the pieces, which must have these payload lengths.

    Raises:
        ValueError: they have others, or their steps cannot be.
    """
    kind, _, first, last, rows, stride, _, length = group
    if rows.min() < 1 or not (length == lengths).all():
        raise ValueError("an index whose lengths do not fit its rows")
    apart, gaps = last - first, rows - 1
    # The division is there because the product could overflow.
    odd = (stride != 0) & ((apart != stride * gaps) | (apart // np.maximum(stride, 1) != gaps))
    if first[0] < 0 or last[-1] >= MAX_STEP or apart.min() < 0 or odd.any() or (first[1:] <= last[:-1]).any():
        raise ValueError("an index whose steps do not increase")
    for name, column in zip(Entry._fields[:5], group[2:7], strict=True):
        getattr(pieces, name).frombytes(column.tobytes())
    pieces.kind.frombytes(bytes([kind]) * len(first))
    pieces.sound.frombytes(bytes(len(first)))
