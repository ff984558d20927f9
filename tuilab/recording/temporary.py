"""Files on their way to their name: made beside it, and swept up when their maker was killed."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path


def create(beside: Path) -> tuple[int, Path]:
    """A new file in the folder of `beside`, open for reading and writing, as private as that folder.

    No file or link that is there already is opened, whoever may have put it there.

    Raises:
        OSError: it cannot be made.
    """
    folder = beside.parent
    allowed = 0o600 | (folder.stat().st_mode & 0o666)
    fd, name = tempfile.mkstemp(".tmp", f".{beside.name}.", folder)
    with contextlib.suppress(OSError):  # some file systems know no such thing
        os.fchmod(fd, allowed)
    return fd, Path(name)


def appear(temporary: Path, path: Path) -> None:
    """Gives a whole file its name unless that is taken.

    Raises:
        FileExistsError: it is.
        OSError: it cannot be renamed.
    """
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise FileExistsError(f"{path} exists already: a recording is never written over") from None
    except OSError:  # a file system without hard links
        temporary.rename(path)
        return
    temporary.unlink()


def sweep(folder: Path) -> int:
    """Removes what killed writers have left half-made in a folder, and says how many files that were.

    Only for who knows that nobody else writes there now, such as the holder of a run's lock.
    """
    swept = 0
    for left in folder.glob(".*.tlr.*.tmp"):
        with contextlib.suppress(OSError):
            left.unlink()
            swept += 1
    return swept
