"""What the kinds of scenario do, each an iterator of observations. Knows no files, screens or processes."""

from __future__ import annotations

import torch

from tuilab.experiments.crew import ALONE, Crew, CrewError
from tuilab.experiments.observation import Experiment, Observation, Resumable
from tuilab.scenario.kinds.base import Scenario
from tuilab.scenario.kinds.costs import Costs
from tuilab.scenario.kinds.data import Preparation
from tuilab.scenario.kinds.descent import Descent
from tuilab.scenario.kinds.functions import Functions
from tuilab.scenario.kinds.normalization import Normalizing
from tuilab.scenario.kinds.propagation import Propagation
from tuilab.scenario.kinds.slices import Slice
from tuilab.scenario.kinds.training import Training

__all__ = ["ALONE", "Crew", "CrewError", "Experiment", "Observation", "Resumable", "build"]


def build(scenario: Scenario, device: torch.device, crew: Crew = ALONE) -> Experiment:
    """The experiment that a scenario describes, before its first step.

    Args:
        scenario: what to do.
        device: where.
        crew: the processes that do it together.

    Raises:
        CrewError: it can't be shared by that many.
    """
    if crew.size > 1 and not isinstance(scenario, Training):
        raise CrewError("only networks in training are shared by processes: run this one without torchrun")
    if isinstance(scenario, Propagation):
        from tuilab.experiments.propagation import PropagationExperiment

        return PropagationExperiment(scenario, device)
    if isinstance(scenario, Normalizing):
        from tuilab.experiments.normalization import NormalizationExperiment

        return NormalizationExperiment(scenario)
    if isinstance(scenario, Preparation):
        from tuilab.experiments.data import DataExperiment

        return DataExperiment(scenario)
    if isinstance(scenario, Descent):
        from tuilab.experiments.descent import DescentExperiment

        return DescentExperiment(scenario)
    if isinstance(scenario, Slice):
        from tuilab.experiments.slices import SliceExperiment

        return SliceExperiment(scenario)
    if isinstance(scenario, Functions):
        from tuilab.experiments.functions import FunctionsExperiment

        return FunctionsExperiment(scenario, device)
    if isinstance(scenario, Costs):
        from tuilab.experiments.costs import CostsExperiment

        return CostsExperiment(scenario)
    if isinstance(scenario, Training):
        from tuilab.experiments.training import TrainingExperiment

        return TrainingExperiment(scenario, device, crew)
    raise TypeError(f"no experiment for scenarios of kind {scenario.kind}")
