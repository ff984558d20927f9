"""`tuilab resume`."""

from __future__ import annotations

from typing import Annotated

import typer

from tuilab.cli.conducting import conduct_here, conduct_together, run_detached, several
from tuilab.cli.output import AsJson, RunsFolder
from tuilab.cli.report import report


def resume(
    run: Annotated[
        str | None,
        typer.Argument(
            help="A run's name, its path, or its scenario's name (the newest) [default: the newest]."
        ),
    ] = None,
    runs: RunsFolder = None,
    detach: Annotated[
        bool, typer.Option("--detach", help="Start an engine that outlives this shell; return.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Go on with a run that was stopped, or whose engine died.

    From its newest checkpoint, in the same recording, as if nothing had happened. Experiments that make no
    checkpoints begin anew and come to the same.
    """
    from tuilab.runs import Run, RunError, State, find, runs_folder

    def resumable() -> Run:
        found = find(runs_folder(runs), run)
        state = found.state()
        if state.alive:
            raise RunError(f"{found.name}: its engine is at work (it is {state}); `tuilab watch` looks at it")
        if state is State.FINISHED:
            raise RunError(f"{found.name}: it is finished, there is nothing to go on with")
        return found

    if several(detach):
        found, ended = conduct_together(resumable, resume=True)
    else:
        found = resumable()
        if detach:
            run_detached(found, as_json, resume=True)
            return
        ended = conduct_here(found, resume=True)
    report(found, as_json)
    if ended == "stopped":
        raise typer.Exit(130)
