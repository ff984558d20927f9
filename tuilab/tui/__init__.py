"""The lab in the terminal: a library of scenarios and runs, and one screen for live and recorded runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuilab.runs import Run
    from tuilab.studies import Study


def open_library() -> None:
    """Open the lab on its library; returns when the user leaves."""
    from tuilab.tui.app import LabApp
    from tuilab.tui.screens.library import LibraryScreen

    LabApp(LibraryScreen()).run_until_left()


def open_run(place: Path | Run | Study, *, live: bool, speed: float = 1.0, start: int | None = None) -> None:
    """Open the lab on a run, a study or a recording file; returns when the user leaves.

    Args:
        place: a run, its folder, a study, or a recording file.
        live: begin at the end and follow it; otherwise play from the start.
        speed: of playback, 1 being the scenario's own pace.
        start: the step to begin at.

    Raises:
        RecordingError: it can't be read.
    """
    from tuilab.tui.app import LabApp
    from tuilab.tui.screens.run import RunScreen
    from tuilab.tui.source import Source

    source = Source(place)
    LabApp(RunScreen(source, live=live, speed=speed, start=start)).run_until_left()
