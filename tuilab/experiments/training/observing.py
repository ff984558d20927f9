"""What is seen of an arm's network while it learns: figures layer by layer, and histograms."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tuilab.experiments.activations import activation as activation_of
from tuilab.experiments.training.batches import Batches
from tuilab.parts.dropout import Dropout
from tuilab.parts.models import Network
from tuilab.probes.network import NetworkProbe, dead_units
from tuilab.probes.statistics import Floats, fetched, mended, norm_figures, norms, weight_histogram
from tuilab.probes.units import unit_figures
from tuilab.scenario.kinds.training import TrainingProbes

Frames = dict[str, tuple[np.ndarray, dict[str, Any]]]
_PER_LAYER = (
    "activation.mean",
    "activation.std",
    "activation.saturated",
    "activation.dead",
    "gradient.norm",
    "gradient.std",
)


class Observer:
    """Probes one network on behalf of an arm.

    Args:
        arm: whose series these are.
        network: looked into; its weights as they start are the yardstick of their growth.
        activation: as the scenario writes it.
        probes: how exactly.
    """

    def __init__(self, arm: str, network: Network, activation: Any, probes: TrainingProbes) -> None:
        self._arm, self._network, self._probes = arm, network, probes
        function = activation_of(activation)
        self._layers = len(network.activations)
        self._probe = NetworkProbe(
            network,
            network.activations,
            network.weights,
            function,
            bins=probes.bins,
            sample=probes.sample,
            low=function.low,
            high=function.high,
            inputs=probes.preactivations,
        )
        names = [f"layer {k}" for k in range(1, len(network.weights) + 1)]
        self._histogram = {
            "kind": "histogram",
            "low": [function.low] * self._layers,
            "high": [function.high] * self._layers,
            "layers": names[: self._layers],
        }
        # Weights grow and shrink: six times their standard deviation at the start leaves room for both.
        reach = [max(6 * float(weight.detach().float().std()), 1e-3) for weight in network.weights]
        reach[-1] *= 5  # the scores start a tenth as large as they will have to be
        self._reach = reach
        self._weight_histogram = {
            "kind": "histogram",
            "low": [-r for r in reach],
            "high": reach,
            "layers": names,
        }
        self._first_norms = norms(network.weights)
        self._before: list[Tensor] = []
        self._drops = [m for m in network.modules() if isinstance(m, Dropout)]
        self._added: list[Tensor] = []

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Around the pass forward and back that `measured` speaks of."""
        self._added = []
        handles = [drop.register_forward_hook(self._compare) for drop in self._drops]
        try:
            with self._probe.watching():
                yield
        finally:
            for handle in handles:
                handle.remove()

    @torch.no_grad()
    def _compare(self, drop: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
        """What dropout did to its inputs: moments of both, and of the difference."""
        x, output = inputs[0].float(), output.float()
        self._added.append(
            torch.stack([output.mean() / x.mean(), (output - x).square().mean() / x.square().mean()])
        )

    def _dropped(self) -> dict[str, Floats]:
        """Theory beside measurement: inverted dropout keeps the mean and adds p/(1 − p) of the square."""
        mean, variance = torch.stack(self._added).double().cpu().numpy().T
        added = np.array([drop.p / (1 - drop.p) for drop in self._drops])
        theory = {"dropout.mean.predicted": np.ones_like(added), "dropout.variance.predicted": added}
        return {"dropout.mean": mean, "dropout.variance": variance, **theory}

    def measured(self) -> tuple[dict[str, float], Frames]:
        """The figures and histograms of the batch looked at."""
        found = self._probe.measure()
        outputs, gradients = found.outputs, found.gradients
        figures = (
            outputs.mean, outputs.std, outputs.saturated, outputs.dead, gradients.norm, gradients.std
        )  # fmt: skip
        values = dict(zip(_PER_LAYER, figures, strict=True))
        values["weight_gradient.norm"] = found.weight_gradient_norms
        values["weight.norm"] = found.weight_norms
        with np.errstate(divide="ignore", invalid="ignore"):
            values["weight.growth"] = found.weight_norms / self._first_norms
        if self._drops:
            values |= self._dropped()
        if found.inputs is not None:
            values["preactivation.mean"], values["preactivation.std"] = found.inputs
        if self._probes.units:
            values["weight.rank"], values["weight.unit_distance"] = unit_figures(self._network.weights)
        frames: Frames = {}
        if self._layers:
            shares = outputs.histogram.astype(np.float32)
            frames[f"{self._arm}/activation.histogram"] = (shares, self._histogram)
        if self._probes.weights:
            counts, zeros = weight_histogram(self._network.weights, self._reach, self._probes.bins)
            values["weight.zeros"] = zeros
            frames[f"{self._arm}/weight.histogram"] = (counts.astype(np.float32), self._weight_histogram)
        return self._named(values), frames

    def lost(self) -> dict[str, float]:
        """The same figures for a network that has diverged: NaN."""
        weights = len(self._network.weights)
        values = {key: np.full(self._layers, math.nan) for key in _PER_LAYER}
        kinds = ["weight_gradient.norm", "weight.norm", "weight.growth", "weight.zeros", "update.ratio"]
        for key in kinds[:3] + kinds[3:4] * self._probes.weights + kinds[4:]:
            values[key] = np.full(weights, math.nan)
        if self._probes.preactivations:
            for key in ("preactivation.mean", "preactivation.std"):
                values[key] = np.full(self._layers, math.nan)
        for key in ("dropout.mean", "dropout.variance") if self._drops else ():
            values[key] = values[f"{key}.predicted"] = np.full(len(self._drops), math.nan)
        return self._named(values)

    @torch.no_grad()
    def before_update(self) -> None:
        """Remember the weights, to compare."""
        self._before = [weight.detach().clone() for weight in self._network.weights]

    @torch.no_grad()
    def after_update(self) -> dict[str, float]:
        """How far the weights moved."""
        moved = torch._foreach_sub([weight.detach() for weight in self._network.weights], self._before)
        with np.errstate(divide="ignore", invalid="ignore"):
            lengths, before = fetched(norm_figures(moved), norm_figures(self._before))
            ratio = mended(lengths, moved) / mended(before, self._before)
        self._before = []
        return self._named({"update.ratio": ratio})

    def exact(self, batches: Batches) -> dict[str, float]:
        """What only a look at every training example can tell."""
        inputs = (batch.inputs for batch in batches.evaluation(batches.inputs, batches.labels))
        found = dead_units(self._network, self._network.activations, inputs)
        return self._named({"activation.dead.exact": found})

    def _named(self, figures: dict[str, Floats]) -> dict[str, float]:
        return {
            f"{self._arm}/{metric}/{layer}": value
            for metric, values in figures.items()
            for layer, value in enumerate(values.tolist(), 1)
        }
