"""Where data sets lie."""

from __future__ import annotations

import os
import stat
from pathlib import Path


class DataError(Exception):
    """Data that are missing, damaged or can't be fetched: one sentence with what, where and what to do."""


class MissingDataError(DataError):
    """A data set that has not been fetched."""


def folder() -> Path:
    """The folder of all data sets: `$TUILAB_DATA`, else `data` in the user's data folder."""
    if named := os.environ.get("TUILAB_DATA"):
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_data_dir("tuilab")) / "data"


def inside(name: str) -> Path:
    """The folder of this name in the data folder.

    A scenario may come from anywhere, so what it names is read from the data folder alone.

    Raises:
        DataError: it isn't there, or it is elsewhere: `..`, an absolute path, a link that leads out.
    """
    place = folder() / name
    refuse_outside(place)
    if not place.is_dir():
        raise DataError(f"there is no folder {name} in {folder()}: `tuilab data list` shows what is there")
    return place


def refuse_irregular(path: Path) -> None:
    """Raises DataError if a path leads to something that is no file: reading a pipe or device may never end.

    Raises OSError where nothing is there.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise DataError(f"{path}: is no file but a folder, a pipe or a device")


def refuse_outside(path: Path, place: Path | None = None) -> None:
    """Raises DataError if a path leads out of the data folder (and of `place`), by its name or by a link."""
    try:
        real, roots = path.resolve(), [root.resolve() for root in (folder(), place) if root]
    except (OSError, RuntimeError) as error:  # a link to itself
        raise DataError(f"{path}: can't be read ({error})") from None
    if not any(real.is_relative_to(root) for root in roots):
        raise DataError(
            f"{path}: leads out of the data folder, which scenarios may not; copy it to {folder()}, "
            "or let $TUILAB_DATA name the folder that holds it"
        )
