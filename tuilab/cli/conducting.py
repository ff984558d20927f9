"""How commands have an engine run: here, in several processes of `torchrun`, or detached from this shell."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tuilab.cli.output import print_json, say, typed

if TYPE_CHECKING:
    from tuilab.experiments.world import World
    from tuilab.runs import Run, State


def conduct_here(run: Run, resume: bool = False, world: World | None = None, trust: bool = False) -> State:
    """Run the engine in this process with live progress; returns how the run ended.

    Of a world only the leader shows progress. A run that was made for this and could not even start leaves no
    folder behind; one to go on with stays as it was.
    """
    from tuilab.cli import asked
    from tuilab.cli.progress import StepProgress
    from tuilab.runs import CHILDREN

    os.environ.update({key: os.environ.get(key, value) for key, value in CHILDREN.items()})
    if world is not None and not world.leader:
        from tuilab.engine import conduct

        return conduct(run, None, resume, world, trust=trust)
    with (
        _removed_unless_begun(run, resume),
        # Before torch is imported, which takes seconds: from now on the run is this process's.
        run.claim(resume) if world is None else nullcontext() as lock,
        StepProgress(run.name) as progress,
    ):
        from tuilab.engine import conduct
        from tuilab.experiments import ALONE

        def told(step: int, steps: int, waiting: str) -> None:
            if asked:  # while something was imported that lets no exception pass: now the engine heeds it
                os.kill(os.getpid(), asked.pop())
            progress.update(step, steps, waiting)

        return conduct(run, told, resume, world or ALONE, lock, trust)


def several(detach: bool) -> bool:
    """Whether this process is one of several, which can't be detached."""
    found = "RANK" in os.environ and int(os.environ.get("WORLD_SIZE", "1")) > 1
    if found and detach:
        raise typer.BadParameter("--detach is not for torchrun; `nohup torchrun … &` does the same")
    return found


def conduct_distributed(
    find: Callable[[], Run], resume: bool = False, trust: bool = False
) -> tuple[Run, State]:
    """Run the engine here and in the other processes; returns the run, and how it ended.

    Only the first process comes back; it alone looks for the run, shows progress and reports. What all of
    them would say it says for them.

    Args:
        find: makes or finds the run's folder.
        resume: go on with it.
        trust: let it run the code of own parts.
    """
    from tuilab.engine.distributed import joined
    from tuilab.experiments.world import PeerFailed, PeerLost
    from tuilab.runs import Run, State

    with joined() as world:
        try:
            found = world.all_or_none(lambda: find() if world.leader else None)
            run = Run(Path(world.broadcast(str(found.path.resolve()) if found else None)))
            world.all_or_none(lambda: run.facts)
            ended = conduct_here(run, resume, world, trust)
        except PeerFailed:
            if world.leader:
                raise
            with suppress(PeerLost):
                world.any(False)  # until the first one has said it: torchrun ends all when one ends
            raise typer.Exit(2) from None
    if not world.leader:
        raise typer.Exit(130 if ended is State.STOPPED else 0)
    return run, ended


def run_detached(run: Run, as_json: bool, resume: bool = False, trust: bool = False) -> None:
    """Launch an engine of its own session and say where it is, once it records."""
    from tuilab.runs import launch, wait_until_started

    with _removed_unless_begun(run, resume):
        process = launch(run, resume, trust)
        state = wait_until_started(run, process)
    if as_json:
        print_json({"run": run.name, "path": str(run.path), "state": str(state), "pid": process.pid})
        return
    say(f"{run.name} runs on without this shell (process {process.pid}); it lies in {run.path}")
    say(f"{typed('watch', run.name)} looks at it, {typed('stop', run.name)} ends it")


@contextmanager
def _removed_unless_begun(run: Run, resume: bool) -> Iterator[None]:
    """What this command has made it removes again, if nothing came of it."""
    try:
        yield
    except BaseException:
        if not resume:
            run.discard()
        raise
