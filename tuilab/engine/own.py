"""The own parts of a run: loaded where they are trusted, and compared with what they were."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tuilab.engine.errors import EngineError
from tuilab.parts.own import OwnError, OwnFile, admit, load
from tuilab.runs import Run
from tuilab.scenario.parts.own import FAMILIES, own_parts, split, untrusted


@dataclass(frozen=True)
class OwnParts:
    """What a run has of its user's."""

    scenario: dict[str, Any]
    """The run's, the own parts' settings completed by their defaults."""
    facts: list[dict[str, str]] = field(default_factory=list)
    """For the recording's header, of each `part`, `file`, `name` and `sha256`."""
    notes: list[str] = field(default_factory=list)
    """Of each file that is not what it was when the run was made, a sentence."""


def own(run: Run, trust: bool) -> OwnParts:
    """Load the own parts that a run's scenario names, and let them be found by these names.

    Raises:
        EngineError: there are some and they are not trusted, or they can't be used.
    """
    scenario = copy.deepcopy(run.scenario)
    files: dict[Path, OwnFile] = {}
    facts: dict[str, dict[str, str]] = {}
    for key, part in own_parts(scenario):
        if not trust:
            raise EngineError(f"{run.name}: {untrusted(key, part)}")
        whole = part["name"]
        path, name = split(whole)
        settings = {setting: value for setting, value in part.items() if setting not in _ours(key)}
        try:
            file = files[path] = files.get(path) or load(path)
            part |= admit(key, file, name, settings)
        except OwnError as error:
            raise EngineError(f"{run.name}: {error}") from None
        if (
            key == "optimizer"
            and scenario.get("kind") == "training"
            and not isinstance(part.get("lr"), float)
        ):
            raise EngineError(
                f"{run.name}: {whole}: it has no lr, which the schedule of a training multiplies"
            )
        facts[whole] = {"part": FAMILIES[key], "file": str(path), "name": name, "sha256": file.sha256}
    return OwnParts(scenario, list(facts.values()), _changed(run, list(files.values())))


def _ours(key: str) -> set[str]:
    """The settings that are not the part's: its name, and how a data set is split."""
    return {"name", "train", "validation"} if key == "data" else {"name"}


def _changed(run: Run, files: list[OwnFile]) -> list[str]:
    then = run.facts.get("own")
    then = then if isinstance(then, dict) else {}
    return [
        f"{file.path} has changed since this run was made (SHA-256 {str(then[str(file.path)])[:8]} then, "
        f"{file.sha256[:8]} now): what follows is of what it is now"
        for file in files
        if then.get(str(file.path)) not in (None, file.sha256)
    ]
