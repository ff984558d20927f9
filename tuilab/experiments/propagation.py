"""Signals sent forward and gradients sent backward through networks that do not learn."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tuilab.experiments.activations import activation as activation_of
from tuilab.experiments.observation import Observation
from tuilab.experiments.tuning import changed, numbers
from tuilab.parts.dense import Layer, backward, forward, weight_gradient_norm
from tuilab.parts.initializers import INITIALIZERS
from tuilab.parts.randomness import stream
from tuilab.probes.statistics import gradient_statistics, layer_statistics
from tuilab.scenario.kinds.propagation import Propagation
from tuilab.scenario.parts.networks import DenseNetwork
from tuilab.scenario.strict import Strict


class PropagationExperiment:
    """Step k sends the k-th Gaussian batch forward and a Gaussian gradient back, the same in every arm.

    Args:
        scenario: what to compare. Layers of the same shape are the same unit normals in every arm, each arm
            scaling them its own way; arms with the same network go through it together.
        device: where the weights lie. They are drawn on the CPU, so a seed means the same on every device.
    """

    def __init__(self, scenario: Propagation, device: torch.device) -> None:
        self.steps = scenario.steps or 0
        self.sampled = scenario.probes.sample
        self._scenario = scenario
        self._device = device
        self._step = 0
        self._diverged: set[str] = set()
        self._init: dict[str, Strict] = {_place(name): arm.init for name, arm in scenario.arms.items()}
        self._groups: list[tuple[DenseNetwork, list[str]]] = []
        for name, arm in scenario.arms.items():
            together = next((arms for network, arms in self._groups if network == arm.network), None)
            if together is None:
                self._groups.append((arm.network, [name]))
            else:
                together.append(name)
        self._units: dict[tuple[int, int, int], Tensor] = {}
        for network, _ in self._groups:
            for shape in _shapes(network):
                if shape not in self._units:
                    number, fan_in, fan_out = shape
                    self._units[shape] = self._normal(fan_in, fan_out, "weights", number)

    def __iter__(self) -> PropagationExperiment:
        return self

    @torch.no_grad()
    def __next__(self) -> Observation:
        step = self._step
        if step > self.steps:
            raise StopIteration
        self._step += 1
        observation = Observation(step, {})
        if step % self._scenario.probes.every == 0:
            for network, arms in self._groups:
                self._pass(network, arms, observation)
        return observation

    def tunables(self) -> dict[str, float]:
        """The numbers of each arm's initializer: the same draw at another scale."""
        return numbers(self._init)

    def tune(self, key: str, value: float) -> None:
        """Scale an arm's weights anew, from the next step on; raises KeyError or ValueError."""
        place, init = changed(self._init, key, value)
        self._init[place] = init

    def _normal(self, rows: int, columns: int, purpose: str, number: int) -> Tensor:
        generator = stream(self._scenario.seed, purpose, number)
        return torch.randn(rows, columns, generator=generator).to(self._device)

    def _layers(self, network: DenseNetwork, arms: list[str]) -> list[Layer]:
        layers = []
        for shape in _shapes(network):
            stds = [_std(self._init[_place(arm)], *shape[1:]) for arm in arms]
            layers.append(Layer(self._units[shape], torch.tensor(stds, device=self._device)[:, None, None]))
        return layers

    def _pass(self, network: DenseNetwork, arms: list[str], observation: Observation) -> None:
        """Forward and backward through one network's weights at each arm's scale, (arms, batch, width)."""
        batch, widths, step = self._scenario.batch, network.layer_widths, observation.step
        inputs = self._normal(batch, widths[0], "inputs", step).expand(len(arms), -1, -1)
        gradient = self._normal(batch, widths[-1], "output gradients", step).expand(len(arms), -1, -1)
        layers, activation = self._layers(network, arms), activation_of(network.activation)
        preactivations, outputs = forward(inputs, layers, activation)
        gradients, passed_back = backward(gradient, preactivations, layers, activation)
        for k, arm in enumerate(arms):
            self._observe(
                arm,
                network,
                [x[k] for x in outputs],
                [g[k] for g in gradients],
                [d[k] for d in passed_back],
                observation,
            )

    def _observe(
        self,
        arm: str,
        network: DenseNetwork,
        outputs: list[Tensor],
        gradients: list[Tensor],
        passed_back: list[Tensor],
        observation: Observation,
    ) -> None:
        probes, activation = self._scenario.probes, activation_of(network.activation)
        layer = layer_statistics(
            outputs[1:],
            activation,
            bins=probes.bins,
            sample=probes.sample,
            low=activation.low,
            high=activation.high,
        )
        gradient = gradient_statistics(gradients, sample=probes.sample)
        pairs = zip(outputs[:-1], passed_back, strict=True)
        weight_norms = torch.stack([weight_gradient_norm(x, d) for x, d in pairs]).cpu().numpy()
        values = {
            **_per_layer(arm, "activation.mean", layer.mean),
            **_per_layer(arm, "activation.std", layer.std),
            **_per_layer(arm, "activation.saturated", layer.saturated),
            **_per_layer(arm, "activation.dead", layer.dead),
            **_per_layer(arm, "gradient.norm", gradient.norm[1:]),
            **_per_layer(arm, "gradient.std", gradient.std[1:]),
            **_per_layer(arm, "weight_gradient.norm", weight_norms),
            f"{arm}/gradient.ratio": float(gradient.norm[0] / gradient.norm[-1]),
        }
        meta: dict[str, Any] = {
            "kind": "histogram",
            "low": [activation.low] * len(passed_back),
            "high": [activation.high] * len(passed_back),
            "layers": [f"layer {k}" for k in range(1, len(passed_back) + 1)],
        }
        observation.values.update(values)
        observation.frames[f"{arm}/activation.histogram"] = (layer.histogram.astype(np.float32), meta)
        if arm not in self._diverged and not all(map(math.isfinite, values.values())):
            self._diverged.add(arm)
            observation.events.append(("diverged", arm, {}))


def _place(arm: str) -> str:
    return f"{arm}/init"


def _shapes(network: DenseNetwork) -> list[tuple[int, int, int]]:
    """(number, fan_in, fan_out) of each layer of weights."""
    return [(k, *fans) for k, fans in enumerate(pairwise(network.layer_widths), 1)]


def _std(init: Strict, fan_in: int, fan_out: int) -> float:
    given = init.model_dump()
    return INITIALIZERS[given.pop("name")].scale(fan_in, fan_out, **given)


def _per_layer(arm: str, metric: str, figures: np.ndarray) -> dict[str, float]:
    return {f"{arm}/{metric}/{k}": value for k, value in enumerate(figures.tolist(), 1)}
