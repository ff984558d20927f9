"""The experiment: every function's curves at first, and what the scenario measures of it at each step."""

from __future__ import annotations

from typing import Any, Protocol

import torch

from tuilab.experiments.activations import activation
from tuilab.experiments.functions.cost import Cost
from tuilab.experiments.functions.curves import curves, facts
from tuilab.experiments.functions.saturation import Saturation
from tuilab.experiments.functions.signs import Signs
from tuilab.experiments.observation import Observation
from tuilab.experiments.stepped import SteppedExperiment
from tuilab.scenario.kinds.functions import FunctionsScenario


class Measurement(Protocol):
    """What is measured at every step."""

    def __call__(self, step: int, observation: Observation) -> None:
        """Add the figures of a step to its observation."""

    def state(self) -> dict[str, Any]:
        """What it carries from step to step."""

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there."""


class FunctionsExperiment(SteppedExperiment):
    """Every arm's function, in float64 but for the cost, which is of float32 and of the device."""

    def __init__(self, scenario: FunctionsScenario, device: torch.device) -> None:
        super().__init__(scenario.steps)
        self._x = scenario.x
        self._functions = {name: activation(arm.activation) for name, arm in scenario.arms.items()}
        self._measure: Measurement
        match scenario.measure:
            case "cost":
                self._measure = Cost(self._functions, scenario.elements, scenario.seed, device)
            case "signs":
                self._measure = Signs(self._functions, scenario.inputs, scenario.units, scenario.seed)
            case _:
                self._measure = Saturation(self._functions, scenario.spread, self.steps)

    def _observe(self, observation: Observation) -> None:
        if observation.step == 0:
            for name, phi in self._functions.items():
                observation.values.update({f"{name}/{key}": value for key, value in facts(phi).items()})
                for kind, frame in curves(phi, self._x).items():
                    observation.frames[f"{name}/{kind}"] = frame
        self._measure(observation.step, observation)

    def state(self) -> dict[str, Any]:
        """The step, and what is measured so far."""
        return {**super().state(), "measured": self._measure.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        super().restore(state)
        self._measure.restore(state["measured"])
