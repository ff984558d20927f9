"""Files on their way to their name: made whole beside it, so that nobody ever sees half of one."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def create(beside: Path) -> tuple[int, Path]:
    """A new file in the folder of `beside`, open for reading and writing, and its name `.NAME.….tmp`.

    No file or link that is there already is opened, whoever may have put it there, and nobody may read the
    new one who may not read the folder. One that a killed process leaves behind is never looked at again.

    Raises:
        OSError: it cannot be made.
    """
    made = beside.with_name(f".{beside.name}.{secrets.token_hex(4)}.tmp")
    allowed = 0o600 | (beside.parent.stat().st_mode & 0o666)
    return os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, allowed), made


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
