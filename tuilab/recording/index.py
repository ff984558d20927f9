"""The index of a compacted file: where every chunk lies, so that opening it reads no more than that."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
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


def unpack_index(payload: bytes, end: int) -> tuple[Regions, Iterator[Group]]:
    """What `pack_index` made, of a file whose index begins at `end`.

    Raises:
        ValueError: it is no index, or one that points outside the file. So does the iterator.
    """
    if len(payload) < REGIONS.size:
        raise ValueError("an index of an odd length")
    a, a_length, b, b_length = REGIONS.unpack_from(payload)
    if a + a_length > end or b + b_length > end:
        raise ValueError("an index that points outside its file")
    return (a, a_length, b, b_length), _groups(payload, end)


def _groups(payload: bytes, end: int) -> Iterator[Group]:
    at = REGIONS.size
    while at < len(payload):
        if len(payload) - at < GROUP.size:
            raise ValueError("an index of an odd length")
        kind, id, count = GROUP.unpack_from(payload, at)
        at += GROUP.size
        if not count or len(payload) - at < 48 * count:
            raise ValueError("an index of an odd length")
        columns = np.frombuffer(payload, "<i8", 6 * count, at).astype(np.int64, copy=False).reshape(6, count)
        at += 48 * count
        if columns.min() < 0 or columns.max() >= MAX_STEP or (columns[4] + columns[5]).max() > end:
            raise ValueError("an index that points outside its file")
        yield Group(kind, id, *columns)


def check_apart(groups: Sequence[Group]) -> None:
    """Raises ValueError when two chunks share bytes: a file must not seem larger than it is."""
    if not groups:
        return
    offset = np.concatenate([group.offset for group in groups])
    order = np.argsort(offset, kind="stable")
    offset, length = offset[order], np.concatenate([group.length for group in groups])[order]
    if not (offset[1:] >= offset[:-1] + HEAD_SIZE + length[:-1]).all():
        raise ValueError("an index of chunks that overlap")


def fill(pieces: Pieces, group: Group, lengths: Ints) -> None:
    """Takes a group of rows or frames as the pieces, which must have these payload lengths.

    Raises:
        ValueError: they have others, or their steps cannot be.
    """
    kind, _, first, last, rows, stride, offset, length = group
    if len(pieces) or not (length == lengths).all() or rows.min() < 1:
        raise ValueError("an index whose lengths do not fit its rows")
    strided, apart = stride > 0, last - first
    fits = ~strided | (apart == stride * (rows - 1)) & (apart // np.maximum(stride, 1) == rows - 1)
    if not (fits & (apart >= 0)).all() or not (first[1:] > last[:-1]).all():
        raise ValueError("an index whose steps do not increase")
    for name, column in zip(Entry._fields[:5], (first, last, rows, stride, offset), strict=True):
        getattr(pieces, name).frombytes(column.tobytes())
    pieces.kind.frombytes(bytes([kind]) * len(first))
    pieces.sound.frombytes(bytes(len(first)))
