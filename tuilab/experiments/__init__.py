"""What the kinds of scenario do, each an iterator of observations. Knows no files, screens or processes."""

from __future__ import annotations

import torch

from tuilab.experiments.observation import Experiment, Observation
from tuilab.scenario.schema import Descent, Propagation, Training

__all__ = ["Experiment", "Observation", "build"]


def build(scenario: Propagation | Descent | Training, device: torch.device) -> Experiment:
    """The experiment that a scenario describes, before its first step."""
    if isinstance(scenario, Propagation):
        from tuilab.experiments.propagation import PropagationExperiment

        return PropagationExperiment(scenario, device)
    if isinstance(scenario, Descent):
        from tuilab.experiments.descent import DescentExperiment

        return DescentExperiment(scenario)
    from tuilab.experiments.training import TrainingExperiment

    return TrainingExperiment(scenario, device)
