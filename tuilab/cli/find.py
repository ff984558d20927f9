"""What RUN and RUN_OR_FILE mean on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuilab.runs import Run


def run_or_file(name: str | None, runs: Path | None) -> Run | Path:
    """A run, or the recording file that `name` is the path of."""
    from tuilab.runs import find, runs_folder

    if name is not None and Path(name).is_file():
        return Path(name)
    return find(runs_folder(runs), name)
