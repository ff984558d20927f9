"""Files below a folder, within reason."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_MOST = 100_000
"""Files looked at in a folder: a whole disk is no log."""


def walk(root: Path) -> Iterator[Path]:
    """The files below a folder by name, or the file itself; links to folders aren't followed."""
    if root.is_file():
        yield root
        return
    left = _MOST
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if left == 0:
                return
            left -= 1
            path = Path(folder, name)
            if path.is_file():
                yield path
