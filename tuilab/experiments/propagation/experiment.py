"""The experiment: networks that share draws and batches, observed layer by layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tuilab.experiments.activations import activation as activation_of
from tuilab.experiments.observation import Observation
from tuilab.experiments.propagation.draws import recorded
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
    """What one arm's pass left, its own part of what arms went through together: (draws, batch, …) each."""

    passed: Forward
    gradients: list[Tensor]
    passed_back: list[Tensor]
    layers: list[Layer]


class PropagationExperiment(SteppedExperiment):
    """Step k sends the k-th Gaussian batches forward and Gaussian gradients back, the same in every arm.

    An arm of several draws is as many networks: each has its own weights, inputs and gradients, and all go
    through together, (draws, arms, batch, …).

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
            group = next((arms for arms in self._groups if _alike(arm, scenario.arms[arms[0]])), None)
            if group is None:
                self._groups.append([name])
            else:
                group.append(name)
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
        setup = self._scenario.arms[arms[0]]
        return self._weights.layers(setup.network, [self._settings[_place(arm)] for arm in arms], setup.draws)

    def _normal(self, setup: PropagationSetup, width: int, purpose: str, step: int) -> Tensor:
        """Unit Gaussian numbers for a batch of each draw, (draws, batch, width) or (…, width, size, size)."""
        network = setup.network
        picture = (network.size, network.size) if network.kernel else ()
        generator = stream(self._scenario.seed, purpose, step)
        drawn = torch.randn(setup.draws, setup.batch, width, *picture, generator=generator)
        return drawn.to(self._device, precision(network))

    def _pass(self, arms: list[str], step: int) -> dict[str, _Seen]:
        """Forward and backward through networks' weights at each arm's scale."""
        setup = self._scenario.arms[arms[0]]
        network = setup.network
        activation, norm = activation_of(network.activation), standardize(network)
        layers = self._layers(arms)
        inputs = setup.input * self._normal(setup, network.layer_widths[0], "inputs", step)
        gradient = self._normal(setup, network.layer_widths[-1], "output gradients", step)
        passed = forward(torch.stack([inputs] * len(arms), 1), layers, activation, norm)
        gradients, passed_back = backward(
            torch.stack([gradient] * len(arms), 1), passed, layers, activation, norm
        )
        return {
            arm: _Seen(
                Forward([x[:, k] for x in passed.outputs], [h[:, k] for h in passed.preactivations]),
                [g[:, k] for g in gradients],
                [d[:, k] for d in passed_back],
                layers,
            )
            for k, arm in enumerate(arms)
        }

    def _observe_arm(self, arm: str, seen: _Seen, observation: Observation) -> None:
        probes, setup = self._scenario.probes, self._scenario.arms[arm]
        activation, outputs = activation_of(setup.network.activation), seen.passed.outputs
        depth, draws = len(seen.passed_back), setup.draws
        layer = layer_statistics(
            _each(outputs[1:]),
            activation,
            bins=probes.bins,
            sample=probes.sample,
            low=activation.low,
            high=activation.high,
        )
        gradient = gradient_statistics(_each(seen.gradients), sample=probes.sample)
        signal = norms(_each([*outputs, *seen.passed.preactivations, *seen.passed_back])).reshape(-1, draws)
        gradient_norm = gradient.norm.reshape(-1, draws)
        came = zip(seen.layers, outputs, seen.passed_back, strict=False)
        weight_norms = torch.stack([layer.gradient_norm(x, d) for layer, x, d in came]).cpu().numpy()
        figures = {
            "activation.mean": layer.mean,
            "activation.std": layer.std,
            "activation.saturated": layer.saturated,
            "activation.dead": layer.dead,
            "activation.norm": signal[1 : depth + 1],
            "preactivation.norm": signal[depth + 1 : 2 * depth + 1],
            "preactivation_gradient.norm": signal[2 * depth + 1 :],
            "gradient.norm": gradient_norm[1:],
            "gradient.std": gradient.std.reshape(-1, draws)[1:],
            "weight_gradient.norm": weight_norms,
            "activation.ratio": signal[depth] / signal[0],
            "gradient.ratio": gradient_norm[0] / gradient_norm[-1],
        }
        meta: dict[str, Any] = {
            "kind": "histogram",
            "low": [activation.low] * depth,
            "high": [activation.high] * depth,
            "layers": [f"layer {k}" for k in range(1, depth + 1)],
        }
        shares = layer.histogram.reshape(depth, draws, -1).mean(1)
        observation.frames[f"{arm}/activation.histogram"] = (shares.astype(np.float32), meta)
        if probes.jacobian:
            found, spectrum = at_jacobian(setup.network, self._layers([arm]), outputs[0][:, 0])
            figures |= found
            observation.frames[f"{arm}/jacobian.spectrum"] = spectrum
        values: dict[str, float] = {}
        for metric, drawn in figures.items():
            per_layer = self._scenario.METRICS[metric].per_layer
            series, frames = recorded(f"{arm}/{metric}", drawn.reshape(-1, draws), per_layer)
            values |= series
            observation.frames.update(frames)
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


def _each(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Layer by layer every draw by itself."""
    return [draw for layer in tensors for draw in layer]
