"""`tuilab diagnose`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from tuilab.cli.output import AsJson, RunsFolder, print_json, say


def diagnose(
    run: Annotated[
        str | None, typer.Argument(metavar="RUN_OR_FILE", help="A run or a recording [default: the newest].")
    ] = None,
    step: Annotated[
        int | None, typer.Option(min=0, help="As of this step [default: the last one recorded].")
    ] = None,
    runs: RunsFolder = None,
    as_json: AsJson = False,
) -> None:
    """What is wrong with a run, and why: findings with their evidence."""
    from tuilab.cli.find import run_or_file
    from tuilab.cli.plots import print_findings
    from tuilab.doctor import findings
    from tuilab.recording import Recording

    found = run_or_file(run, runs)
    with Recording.open(found) if isinstance(found, Path) else found.open() as recording:
        said = findings(recording, step)
    if as_json:
        print_json([dataclasses.asdict(finding) for finding in said])
    elif said:
        print_findings(said)
    else:
        say("nothing found")
