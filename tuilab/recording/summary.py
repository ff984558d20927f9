"""Summaries of many chunks of rows side by side, so that a long curve is drawn from few reads."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from typing import Any

import numpy as np

from tuilab.recording.block import Groups
from tuilab.recording.format import SUMMARY, Ints, Piece, pack_head


class Gathering:
    """The groups of a table's chunks that are in no summary yet.

    Args:
        most: groups that make a summary, whatever its size.
        size: bytes that make one, however few its groups.
    """

    def __init__(self, most: int, size: int) -> None:
        self._most = most
        self._size = size
        self._parts: list[Groups] = []
        self._count = self._bytes = 0

    def __len__(self) -> int:
        return self._count

    def add(self, groups: Groups) -> None:
        """Takes those of one more chunk."""
        self._parts.append(groups)
        self._count += len(groups.first)
        self._bytes += sum(field.nbytes for field in groups)

    @property
    def full(self) -> bool:
        """Whether it is time to take them."""
        return self._count >= self._most or self._bytes >= self._size

    def take(self) -> Groups:
        """All of them; there must be some."""
        fields = zip(*self._parts, strict=True)
        self._parts, self._count, self._bytes = [], 0, 0
        return Groups(*(np.concatenate(field, axis=-1) for field in fields))


class Summary:
    """A summary chunk in a file.

    Attributes:
        first: the first step of what it sums up.
        last: the last.
        groups: how many.
        offset: of the chunk.
        steps: the first steps of its groups and their last ones, once they were looked at.
        pieces: which of the table's chunks it is of; empty when these are not all there.
    """

    __slots__ = ("first", "groups", "last", "offset", "pieces", "steps")

    def __init__(self, first: int, last: int, groups: int, offset: int) -> None:
        self.first = first
        self.last = last
        self.groups = groups
        self.offset = offset
        self.steps: tuple[Ints, Ints] | None = None
        self.pieces: range | None = None


@lru_cache(maxsize=64)
def column_dtype(dtype: np.dtype[Any], groups: int) -> np.dtype[Any]:
    """One column of a summary, so many groups of it."""
    return np.dtype(
        [
            ("low", dtype, (groups,)),
            ("high", dtype, (groups,)),
            ("final", dtype, (groups,)),
            ("nonfinite", "<u4", (groups,)),
            ("running", "<u4", (groups,)),
        ]
    )


def covered_size(groups: int, columns: int) -> int:
    """Bytes ahead of the columns of a summary: the groups' steps and the columns' checksums."""
    return 16 * groups + 4 * columns


def summary_size(groups: int, columns: int, dtype: np.dtype[Any]) -> int:
    """Bytes of the payload of a summary."""
    return covered_size(groups, columns) + columns * groups * (3 * dtype.itemsize + 8)


def pack_summary(table: int, groups: Groups) -> list[Piece]:
    """A summary chunk, in pieces."""
    columns, count = groups.low.shape
    regions = np.empty(columns, column_dtype(groups.low.dtype, count))
    for name in ("low", "high", "final", "nonfinite", "running"):
        regions[name] = getattr(groups, name)
    body, size = regions.view(np.uint8).data, regions.itemsize
    checks = [zlib.crc32(body[at : at + size]) for at in range(0, len(body), size)]
    steps = groups.first.astype("<i8").tobytes() + groups.last.astype("<i8").tobytes()
    covered = steps + struct.pack(f"<{columns}I", *checks)
    first, length, crc = int(groups.first[0]), len(covered) + len(body), zlib.crc32(covered)
    head = pack_head(SUMMARY, length, len(covered), crc, id=table, rows=count, first=first)
    return [head, covered, body]
