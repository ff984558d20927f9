"""Where data sets lie."""

from __future__ import annotations

import os
from pathlib import Path


class DataError(Exception):
    """Data that are missing, damaged or can't be fetched: one sentence with what, where and what to do."""


def folder() -> Path:
    """The folder of all data sets: `$TUILAB_DATA`, else `data` in the user's data folder."""
    if named := os.environ.get("TUILAB_DATA"):
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_data_dir("tuilab")) / "data"
