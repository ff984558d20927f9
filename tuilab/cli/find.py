"""What RUN, STUDY and RUN_OR_FILE mean on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuilab.runs import Run
    from tuilab.studies import Study
    from tuilab.studies.sweep import Sweep


def run_or_file(name: str | None, runs: Path | None) -> Run | Study | Sweep | Path:
    """A run, a study, a sweep, or the recording file that `name` is the path of."""
    if name is not None and Path(name).is_file():
        return Path(name)
    return run_or_study(name, runs)


def run_or_study(name: str | None, runs: Path | None) -> Run | Study | Sweep:
    """A study or a sweep by its name or path, or a run as `tuilab.runs.find` finds it."""
    from tuilab import studies
    from tuilab.runs import find, runs_folder
    from tuilab.studies.sweep import find_sweep

    if name is not None:
        root = runs_folder(runs)
        if (study := studies.find(root, name) or find_sweep(root, name)) is not None:
            return study
    return find(runs_folder(runs), name)
