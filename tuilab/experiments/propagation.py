"""Signals sent forward and gradients sent backward through networks that do not learn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tuilab.experiments.observation import Observation
from tuilab.experiments.tuning import changed, numbers
from tuilab.parts.activations import ACTIVATIONS, Activation
from tuilab.parts.dense import Layer, backward, forward, weight_gradient_norm
from tuilab.parts.initializers import INITIALIZERS
from tuilab.parts.randomness import stream
from tuilab.probes.statistics import gradient_statistics, layer_statistics
from tuilab.scenario.parts import Strict
from tuilab.scenario.schema import Propagation, PropagationSetup


@dataclass(slots=True)
class _Arm:
    name: str
    setup: PropagationSetup
    layers: list[Layer]
    activation: Activation
    diverged: bool = False

    @property
    def histogram(self) -> dict[str, Any]:
        count = len(self.layers)
        return {
            "kind": "histogram",
            "low": [self.activation.low] * count,
            "high": [self.activation.high] * count,
            "layers": [f"layer {k}" for k in range(1, count + 1)],
        }


class PropagationExperiment:
    """Step k sends the k-th Gaussian batch forward and a Gaussian gradient back, the same in every arm.

    Args:
        scenario: what to compare. Arms whose layers have the same shape share the unit normals that
            their weights are scaled from.
        device: where the weights lie. They are drawn on the CPU, so a seed means the same on every device.
    """

    def __init__(self, scenario: Propagation, device: torch.device) -> None:
        self.steps = scenario.steps or 0
        self.sampled = scenario.probes.sample
        self._scenario = scenario
        self._device = device
        self._step = 0
        self._init: dict[str, Strict] = {f"{name}/init": arm.init for name, arm in scenario.arms.items()}
        drawn: dict[tuple[int, int, int], Tensor] = {}
        self._arms = [
            _Arm(name, setup, self._layers(setup, drawn), ACTIVATIONS[setup.network.activation])
            for name, setup in scenario.arms.items()
        ]

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
            for arm in self._arms:
                self._observe(arm, observation)
        return observation

    def tunables(self) -> dict[str, float]:
        """The numbers of each arm's initializer: the same draw at another scale."""
        return numbers(self._init)

    def tune(self, key: str, value: float) -> None:
        """Scale an arm's weights anew, from the next step on; raises KeyError or ValueError."""
        place, init = changed(self._init, key, value)
        self._init[place] = init
        for arm in self._arms:
            if place == f"{arm.name}/init":
                arm.layers = [Layer(layer.unit, _std(init, *layer.unit.shape)) for layer in arm.layers]

    def _layers(self, setup: PropagationSetup, drawn: dict[tuple[int, int, int], Tensor]) -> list[Layer]:
        widths = setup.network.layer_widths
        layers = []
        for k, (fan_in, fan_out) in enumerate(pairwise(widths), 1):
            unit = drawn.get((k, fan_in, fan_out))
            if unit is None:
                unit = drawn[k, fan_in, fan_out] = self._normal(fan_in, fan_out, "weights", k)
            layers.append(Layer(unit, _std(setup.init, fan_in, fan_out)))
        return layers

    def _normal(self, rows: int, columns: int, purpose: str, number: int) -> Tensor:
        generator = stream(self._scenario.seed, purpose, number)
        return torch.randn(rows, columns, generator=generator).to(self._device)

    def _observe(self, arm: _Arm, observation: Observation) -> None:
        batch, widths, probes = self._scenario.batch, arm.setup.network.layer_widths, self._scenario.probes
        inputs = self._normal(batch, widths[0], "inputs", observation.step)
        gradient = self._normal(batch, widths[-1], "output gradients", observation.step)
        preactivations, outputs = forward(inputs, arm.layers, arm.activation)
        at_outputs, at_preactivations = backward(gradient, preactivations, arm.layers, arm.activation)
        weight_norms = [
            weight_gradient_norm(x, d) for x, d in zip(outputs[:-1], at_preactivations, strict=True)
        ]

        activations = layer_statistics(
            outputs[1:],
            arm.setup.network.activation,
            bins=probes.bins,
            sample=probes.sample,
            low=arm.activation.low,
            high=arm.activation.high,
        )
        gradients = gradient_statistics(at_outputs, sample=probes.sample)
        norms = gradients.norm
        values = {
            **_per_layer(arm.name, "activation.mean", activations.mean),
            **_per_layer(arm.name, "activation.std", activations.std),
            **_per_layer(arm.name, "activation.saturated", activations.saturated),
            **_per_layer(arm.name, "activation.dead", activations.dead),
            **_per_layer(arm.name, "gradient.norm", norms[1:]),
            **_per_layer(arm.name, "gradient.std", gradients.std[1:]),
            **_per_layer(arm.name, "weight_gradient.norm", torch.stack(weight_norms).cpu().numpy()),
            f"{arm.name}/gradient.ratio": float(norms[0] / norms[-1]),
        }
        observation.values.update(values)
        shares = activations.histogram.astype(np.float32)
        observation.frames[f"{arm.name}/activation.histogram"] = (shares, arm.histogram)
        if not arm.diverged and not all(map(math.isfinite, values.values())):
            arm.diverged = True
            observation.events.append(("diverged", arm.name, {}))


def _std(init: Strict, fan_in: int, fan_out: int) -> float:
    given = init.model_dump()
    return INITIALIZERS[given.pop("name")](fan_in, fan_out, **given)


def _per_layer(arm: str, metric: str, figures: np.ndarray) -> dict[str, float]:
    return {f"{arm}/{metric}/{k}": value for k, value in enumerate(figures.tolist(), 1)}
