"""`tuilab export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tuilab.cli.output import RunsFolder, say


class ExportError(Exception):
    """A wish that can't be met: one clear sentence."""


def export(
    run: Annotated[str, typer.Argument(metavar="RUN_OR_FILE", help="A run or a recording.")],
    to: Annotated[
        str, typer.Option("--to", metavar="FORMAT", help="tensorboard, csv, parquet, jsonl, svg or cast.")
    ],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="File or folder to write [default: after the run].")
    ] = None,
    panel: Annotated[
        str | None, typer.Option(help="svg, cast: number or title of the only panel drawn.")
    ] = None,
    step: Annotated[int | None, typer.Option(min=0, help="svg: the step shown [default: the last].")] = None,
    size: Annotated[
        str, typer.Option(metavar="COLSxROWS", help="svg, cast: the terminal's size.")
    ] = "100x30",
    speed: Annotated[
        float | None,
        typer.Option(min=0.01, max=10_000, help="cast: as of `replay` [default: 30 s in all]."),
    ] = None,
    cast_version: Annotated[int, typer.Option(min=2, max=3, help="cast: of asciicast.")] = 2,
    runs: RunsFolder = None,
) -> None:
    """Write a run for another program.

    Event files for TensorBoard, a table as CSV, JSON lines or Parquet, a picture of its panels as SVG, or a
    replay for asciinema.
    """
    from tuilab.cli.find import run_or_file
    from tuilab.cli.progress import StepProgress
    from tuilab.exchange.exporting import FORMATS, Look
    from tuilab.exchange.exporting import export as write
    from tuilab.recording import Recording
    from tuilab.tui.player import Timeline

    found = run_or_file(run, runs)
    name = found.stem if isinstance(found, Path) else found.name
    path = out or Path(
        f"{name}-{to}{FORMATS.get(to, '')}" if to == "tensorboard" else f"{name}{FORMATS.get(to, '')}"
    )
    try:
        with Recording.open(found) if isinstance(found, Path) else found.open() as recording:
            pace = None if speed is None else Timeline.of(recording).pace * speed
            look = Look(panel, step, _size(size), pace, cast_version)
            with StepProgress(f"{name} to {to}") as progress:
                write(recording, to, path, look, progress.update)
    except (KeyboardInterrupt, SystemExit):
        say(f"{path}: stopped; nothing was kept", error=True)
        raise
    say(str(path))


def _size(text: str) -> tuple[int, int]:
    columns, _, rows = text.partition("x")
    if not (columns.isdecimal() and rows.isdecimal() and len(text) < 12):
        raise ExportError(f"--size {text}: wanted columns and rows of cells, such as 120x40")
    return int(columns), int(rows)
