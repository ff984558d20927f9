"""The lab in the terminal: a library of scenarios and runs, and one screen for live and recorded runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuilab.runs import Run
    from tuilab.studies import Study
    from tuilab.studies.compared import Compared
    from tuilab.studies.sweep import Sweep


class NoTerminalError(Exception):
    """The lab can't open here: one clear sentence."""


def open_library(trust: bool = False) -> None:
    """Open the lab on its library; returns when the user leaves.

    Args:
        trust: let engines run the code of own parts that scenarios name.

    Raises:
        NoTerminalError: there is no terminal.
    """
    _want_terminal()
    from tuilab.tui.app import LabApp
    from tuilab.tui.screens.library import LibraryScreen

    LabApp(LibraryScreen(trust)).run_until_left()


def open_run(
    place: Path | Run | Study | Sweep | Compared, *, live: bool, speed: float = 1.0, start: int | None = None
) -> None:
    """Open the lab on a run, a study, a sweep, runs compared or a recording file, until the user leaves.

    Args:
        place: a run, its folder, a study, a sweep, runs compared, or a recording file.
        live: begin at the end and follow it; otherwise play from the start.
        speed: of playback, 1 being the scenario's own pace.
        start: the step to begin at.

    Raises:
        RecordingError: it can't be read.
        NoTerminalError: there is no terminal.
    """
    _want_terminal()
    from tuilab.tui.app import LabApp
    from tuilab.tui.screens.run import RunScreen
    from tuilab.tui.source import Source

    source = Source(place)
    LabApp(RunScreen(source, live=live, speed=speed, start=start)).run_until_left()


def _want_terminal() -> None:
    if not (os.isatty(0) and sys.__stderr__ is not None and sys.__stderr__.isatty()):
        raise NoTerminalError(
            "the lab wants a terminal as its standard input and standard error; "
            "`tuilab replay RUN --plain` prints a run as text"
        )
