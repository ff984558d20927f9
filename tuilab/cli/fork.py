"""`tuilab fork` and `tuilab rerun`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tuilab.cli.conducting import conduct_here, run_detached
from tuilab.cli.output import AsJson, RunsFolder, say
from tuilab.cli.report import report
from tuilab.cli.run import Overrides, Trust

if TYPE_CHECKING:
    from tuilab.runs import Run

Name = Annotated[str, typer.Argument(help="A run's name, its path, or its scenario's name (the newest).")]
Detach = Annotated[bool, typer.Option("--detach", help="Start an engine that outlives this shell; return.")]
New = Annotated[str | None, typer.Option("--name", help="The new run's name.")]


def fork(
    run: Name,
    at: Annotated[
        int | None,
        typer.Option("--at", min=0, metavar="N", help="Part after this one [default: the last]."),
    ] = None,
    overrides: Overrides = None,
    runs: RunsFolder = None,
    name: New = None,
    detach: Detach = False,
    trust: Trust = False,
    as_json: AsJson = False,
) -> None:
    """Go on from a step of a run with other settings, as a run of its own; the other one stays as it is.

    From the nearest checkpoint before; what lies between is done again. Another optimiser begins anew.
    """
    from tuilab import forking
    from tuilab.runs import find, runs_folder

    parent = find(runs_folder(runs), run)
    made = forking.fork(parent, at, overrides or [], name, trust)
    if not as_json:
        step = made.facts["parent"]["step"]
        say(f"{made.name} parts from {parent.name} after step {step:,}")
    _conduct(made, detach, trust, as_json)


def rerun(
    run: Name,
    runs: RunsFolder = None,
    name: New = None,
    detach: Detach = False,
    trust: Trust = False,
    as_json: AsJson = False,
) -> None:
    """Make a run again, with all that was turned while it went on turned at the same steps: bit for bit."""
    from tuilab import forking
    from tuilab.runs import find, runs_folder

    _conduct(forking.rerun(find(runs_folder(runs), run), name, trust), detach, trust, as_json)


def _conduct(run: Run, detach: bool, trust: bool, as_json: bool) -> None:
    from tuilab.runs import State

    if detach:
        run_detached(run, as_json, trust=trust)
        return
    state = conduct_here(run, trust=trust)
    report(run, as_json)
    if state is State.STOPPED:
        raise typer.Exit(130)
