"""`tuilab replay`."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from tuilab.cli.output import RunsFolder, heading, say

if TYPE_CHECKING:
    from tuilab.recording import Readable

_MOST = 200
"""Frames printed into a pipe."""


def replay(
    run: Annotated[
        str, typer.Argument(metavar="RUN_OR_FILE", help="A run, a recording, or another program's log.")
    ],
    speed: Annotated[float, typer.Option(min=0.1, max=100.0, help="1 is the scenario's own pace.")] = 1.0,
    start: Annotated[int | None, typer.Option("--from", metavar="STEP", help="The step to begin at.")] = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Print frames as text instead of opening the lab.")
    ] = False,
    runs: RunsFolder = None,
) -> None:
    """Play a recorded run again."""
    from tuilab.cli.import_ import run_or_log

    with run_or_log(run, runs) as found:
        if plain:
            from pathlib import Path

            from tuilab.recording import Recording

            with Recording.open(found) if isinstance(found, Path) else found.open() as recording:
                _print_frames(recording, speed, start)
            return
        from tuilab.tui import open_run

        open_run(found, live=False, speed=speed, start=start)


def _print_frames(recording: Readable, speed: float, start: int | None) -> None:
    """One frame for every second of playback; a terminal sees them a second apart, a pipe at once."""
    from tuilab.cli.plots import print_plots
    from tuilab.panels import View, panels_of
    from tuilab.tui.player import Timeline

    last = recording.last_step
    step = min(max(recording.first_step if start is None else start, 0), max(last, 0))
    timeline = Timeline.of(recording)
    least = 1 if sys.stdout.isatty() else max((last - step) // _MOST, 1)
    panels = panels_of(recording.header)
    while True:
        say(heading(f"step {step} of {last}"))
        print_plots(recording, step, most=len(panels))
        for panel in panels:
            say(panel.describe(recording, View(step=step)))
        say()
        if step >= last:
            return
        sys.stdout.flush()
        if sys.stdout.isatty():
            time.sleep(1.0)
        step = min(max(step + least, round(timeline.step(timeline.at(step) + speed))), last)
