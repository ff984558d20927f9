"""From a scenario to a run folder that an engine can be started on, for the command line and for the lab."""

from __future__ import annotations

import hashlib
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
    trust: bool = False,
    **options: Any,
) -> Run:
    """Check a scenario and make a run's folder for it.

    Args:
        scenario: a name that `tuilab list` shows, or a path to a file.
        settings: `KEY=VALUE` each, over what the file says.
        runs: the folder of runs, if not the usual one.
        name: the run's name, if not the scenario's with the time.
        paced: at the pace that the scenario asks for, as somebody looks on.
        trust: whether the code of own parts that the scenario names may run.
        options: what the engine is to do otherwise than usual: `device`, `threads`, `pace`, `checkpoint`.

    Raises:
        ScenarioError: the scenario can't be used, or names own parts that are not trusted.
        RunError: the folder can't be written.
    """
    from tuilab.runs import create, runs_folder
    from tuilab.scenario.load import load

    checked = load(scenario, settings)
    plain = checked.model_dump(mode="json")
    own = fingerprints(scenario, plain, trust)
    source = Path(scenario)
    if paced:
        options["pace"] = checked.pace
    return create(
        runs_folder(runs),
        source.stem if source.suffix == ".toml" else source.name,
        plain,
        {"device": "auto"} | options,
        name,
        own,
    )


def fingerprints(source: str | Path, scenario: dict[str, Any], trust: bool) -> dict[str, str]:
    """The SHA-256 of each file in which the own parts of a scenario lie; none of one without own parts.

    Raises:
        ScenarioError: it has some and they are not trusted, or a file can't be read.
    """
    from tuilab.scenario.errors import ScenarioError
    from tuilab.scenario.parts.own import own_parts, split, untrusted

    found: dict[str, str] = {}
    for key, part in own_parts(scenario):
        if not trust:
            raise ScenarioError(source, [untrusted(key, part)])
        file, _ = split(part["name"])
        if not file.is_file():
            raise ScenarioError(source, [f"{part['name']}: there is no such file"])
        try:
            found[str(file)] = hashlib.sha256(file.read_bytes()).hexdigest()
        except OSError as error:
            raise ScenarioError(source, [f"{part['name']}: {error.strerror}"]) from None
    return found
