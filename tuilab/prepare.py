"""From a scenario to a run folder that an engine can be started on, for the command line and for the lab."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuilab.runs import Run


def prepare(
    scenario: str | Path,
    settings: Sequence[str] = (),
    runs: Path | None = None,
    name: str | None = None,
    paced: bool = False,
    **options: Any,
) -> Run:
    """Check a scenario and make a run's folder for it.

    Args:
        scenario: a name that `tuilab list` shows, or a path to a file.
        settings: `KEY=VALUE` each, over what the file says.
        runs: the folder of runs, if not the usual one.
        name: the run's name, if not the scenario's with the time.
        paced: at the pace that the scenario asks for, as somebody looks on.
        options: what the engine is to do otherwise than usual: `device`, `threads`, `pace`, `checkpoint`.

    Raises:
        ScenarioError: the scenario can't be used.
        RunError: the folder can't be written.
    """
    from tuilab.runs import create, runs_folder
    from tuilab.scenario.load import load

    checked = load(scenario, settings)
    source = Path(scenario)
    if paced:
        options["pace"] = checked.pace
    return create(
        runs_folder(runs),
        source.stem if source.suffix == ".toml" else source.name,
        checked.model_dump(mode="json"),
        {"device": "auto"} | options,
        name,
    )
