"""Finding the intact chunks of a file, whatever lies between them."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from tuilab.recording.format import HEAD_SIZE, MAGIC, VERSION, Head, unpack_head

AHEAD = 256 * 1024


class Window:
    """Reads a file in strides, so that small neighbouring pieces cost one read."""

    def __init__(self, fd: int, size: int) -> None:
        self.size = size
        self._fd = fd
        self._base = 0
        self._data = b""

    def read(self, offset: int, length: int) -> bytes:
        """`length` bytes at `offset`; fewer where the file ends."""
        at = offset - self._base
        if at < 0 or at + length > len(self._data):
            room = max(0, min(max(length, AHEAD), self.size - offset))
            self._data, self._base, at = os.pread(self._fd, room, offset), offset, 0
        return self._data[at : at + length]

    def peek(self, offset: int, length: int) -> bytes:
        """The same of a place far off, which nothing beside it will be asked of."""
        return os.pread(self._fd, max(0, min(length, self.size - offset)), offset)

    def crc(self, offset: int, length: int) -> int:
        """The crc32 of a region, read piece by piece."""
        crc, end = 0, offset + length
        while offset < end:
            piece = self.read(offset, min(AHEAD, end - offset))
            if not piece:
                return -1
            crc = zlib.crc32(piece, crc)
            offset += len(piece)
        return crc

    def find(self, needle: bytes, offset: int) -> int:
        """Where `needle` is next, or the file's end."""
        while len(self.read(offset, len(needle))) == len(needle):
            at = self._data.find(needle, offset - self._base)
            if at >= 0:
                return self._base + at
            offset = self._base + len(self._data) - len(needle) + 1
        return self.size


class Found(NamedTuple):
    """An intact chunk at `offset`, or with no head a region that is none, up to `end`."""

    offset: int
    end: int
    head: Head | None


class Newer(Exception):
    """An intact chunk of a newer format version, the only argument."""


def scan(window: Window, position: int) -> Iterator[Found]:
    """The intact chunks from `position` on and the regions between them, but not what follows the last.

    Raises:
        Newer: a chunk is of a newer version of the format.
    """
    size = window.size
    start = position
    # A hostile file can hold many headers that claim the same payload; checking each would never end.
    patience = 4 * size + 2**26
    while position + HEAD_SIZE <= size:
        head = unpack_head(window.read(position, HEAD_SIZE))
        if head is None:
            position = window.find(MAGIC, position + 1)
            continue
        if head.version > VERSION:
            raise Newer(head.version)
        end = position + HEAD_SIZE + head.length
        if end <= size and patience > 0:
            if window.crc(position + HEAD_SIZE, head.covered) == head.crc:
                if start < position:
                    yield Found(start, position, None)
                yield Found(position, end, head)
                start = position = end
                continue
            patience -= head.covered
            # The header's own CRC vouches for the length, unless the payload was never written in full.
            if unpack_head(window.peek(end, HEAD_SIZE)) is not None:
                position = end
                continue
        position = window.find(MAGIC, position + 1)
