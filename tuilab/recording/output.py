"""The end of a recording that is being written: chunks wait here, and go out in one write."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic

from tuilab.recording.format import END, Piece, pack_chunk

PENDING_BYTES = 2**20
"""More than this is written at once, whatever the clock says."""

MAX_PIECES = 1024
"""What one system call takes at most."""


class Output:
    """An open file and what waits to be appended to it.

    Args:
        path: the file's name.
        fd: it, open for writing.
        size: how much of it is written.
        flush_every: seconds between two flushes.
        encode: called by every flush, to hand over with `pend` what is buffered elsewhere.

    Attributes:
        due: when to flush next, on the monotonic clock.
        closed: nothing can be appended any more.
        waiting: bytes in chunks that are not written yet.
    """

    def __init__(
        self, path: Path, fd: int, size: int, flush_every: float, encode: Callable[[], None]
    ) -> None:
        self.path = path
        self.flush_every = flush_every
        self.due = monotonic() + flush_every
        self.closed = False
        self._fd = fd
        self._size = size
        self._encode = encode
        self._pending: list[Piece] = []
        self.waiting = 0

    def pend(self, chunk: Sequence[Piece]) -> None:
        """Queues the pieces of a chunk behind those before."""
        self._pending += chunk
        self.waiting += sum(map(len, chunk))

    def spill(self) -> None:
        """Writes what is in chunks already when that has become much; raises OSError as `flush` does."""
        if self.waiting > PENDING_BYTES:
            self.write()

    def poll(self) -> None:
        """Flushes if that is due."""
        if monotonic() >= self.due:
            self.flush()

    def flush(self) -> None:
        """Writes everything buffered, in one write.

        Raises:
            OSError: it could not be written; the file is as before and all is kept for a later flush.
        """
        self.check_open()
        self.due = monotonic() + self.flush_every
        self._encode()
        self.write()

    def write(self) -> None:
        """Writes what is in chunks already; raises OSError as `flush` does."""
        if not self._pending:
            return
        try:
            self._size += write_all(self._fd, self._pending, self._size)
        except OSError:
            # A reader must not find half a chunk; should even this fail, the next write goes over it.
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, self._size)
            raise
        self._pending, self.waiting = [], 0

    def sync(self) -> None:
        """Lets what was written survive a power cut, where the file system can."""
        with contextlib.suppress(OSError):
            os.fsync(self._fd)

    def end(self) -> None:
        """Marks the file as finished, if there is room for that."""
        with contextlib.suppress(OSError):
            self.pend(pack_chunk(END))
            self.write()

    def close(self) -> None:
        """Closes the file; whatever is appended from now on is refused."""
        self.closed = True
        self.due = -1.0  # so that it is noticed at once
        os.close(self._fd)

    def __del__(self) -> None:
        if not self.closed:
            os.close(self._fd)

    def check_open(self) -> None:
        """Raises ValueError when the file is closed."""
        if self.closed:
            raise ValueError(f"{self.path}: the recording is closed")


def write_all(fd: int, pieces: Sequence[Piece], offset: int) -> int:
    """Writes all pieces at `offset`, in one write where the system lets it, and says how many bytes.

    Raises:
        OSError: they could not all be written.
    """
    if len(pieces) <= MAX_PIECES:
        left = sum(map(len, pieces)) - (done := os.pwritev(fd, pieces, offset))
        if not left:
            return done
    view = memoryview(b"".join(pieces))
    done = 0
    while done < len(view):
        done += os.pwrite(fd, view[done:], offset + done)
    return done
