"""What RUN, STUDY and RUN_OR_FILE mean on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuilab.runs import Run
    from tuilab.studies import Study


def run_or_file(name: str | None, runs: Path | None) -> Run | Study | Path:
    """A run, a study, or the recording file that `name` is the path of."""
    if name is not None and Path(name).is_file():
        return Path(name)
    if name is not None:
        from tuilab.runs import runs_folder
        from tuilab.studies.board import board_of
        from tuilab.studies.sweep import find_sweep

        swept = find_sweep(runs_folder(runs), name)
        if swept is not None and board_of(swept).is_file():
            return board_of(swept)
    return run_or_study(name, runs)


def run_or_study(name: str | None, runs: Path | None) -> Run | Study:
    """A study by its name or path, or a run as `tuilab.runs.find` finds it."""
    from tuilab import studies
    from tuilab.runs import find, runs_folder

    if name is not None and (study := studies.find(runs_folder(runs), name)) is not None:
        return study
    return find(runs_folder(runs), name)
