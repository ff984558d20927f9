"""From a scenario's file to a running engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tuilab.tui.source import Source


def launch(name: str, path: Path, predicted: Sequence[int | None] = ()) -> Source:
    """Check a scenario, make a run folder for it and start an engine of its own on it.

    Args:
        name: the scenario's.
        path: its file.
        predicted: the choice taken for each of its questions, None where none was.

    Raises:
        ScenarioError: the scenario can't be used.
        RunError: the folder can't be written, or the engine can't be started.
    """
    from tuilab import runs
    from tuilab.scenario.load import load

    scenario = load(path)
    options = {"device": "auto", "threads": None, "pace": scenario.pace, "predicted": list(predicted)}
    run = runs.create(runs.runs_folder(), name, scenario.model_dump(mode="json"), options)
    return Source(run, runs.launch(run))
