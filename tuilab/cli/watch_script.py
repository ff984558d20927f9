"""`tuilab watch-script`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from tuilab.cli.output import RunsFolder


def watch_script(
    script: Annotated[Path, typer.Argument(help="A program that trains with PyTorch, such as train.py.")],
    arguments: Annotated[list[str] | None, typer.Argument(metavar="[ARGS]...", help="Its own.")] = None,
    name: Annotated[str | None, typer.Option(help="The run's name [default: the program's].")] = None,
    control: Annotated[
        bool, typer.Option("--control", help="Let others pause, step, tune and stop its training.")
    ] = False,
    every: Annotated[int, typer.Option(min=0, help="Steps between two looks inside; 0: none.")] = 50,
    runs: RunsFolder = None,
) -> None:
    """Run a program of your own as Python would, and watch it train.

    Options of tuilab's stand before the program, its own behind it. What it says and how it ends is its own;
    `tuilab watch` shows it in another terminal.
    """
    from tuilab.watching.script import BOOTSTRAP

    with script.open("rb"):
        pass  # what can't be read is told here
    options = {
        "name": name,
        "control": control,
        "every": every,
        "runs": None if runs is None else str(runs.absolute()),
        "config": {"arguments": arguments or []},
        "sample": 4096,
        "bins": 64,
        "steps": None,
    }
    sys.stdout.flush()
    # A fresh Python: no handler of a signal, no module and no stream is ours.
    command = [sys.executable, "-c", BOOTSTRAP, json.dumps(options), str(script), *(arguments or [])]
    os.execv(sys.executable, command)
