"""The experiment: networks that share draws and batches, observed layer by layer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tuilab.experiments.activations import activation as activation_of
from tuilab.experiments.observation import Observation
from tuilab.experiments.propagation.looks import Look, at_jacobian, at_weights, reach_of
from tuilab.experiments.propagation.theory import predicted
from tuilab.experiments.propagation.weights import Weights, law_of, precision, standardize
from tuilab.experiments.stepped import SteppedExperiment
from tuilab.parts.dense import Forward, Layer, backward, forward
from tuilab.parts.randomness import stream
from tuilab.probes.statistics import gradient_statistics, layer_statistics, norms
from tuilab.scenario.kinds.propagation import PropagationScenario, PropagationSetup
from tuilab.scenario.strict import Strict


@dataclass(slots=True)
class _Seen:
    """What one arm's pass left, its own part of what arms went through together."""

    passed: Forward
    gradients: list[Tensor]
    passed_back: list[Tensor]
    layers: list[Layer]


class PropagationExperiment(SteppedExperiment):
    """Step k sends the k-th Gaussian batch forward and a Gaussian gradient back, the same in every arm.

    Args:
        scenario: what to compare. Layers of the same shape and law are the same unit draws in every arm, each
            arm scaling them its own way; arms that differ in nothing else go through their network together.
        device: where the weights lie.
    """

    def __init__(self, scenario: PropagationScenario, device: torch.device) -> None:
        super().__init__(scenario.steps, {_place(name): arm.init for name, arm in scenario.arms.items()})
        self.sampled = scenario.probes.sample
        self._scenario = scenario
        self._device = device
        self._diverged: set[str] = set()
        self._weights = Weights(scenario.seed, device)
        self._predicted = {name: self._predict(name) for name in scenario.arms}
        self._reach: dict[str, list[float]] = {}
        self._weighed: dict[str, Look] = {}
        self._groups: list[list[str]] = []
        for name, arm in scenario.arms.items():
            together = next((arms for arms in self._groups if _alike(arm, scenario.arms[arms[0]])), None)
            if together is None:
                self._groups.append([name])
            else:
                together.append(name)
            layers = self._layers([name])
            if scenario.probes.weights:
                self._reach[name] = reach_of(layers)
                self._weighed[name] = at_weights(layers, scenario.probes.bins, self._reach[name])

    @torch.no_grad()
    def _observe(self, observation: Observation) -> None:
        step = observation.step
        if step % self._scenario.probes.every == 0:
            for arms in self._groups:
                for arm, seen in self._pass(arms, step).items():
                    self._observe_arm(arm, seen, observation)

    def state(self) -> dict[str, Any]:
        """The step, and who has diverged: all else is drawn anew at every step."""
        return {**super().state(), "diverged": sorted(self._diverged)}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        super().restore(state)
        self._diverged = set(state["diverged"])

    def _follow(self, place: str, settings: Strict) -> None:
        """Another initialiser: the same draw at another scale."""
        for arm in self._predicted:
            if place == _place(arm):
                self._predicted[arm] = self._predict(arm)
                if arm in self._weighed:
                    bins, reach = self._scenario.probes.bins, self._reach[arm]
                    self._weighed[arm] = at_weights(self._layers([arm]), bins, reach)

    def _predict(self, arm: str) -> dict[str, float]:
        setup = self._scenario.arms[arm]
        found = predicted(setup, self._settings[_place(arm)], self._scenario.probes)
        return {f"{arm}/{name}": value for name, value in found.items()}

    def _layers(self, arms: list[str]) -> list[Layer]:
        """The weights of arms that differ in their scale alone."""
        network = self._scenario.arms[arms[0]].network
        return self._weights.layers(network, [self._settings[_place(arm)] for arm in arms])

    def _normal(self, setup: PropagationSetup, width: int, purpose: str, step: int) -> Tensor:
        """Unit Gaussian numbers for a batch, (batch, width) or (batch, width, size, size)."""
        network = setup.network
        picture = (network.size, network.size) if network.kernel else ()
        generator = stream(self._scenario.seed, purpose, step)
        drawn = torch.randn(setup.batch, width, *picture, generator=generator)
        return drawn.to(self._device, precision(network))

    def _pass(self, arms: list[str], step: int) -> dict[str, _Seen]:
        """Forward and backward through one network's weights at each arm's scale, (arms, batch, width, …)."""
        setup = self._scenario.arms[arms[0]]
        network = setup.network
        activation, norm = activation_of(network.activation), standardize(network)
        layers = self._layers(arms)
        inputs = setup.input * self._normal(setup, network.layer_widths[0], "inputs", step)
        gradient = self._normal(setup, network.layer_widths[-1], "output gradients", step)
        passed = forward(torch.stack([inputs] * len(arms)), layers, activation, norm)
        gradients, passed_back = backward(
            torch.stack([gradient] * len(arms)), passed, layers, activation, norm
        )
        return {
            arm: _Seen(
                Forward([x[k] for x in passed.outputs], [h[k] for h in passed.preactivations]),
                [g[k] for g in gradients],
                [d[k] for d in passed_back],
                layers,
            )
            for k, arm in enumerate(arms)
        }

    def _observe_arm(self, arm: str, seen: _Seen, observation: Observation) -> None:
        probes, network = self._scenario.probes, self._scenario.arms[arm].network
        activation, outputs = activation_of(network.activation), seen.passed.outputs
        layer = layer_statistics(
            outputs[1:],
            activation,
            bins=probes.bins,
            sample=probes.sample,
            low=activation.low,
            high=activation.high,
        )
        gradient = gradient_statistics(seen.gradients, sample=probes.sample)
        signal = norms([*outputs, *seen.passed.preactivations, *seen.passed_back])
        depth = len(seen.passed_back)
        came = zip(seen.layers, outputs, seen.passed_back, strict=False)
        weight_norms = torch.stack([layer.gradient_norm(x, d) for layer, x, d in came]).cpu().numpy()
        values = {
            **_per_layer(arm, "activation.mean", layer.mean),
            **_per_layer(arm, "activation.std", layer.std),
            **_per_layer(arm, "activation.saturated", layer.saturated),
            **_per_layer(arm, "activation.dead", layer.dead),
            **_per_layer(arm, "activation.norm", signal[1 : depth + 1]),
            **_per_layer(arm, "preactivation.norm", signal[depth + 1 : 2 * depth + 1]),
            **_per_layer(arm, "preactivation_gradient.norm", signal[2 * depth + 1 :]),
            **_per_layer(arm, "gradient.norm", gradient.norm[1:]),
            **_per_layer(arm, "gradient.std", gradient.std[1:]),
            **_per_layer(arm, "weight_gradient.norm", weight_norms),
            f"{arm}/activation.ratio": float(signal[depth] / signal[0]),
            f"{arm}/gradient.ratio": float(gradient.norm[0] / gradient.norm[-1]),
        }
        meta: dict[str, Any] = {
            "kind": "histogram",
            "low": [activation.low] * depth,
            "high": [activation.high] * depth,
            "layers": [f"layer {k}" for k in range(1, depth + 1)],
        }
        observation.frames[f"{arm}/activation.histogram"] = (layer.histogram.astype(np.float32), meta)
        if probes.jacobian:
            found, spectrum = at_jacobian(network, self._layers([arm]), outputs[0][0])
            values |= {f"{arm}/{name}": figure for name, figure in found.items()}
            observation.frames[f"{arm}/jacobian.spectrum"] = spectrum
        if arm in self._weighed:
            weights, observation.frames[f"{arm}/weight.histogram"] = self._weighed[arm]
            values |= {f"{arm}/{name}": figure for name, figure in weights.items()}
        observation.values.update(values)
        observation.values.update(self._predicted[arm])
        if arm not in self._diverged and not all(map(math.isfinite, values.values())):
            self._diverged.add(arm)
            observation.events.append(("diverged", arm, {}))


def _alike(one: PropagationSetup, other: PropagationSetup) -> bool:
    """Whether two arms differ in the scale of their weights alone."""
    return one.model_copy(update={"init": other.init}) == other and law_of(one.init) == law_of(other.init)


def _place(arm: str) -> str:
    return f"{arm}/init"


def _per_layer(arm: str, metric: str, figures: np.ndarray) -> dict[str, float]:
    return {f"{arm}/{metric}/{k}": value for k, value in enumerate(figures.tolist(), 1)}
