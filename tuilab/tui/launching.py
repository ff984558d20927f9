"""From a scenario's file to a running engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tuilab.tui.source import Source


def launch(path: Path, predicted: Sequence[int | None] = (), trust: bool = False) -> Source:
    """Check a scenario, make a run folder for it and start an engine of its own on it.

    Args:
        path: its file.
        predicted: the choice taken for each of its questions, None where none was.
        trust: whether the code of own parts that it names may run.

    Raises:
        ScenarioError: the scenario can't be used.
        RunError: the folder can't be written, or the engine can't be started.
    """
    from tuilab import runs
    from tuilab.prepare import prepare

    run = prepare(path, paced=True, trust=trust, predicted=list(predicted))
    try:
        return Source(run, runs.launch(run, trust=trust))
    except runs.RunError:
        run.discard()
        raise
