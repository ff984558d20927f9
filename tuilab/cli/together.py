"""`tuilab run` and `tuilab resume` in one process of several, as `torchrun` starts them."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from tuilab.runs import Run


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
    from tuilab.cli.run import conduct_here
    from tuilab.engine.distributed import joined
    from tuilab.experiments.crew import Agreed, Parted
    from tuilab.runs import Run

    with joined() as crew:
        try:
            found = crew.all_or_none(lambda: find() if crew.leader else None)
            run = Run(Path(crew.told(str(found.path.resolve()) if found else None)))
            crew.all_or_none(lambda: run.facts)
            ended = conduct_here(run, resume, crew)
        except Agreed:
            if crew.leader:
                raise
            with suppress(Parted):
                crew.anybody(False)  # until the first one has said it: torchrun ends all when one ends
            raise typer.Exit(2) from None
    if not crew.leader:
        raise typer.Exit(130 if ended == "stopped" else 0)
    return run, ended
