"""`tuilab stop`."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from tuilab.cli.output import AsJson, RunsFolder, print_json, say, typed


def stop(
    run: Annotated[str, typer.Argument(help="A run's name, its path, or its scenario's name (the newest).")],
    runs: RunsFolder = None,
    wait: Annotated[float, typer.Option(help="Seconds to wait for the engine to end.")] = 60.0,
    as_json: AsJson = False,
) -> None:
    """Ask a running engine, or all of a study, to stop.

    It does so between two steps, and its recording is intact.
    """
    from tuilab.cli.find import run_or_study

    found = run_or_study(run, runs)
    state = found.state()
    was_alive = state.alive
    if was_alive:
        found.send("stop")
        deadline = time.monotonic() + wait
        while (state := found.state()).alive and time.monotonic() < deadline:
            time.sleep(0.05)
    if as_json:
        print_json({"run": found.name, "state": str(state), "path": str(found.path)})
    elif not was_alive:
        say(f"{found.name}: nothing to stop: {state} already")
    elif state.alive:
        say(f"{found.name}: asked to stop; its step has not ended within {wait:g} s, it will stop after that")
    else:
        resumable = state.resumable and not found.without_engine
        again = f", `{typed('resume', found.name)}` goes on with it" if resumable else ""
        say(f"{found.name}: {state}; `{typed('replay', found.name)}` shows it{again}")
