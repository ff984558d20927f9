"""From a run's folder to an experiment that can begin, or go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from pydantic import ValidationError

import tuilab
from tuilab.data import DataError, MissingDataError
from tuilab.engine import checkpoints, forks
from tuilab.engine.checkpoints import Restored
from tuilab.engine.devices import DeviceError, choose
from tuilab.engine.errors import EngineError, NoDataError
from tuilab.engine.own import OwnParts, own
from tuilab.experiments import DistributedError, Experiment, World, build
from tuilab.experiments.memory import lacks_memory
from tuilab.parts.own import said
from tuilab.runs import Run
from tuilab.scenario.problems import Source, sentences
from tuilab.scenario.schema import KINDS, Scenario


@dataclass(frozen=True)
class Ready:
    """An experiment that can begin, or go on."""

    scenario: Scenario
    experiment: Experiment
    device: torch.device
    restored: Restored | None
    own: OwnParts
    forked: bool = False
    """Whether it was taken to where it parts from its parent, and nothing of its own was made yet."""

    @property
    def step(self) -> int:
        """The step that it was taken to."""
        return self.restored.step if self.restored else 0

    @property
    def seconds(self) -> float:
        """What the run had taken until then."""
        seconds = self.restored.facts.get("seconds") if self.restored else None
        return float(seconds) if isinstance(seconds, int | float) else 0.0

    @property
    def notes(self) -> list[str]:
        """What differs from when the run, or its checkpoint, was made."""
        return self.own.notes + (self.restored.notes if self.restored else [])


def set_up(run: Run, resume: bool, world: World, trust: bool, told: forks.Told) -> Ready:
    """Build what a run's folder describes, and take it to where it goes on: a checkpoint, its parent's step.

    Args:
        run: the folder.
        resume: whether to go on.
        world: the processes that do this together.
        trust: whether own parts, if it has some, may run.
        told: told about every step of a fork's parent that is done again.

    Raises:
        EngineError: the scenario, its own parts, the device, the data or a usable checkpoint are not there,
            or there is not enough memory.
        RunError: the folder is no run's.
    """
    parts, options = own(run, trust), run.options
    scenario = _scenario(run, parts.scenario)

    def built(of: Run) -> Experiment:
        ours = of == run
        described = scenario if ours else _scenario(of, own(of, trust).scenario)
        if parts.facts:
            torch.manual_seed(described.seed)  # ours draw from streams of their own; these may not
        return build(described, device, world)

    try:
        device = choose(options.get("device", "auto"), options.get("threads"), world.local_rank)
        experiment = built(run)
    except MissingDataError as error:
        raise NoDataError(str(error)) from None
    except (DeviceError, DataError, DistributedError) as error:
        raise EngineError(str(error)) from None
    except (Exception, SystemExit) as error:
        if lacks_memory(error):
            raise EngineError(
                f"{run.name}: not enough memory to set this up; make the network or the batch smaller"
            ) from None
        if sentence := said(error):
            raise EngineError(f"{run.name}: {sentence}") from None
        raise
    try:
        restored = checkpoints.restore(run.path / "checkpoints", experiment) if resume else None
    except checkpoints.CheckpointError as error:
        raise EngineError(str(error)) from None
    forked = restored is None and "parent" in run.facts
    if forked:
        restored = forks.enter(run, experiment, built, told)
    return Ready(scenario, experiment, device, restored, parts, forked)


def _scenario(run: Run, scenario: dict[str, Any]) -> Scenario:
    """The run's scenario, checked again: it may have been made by another tuilab, or by hand."""
    kind = scenario.get("kind")
    model = KINDS.get(kind) if isinstance(kind, str) else None
    if model is None:
        raise EngineError(f"{run.name}: its scenario is of kind {kind!r:.40}; there are {', '.join(KINDS)}")
    try:
        return model.model_validate(scenario)
    except ValidationError as error:
        problems = sentences(error, model, scenario, Source(run.path / "run.json", "", scenario, {}))
    told = "; ".join(problems[:3]) + (f", and {len(problems) - 3} more" if len(problems) > 3 else "")
    raise EngineError(
        f"{run.name}: its scenario, made by tuilab {run.facts.get('tuilab', '0.1')!s:.20}, does not fit "
        f"tuilab {tuilab.__version__}: {told}; go on with the tuilab that it was made by"
    )
