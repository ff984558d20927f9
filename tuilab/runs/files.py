"""Small files of a run's folder: read with bounds, replaced in one piece."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
from pathlib import Path
from typing import Any

PRIVATE = 0o600
"""Who may read and write what a run holds: its owner."""


def read_json(path: Path, most: int) -> dict[str, Any]:
    """The JSON object in a file of at most `most` bytes.

    Raises:
        OSError: it can't be read, is too large, or is no regular file (a pipe would be waited for).
        ValueError: it holds no JSON object.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is no file", str(path))
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it has more than {most:,} bytes", str(path))
    try:
        found = json.loads(data)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("it holds no JSON object")
    return found


def write_private(path: Path, data: bytes, flags: int) -> None:
    """Write a file that only its owner may read; never through a link.

    Args:
        path: the file.
        data: all of it goes into one write.
        flags: `os.O_EXCL`, `os.O_APPEND` or `os.O_TRUNC`.

    Raises:
        OSError: it can't be written, or not all of it.
    """
    # A pipe without a reader is refused instead of waited for.
    flags |= os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    descriptor = os.open(path, flags, PRIVATE)
    try:
        if os.write(descriptor, data) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    finally:
        os.close(descriptor)


def replace(path: Path, data: bytes) -> None:
    """Give a file new content: a reader finds the old or the new, whole.

    Raises:
        OSError: it can't be written; the old one is as it was.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.unlink(missing_ok=True)
        write_private(temporary, data, os.O_EXCL)
        temporary.rename(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
