"""`tuilab watch`."""

from __future__ import annotations

from typing import Annotated

import typer

from tuilab.cli.output import RunsFolder


def watch(
    run: Annotated[
        str | None, typer.Argument(help="A run's name, path or scenario [default: the newest].")
    ] = None,
    runs: RunsFolder = None,
) -> None:
    """Look at a run live, in the lab."""
    from tuilab.cli.find import run_or_file
    from tuilab.tui import open_run

    open_run(run_or_file(run, runs), live=True)
