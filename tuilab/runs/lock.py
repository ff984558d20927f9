"""The lock that makes an engine the only one of its run: a crash releases it, no clock and no number lies."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tuilab.runs.files import PRIVATE

_PATIENCE = 0.5
"""Seconds to try for a lock: whoever looks whether it is held holds it for an instant."""

_held: set[int] = set()


class Lock:
    """Held from `acquire` or `adopt` until `release`, or until the process is gone, however it went.

    This is flock(2). Linux makes of it a byte-range lock on an NFS server: there it holds across hosts too,
    as long as the file system was mounted with locks.
    """

    def __init__(self, fd: int) -> None:
        """Use `acquire` or `adopt`."""
        self.fd = fd
        _held.add(fd)

    @classmethod
    def acquire(cls, path: Path) -> Lock | None:
        """The lock of this file, None if somebody else has it.

        Raises:
            OSError: the file can't be made, or its file system has no locks.
        """
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, PRIVATE)
        deadline = time.monotonic() + _PATIENCE
        try:
            while not _try(fd, fcntl.LOCK_EX):
                if time.monotonic() > deadline:
                    os.close(fd)
                    return None
                time.sleep(0.01)
        except OSError:
            os.close(fd)
            raise
        return cls(fd)

    @classmethod
    def adopt(cls, fd: int) -> Lock:
        """The lock that the process which started this one has left to it."""
        os.set_inheritable(fd, False)
        return cls(fd)

    def release(self) -> None:
        """Let go; a process that was given the descriptor still has the lock. Safe to call twice."""
        if self.fd >= 0:
            _held.discard(self.fd)
            os.close(self.fd)
            self.fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def is_held(path: Path) -> bool:
    """Whether a process has the lock of this file."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except PermissionError:
        return True  # somebody else's run, which can't be looked into: what its summary says must do
    except OSError:
        return False
    try:
        return not _try(fd, fcntl.LOCK_SH)
    except OSError:
        return False  # a file system without locks, where no engine could have begun
    finally:
        os.close(fd)


def _try(fd: int, kind: int) -> bool:
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _let_go() -> None:
    """A forked child shares its parent's lock, and must not keep it when the parent is gone."""
    for fd in _held:
        with contextlib.suppress(OSError):
            os.close(fd)
    _held.clear()


os.register_at_fork(after_in_child=_let_go)
