"""How commands have an engine run: here, in several processes of `torchrun`, or detached from this shell."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tuilab.cli.output import print_json, say

if TYPE_CHECKING:
    from tuilab.experiments.world import World
    from tuilab.runs import Run


def conduct_here(prepared: Run, resume: bool = False, world: World | None = None) -> str:
    """Run the engine in this process with live progress; returns how the run ended.

    A run that could not even start leaves no folder behind. Of a world only the leader shows progress.
    """
    from tuilab.cli.progress import StepProgress
    from tuilab.runs.launch import QUIET_THREADS

    os.environ.update({key: os.environ.get(key, value) for key, value in QUIET_THREADS.items()})
    if world is not None and not world.leader:
        from tuilab.engine import conduct

        return str(conduct(prepared, None, resume, world))
    with StepProgress(prepared.name) as progress:
        from tuilab.engine import EngineError, conduct
        from tuilab.experiments import ALONE, DistributedError

        try:
            return str(conduct(prepared, progress.update, resume, world or ALONE))
        except (EngineError, DistributedError):
            if not prepared.recordings():
                shutil.rmtree(prepared.path, ignore_errors=True)
            raise


def several(detach: bool) -> bool:
    """Whether this process is one of several, which can't be detached."""
    found = "RANK" in os.environ and int(os.environ.get("WORLD_SIZE", "1")) > 1
    if found and detach:
        raise typer.BadParameter("--detach is not for torchrun; `nohup torchrun … &` does the same")
    return found


def conduct_together(find: Callable[[], Run], resume: bool = False) -> tuple[Run, str]:
    """Run the engine here and in the other processes; returns the run, and how it ended.

    Only the first process comes back; it alone looks for the run, shows progress and reports. What all of
    them would say it says for them.

    Args:
        find: makes or finds the run's folder.
        resume: go on with it.
    """
    from tuilab.engine.distributed import joined
    from tuilab.experiments.world import PeerFailed, PeerLost
    from tuilab.runs import Run

    with joined() as world:
        try:
            found = world.all_or_none(lambda: find() if world.leader else None)
            run = Run(Path(world.broadcast(str(found.path.resolve()) if found else None)))
            world.all_or_none(lambda: run.facts)
            ended = conduct_here(run, resume, world)
        except PeerFailed:
            if world.leader:
                raise
            with suppress(PeerLost):
                world.any(False)  # until the first one has said it: torchrun ends all when one ends
            raise typer.Exit(2) from None
    if not world.leader:
        raise typer.Exit(130 if ended == "stopped" else 0)
    return run, ended


def run_detached(prepared: Run, as_json: bool, resume: bool = False) -> None:
    """Launch an engine of its own session and say where it is, once it records.

    A run that could not even start leaves no folder behind.
    """
    from tuilab.runs import RunError, launch, wait_until_started

    before = len(prepared.recordings())
    process = launch(prepared, resume)
    try:
        wait_until_started(prepared, process, before)
    except RunError:
        if process.poll() is not None and not before:
            shutil.rmtree(prepared.path, ignore_errors=True)
        raise
    if as_json:
        print_json({"run": prepared.name, "path": str(prepared.path), "state": "running", "pid": process.pid})
        return
    say(f"{prepared.name} runs on without this shell (process {process.pid}); it lies in {prepared.path}")
    say(f"tuilab watch {prepared.name} looks at it, tuilab stop {prepared.name} ends it")
