"""The experiment: batches through every arm's layer, in training mode and in test mode."""

from __future__ import annotations

from typing import Any

from tuilab.experiments.normalization.layer import Layer
from tuilab.experiments.observation import Observation
from tuilab.experiments.stepped import SteppedExperiment
from tuilab.scenario.kinds.normalization import NormalizationScenario
from tuilab.scenario.strict import Strict


class NormalizationExperiment(SteppedExperiment):
    """Step k gives every layer its k-th batch in training mode, and the (k+1)th in test mode. On the CPU."""

    def __init__(self, scenario: NormalizationScenario) -> None:
        super().__init__(scenario.steps, {f"{name}/norm": arm.norm for name, arm in scenario.arms.items()})
        self._layers = {name: Layer(arm, scenario) for name, arm in scenario.arms.items()}

    def _observe(self, observation: Observation) -> None:
        for name, layer in self._layers.items():
            values, frames = layer.see(observation.step)
            observation.values.update({f"{name}/{metric}": value for metric, value in values.items()})
            observation.frames.update({f"{name}/{frame}": found for frame, found in frames.items()})

    def state(self) -> dict[str, Any]:
        """The step, and the layers as they have become."""
        return {**super().state(), "layers": {name: layer.state() for name, layer in self._layers.items()}}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        super().restore(state)
        for name, layer in self._layers.items():
            layer.restore(state["layers"][name])

    def _follow(self, place: str, settings: Strict) -> None:
        """Give a layer other numbers, running averages kept."""
        self._layers[place.rpartition("/")[0]].set(settings.model_dump(exclude={"name"}))
