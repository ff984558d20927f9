"""`tuilab resume`."""

from __future__ import annotations

from typing import Annotated

import typer

from tuilab.cli.conducting import conduct_distributed, conduct_here, run_detached, several
from tuilab.cli.output import AsJson, RunsFolder
from tuilab.cli.report import report
from tuilab.cli.run import Trust


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
    trust: Trust = False,
    as_json: AsJson = False,
) -> None:
    """Go on with a run that was stopped, or whose engine died.

    From its newest checkpoint, in the same recording, as if nothing had happened. Experiments that make no
    checkpoints begin anew and come to the same.
    """
    from tuilab.cli.find import run_or_study
    from tuilab.runs import Run, State, find, runs_folder
    from tuilab.studies.sweep import Sweep

    if several(detach):
        found, ended = conduct_distributed(lambda: find(runs_folder(runs), run), resume=True, trust=trust)
    else:
        place = run_or_study(run, runs)
        if isinstance(place, Sweep):
            from tuilab.cli.sweep import go_on

            go_on(place, trust, as_json)
            return
        if not isinstance(place, Run):
            from tuilab.cli.study import conduct

            conduct(place, None, as_json, trust)
            return
        found = place
        if detach:
            run_detached(found, as_json, resume=True, trust=trust)
            return
        ended = conduct_here(found, resume=True, trust=trust)
    report(found, as_json)
    if ended is State.STOPPED:
        raise typer.Exit(130)
