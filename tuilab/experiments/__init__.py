"""What the kinds of scenario do, each an iterator of observations. Knows no files, screens or processes."""

from __future__ import annotations

import torch

from tuilab.experiments.observation import Experiment, Observation
from tuilab.experiments.world import ALONE, DistributedError, World
from tuilab.scenario.kinds.base import Scenario
from tuilab.scenario.kinds.costs import CostsScenario
from tuilab.scenario.kinds.data import DataScenario
from tuilab.scenario.kinds.descent import DescentScenario
from tuilab.scenario.kinds.functions import FunctionsScenario
from tuilab.scenario.kinds.normalization import NormalizationScenario
from tuilab.scenario.kinds.propagation import PropagationScenario
from tuilab.scenario.kinds.slice import SliceScenario
from tuilab.scenario.kinds.training import TrainingScenario

__all__ = ["ALONE", "DistributedError", "Experiment", "Observation", "World", "build"]


def build(scenario: Scenario, device: torch.device, world: World = ALONE) -> Experiment:
    """The experiment that a scenario describes, before its first step.

    Args:
        scenario: what to do.
        device: where.
        world: the processes that do it together.

    Raises:
        DistributedError: it can't be shared by that many.
    """
    if world.size > 1 and not isinstance(scenario, TrainingScenario):
        raise DistributedError(
            "only networks in training are shared by processes: run this one without torchrun"
        )
    if isinstance(scenario, PropagationScenario):
        from tuilab.experiments.propagation import PropagationExperiment

        return PropagationExperiment(scenario, device)
    if isinstance(scenario, NormalizationScenario):
        from tuilab.experiments.normalization import NormalizationExperiment

        return NormalizationExperiment(scenario)
    if isinstance(scenario, DataScenario):
        from tuilab.experiments.data import DataExperiment

        return DataExperiment(scenario)
    if isinstance(scenario, DescentScenario):
        from tuilab.experiments.descent import DescentExperiment

        return DescentExperiment(scenario)
    if isinstance(scenario, SliceScenario):
        from tuilab.experiments.slice import SliceExperiment

        return SliceExperiment(scenario)
    if isinstance(scenario, FunctionsScenario):
        from tuilab.experiments.functions import FunctionsExperiment

        return FunctionsExperiment(scenario, device)
    if isinstance(scenario, CostsScenario):
        from tuilab.experiments.costs import CostsExperiment

        return CostsExperiment(scenario)
    if isinstance(scenario, TrainingScenario):
        from tuilab.experiments.training import TrainingExperiment

        return TrainingExperiment(scenario, device, world)
    raise TypeError(f"no experiment for scenarios of kind {scenario.kind}")
