"""One open file: bytes at an offset, what was found bad in it, and what was found good."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

from tuilab.recording.format import HEAD_SIZE, VERSION, Head, unpack_head
from tuilab.recording.results import Gap

NEAR = 4096
AHEAD = 64 * 1024
"""Small pieces this near each other are read in strides of this length."""


class File:
    """Reads by offset (never a memory map: a file cut short under one kills the process)."""

    fd = -1

    def __init__(self, path: Path) -> None:
        self.path = path
        # Not to wait for the other end of a pipe, should it be one; a regular file doesn't care.
        self.fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        status = os.fstat(self.fd)
        self.size = status.st_size
        self._identity = (status.st_dev, status.st_ino)
        self.gaps: list[Gap] = []
        self._window, self._base, self._end = b"", 0, 0
        self._bad: set[int] = set()
        self._good: set[int] = set()

    def close(self) -> None:
        """Closes the file; safe to call twice."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def __del__(self) -> None:
        self.close()

    def is_same(self, status: os.stat_result) -> bool:
        """Whether that is the status of this file, and not of another that took its place."""
        return (status.st_dev, status.st_ino) == self._identity

    def exact(self, offset: int, length: int) -> bytes | None:
        """`length` bytes at `offset`, or None where the file ends before."""
        if offset + length > self.size:
            return None
        data = os.pread(self.fd, length, offset)
        return data if len(data) == length else None

    def near(self, offset: int, length: int) -> bytes | None:
        """As `exact`, reading ahead when the last such call was for a place shortly before."""
        at = offset - self._base
        if at < 0 or at + length > len(self._window):
            ahead = AHEAD if 0 <= offset - self._end < NEAR else 0
            length_now = max(0, min(max(length, ahead), self.size - offset))
            self._window, self._base, at = os.pread(self.fd, length_now, offset), offset, 0
        self._end = offset + length
        data = self._window[at : at + length]
        return data if len(data) == length else None

    def gap(self, offset: int, length: int, reason: str) -> None:
        """Notes a region that is skipped, once."""
        if offset not in self._bad:
            self._bad.add(offset)
            self.gaps.append(Gap(self.path, offset, length, reason))

    def trusted(self, offset: int) -> bool | None:
        """Whether the region at `offset` was found good; None before it was checked."""
        if offset in self._bad:
            return False
        return True if offset in self._good else None

    def checked(self, offset: int, length: int, crc: int) -> bytes | None:
        """A region if its CRC is right; else None, and a gap."""
        data = self.exact(offset, length)
        if data is None or zlib.crc32(data) != crc:
            self.gap(offset, length, "its checksum is wrong")
            return None
        self._good.add(offset)
        return data

    def head(self, offset: int, kind: int) -> Head | None:
        """The header at `offset` if it is one of this version, intact and of this kind."""
        data = self.exact(offset, HEAD_SIZE) if offset >= 0 else None
        head = unpack_head(data) if data else None
        return head if head and head.version == VERSION and head.type == kind else None

    def covered(self, offset: int, length: int, kind: int, id: int, rows: int, first: int) -> bytes | None:
        """The covered `length` bytes of the chunk at `offset`.

        None, and a gap, when they are not intact or the chunk is not what it is said to be.
        """
        if self.trusted(offset) is False:
            return None
        data = self.exact(offset, HEAD_SIZE + length)
        head = unpack_head(data) if data else None
        if data is None or head is None or zlib.crc32(memoryview(data)[HEAD_SIZE:]) != head.crc:
            self.gap(offset, HEAD_SIZE + length, "its checksum is wrong")
            return None
        if head.covered != length or (head.type, head.id, head.rows, head.first) != (kind, id, rows, first):
            self.gap(offset, HEAD_SIZE + length, "it is not what the index says")
            return None
        self._good.add(offset)
        return data[HEAD_SIZE:]
