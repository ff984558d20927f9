"""What is seen of an arm's network while it learns: figures layer by layer, and histograms."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from tuilab.experiments.training.batches import Batches
from tuilab.experiments.world import World
from tuilab.parts.dropout import Dropout
from tuilab.parts.models import Network
from tuilab.probes.cost import Stopwatch
from tuilab.probes.network import NetworkProbe, NetworkStatistics, dead_units
from tuilab.probes.pending import Pending
from tuilab.probes.statistics import (
    Floats,
    as_weight_histogram,
    norm_figures,
    norms,
    weight_histogram_figures,
)
from tuilab.probes.units import unit_figures
from tuilab.scenario.kinds.training import TrainingProbes

_PER_LAYER = (
    "activation.mean",
    "activation.std",
    "activation.saturated",
    "activation.dead",
    "gradient.norm",
    "gradient.std",
)


class Found(NamedTuple):
    """What a look at an arm showed."""

    values: dict[str, float]
    frames: dict[str, tuple[np.ndarray, dict[str, Any]]]


class Observer:
    """Probes one network on behalf of an arm.

    Args:
        arm: whose series these are.
        network: looked into; its weights as they start are the yardstick of their growth.
        probes: how exactly.
        watch: runs while the network is observed.
        world: the processes that share each batch.
    """

    def __init__(
        self,
        arm: str,
        network: Network,
        probes: TrainingProbes,
        watch: Stopwatch,
        world: World,
    ) -> None:
        self._arm, self._network, self._probes = arm, network, probes
        self._watch, self._world = watch, world
        function = network.function
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
            timed=watch,
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
        with self._watch:
            x, output = inputs[0].float(), output.float()
            self._added.append(
                torch.stack([output.mean() / x.mean(), (output - x).square().mean() / x.square().mean()])
            )

    @torch.no_grad()
    def measured(self) -> list[Pending[Found]]:
        """The figures and histograms of the batch looked at."""
        weights, added = self._network.weights, self._added
        pending = [self._probe.pending(self._of_all).then(self._layer_figures)]
        if self._drops:
            pending.append(Pending((torch.stack(added),), self._dropped))
        if self._probes.units:
            # Copies, for the update comes before they are fetched.
            whole = tuple(weight.detach().to(torch.float64, copy=True) for weight in weights)
            pending.append(Pending(whole, self._unit_figures))
        if self._probes.weights:
            counted = weight_histogram_figures(weights, self._reach, self._probes.bins)
            pending.append(Pending((counted,), self._weight_figures))
        return pending

    def _of_all(self, norms: Tensor) -> Tensor:
        """The norms of gradients at the outputs of the whole batch, whose examples are every process's."""
        if self._world.size == 1:
            return norms
        squares = norms.square()
        self._world.all_reduce([squares])
        return squares.sqrt()

    def _layer_figures(self, found: NetworkStatistics) -> Found:
        outputs, gradients = found.outputs, found.gradients
        figures = (
            outputs.mean, outputs.std, outputs.saturated, outputs.dead, gradients.norm, gradients.std
        )  # fmt: skip
        values = dict(zip(_PER_LAYER, figures, strict=True))
        values["weight_gradient.norm"] = found.weight_gradient_norms
        values["weight.norm"] = found.weight_norms
        with np.errstate(divide="ignore", invalid="ignore"):
            values["weight.growth"] = found.weight_norms / self._first_norms
        if found.inputs is not None:
            values["preactivation.mean"], values["preactivation.std"] = found.inputs
        frames = {}
        if self._layers:
            shares = outputs.histogram.astype(np.float32)
            frames[f"{self._arm}/activation.histogram"] = (shares, self._histogram)
        return Found(self._named(values), frames)

    def _dropped(self, seen: Floats) -> Found:
        """Theory beside measurement: inverted dropout keeps the mean and adds p/(1 − p) of the square."""
        mean, variance = seen.T
        added = np.array([drop.p / (1 - drop.p) for drop in self._drops])
        theory = {"dropout.mean.predicted": np.ones_like(added), "dropout.variance.predicted": added}
        return Found(self._named({"dropout.mean": mean, "dropout.variance": variance, **theory}), {})

    def _unit_figures(self, *weights: Floats) -> Found:
        ranks, distances = unit_figures(weights)
        return Found(self._named({"weight.rank": ranks, "weight.unit_distance": distances}), {})

    def _weight_figures(self, packed: Floats) -> Found:
        counts, zeros = as_weight_histogram(packed)
        frame = (counts.astype(np.float32), self._weight_histogram)
        return Found(self._named({"weight.zeros": zeros}), {f"{self._arm}/weight.histogram": frame})

    def lost(self) -> Found:
        """The same figures for a network that has diverged: NaN."""
        kinds = ["weight_gradient.norm", "weight.norm", "weight.growth", "update.ratio"]
        kinds += ["weight.zeros"] * self._probes.weights
        kinds += ["weight.rank", "weight.unit_distance"] * self._probes.units
        values = {key: np.full(len(self._network.weights), math.nan) for key in kinds}
        layers = [*_PER_LAYER, *["preactivation.mean", "preactivation.std"] * self._probes.preactivations]
        values |= {key: np.full(self._layers, math.nan) for key in layers}
        for key in ("dropout.mean", "dropout.variance") if self._drops else ():
            values[key] = values[f"{key}.predicted"] = np.full(len(self._drops), math.nan)
        return Found(self._named(values), {})

    @torch.no_grad()
    def before_update(self) -> None:
        """Remember the weights, to compare."""
        with self._watch:
            self._before = [weight.detach().clone() for weight in self._network.weights]

    @torch.no_grad()
    def after_update(self) -> Pending[Found]:
        """How far the weights moved."""
        with self._watch:
            moved = torch._foreach_sub([weight.detach() for weight in self._network.weights], self._before)
            figures = norm_figures(moved), norm_figures(self._before)
            self._before = []
        return Pending(figures, self._moved)

    def _moved(self, lengths: Floats, before: Floats) -> Found:
        with np.errstate(divide="ignore", invalid="ignore"):
            return Found(self._named({"update.ratio": lengths / before}), {})

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
