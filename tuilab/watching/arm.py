"""One watched network: what is measured of it at an update of its weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from tuilab.probes.cost import Stopwatch
from tuilab.probes.observation import Observation
from tuilab.probes.statistics import Floats, dead_share, fetched, kept_row, norm_figures, sampled_row
from tuilab.watching import anatomy
from tuilab.watching.figures import Histograms, Samples, layer_values
from tuilab.watching.looking import Eye, Seen


class Arm:
    """Measures one network, before and after the optimiser's step.

    Args:
        name: whose series these are.
        model: the network, wrapped or not; None where there are arrays only.
        sample: values taken of each tensor.
        bins: of histograms.
        timed: runs while something is measured.
        failed: told of what goes wrong while the network runs.
    """

    def __init__(
        self,
        name: str,
        model: nn.Module | None,
        sample: int,
        bins: int,
        timed: Stopwatch,
        failed: Callable[[Exception], None],
    ) -> None:
        self.name, self.model = name, model
        self.root = None if model is None else anatomy.bare(model)
        self.eye = None if self.root is None else Eye(self.root, sample, timed, failed)
        self._sample = sample
        self._outputs, self._weights = Histograms(bins), Histograms(bins)
        self._before: dict[str, Tensor] = {}
        self._pending: list[Tensor] = []
        self._graded: list[str] = []
        self._missing: list[str] | None = None
        """Parameters that no gradient came to at the first look, until that is told."""

    def owns(self, optimizer: Optimizer) -> bool:
        """Whether the optimiser updates weights of this network."""
        if self.root is None:
            return False
        own = {id(parameter) for parameter in self.root.parameters()}
        return any(id(parameter) in own for parameter in anatomy.parameters(optimizer))

    @torch.no_grad()
    def before(self, optimizer: Optimizer) -> None:
        """Remember the weights, and take the norms of all gradients as the optimiser gets them."""
        if self.root is None:
            return
        weights = anatomy.weights(self.root)
        self._before = {name: kept_row(weight.detach(), self._sample) for name, weight in weights.items()}
        learning = [p for p in anatomy.parameters(optimizer) if p.requires_grad]
        grads = {id(p): _dense(p.grad) for p in learning if p.grad is not None}
        norms = norm_figures(list(grads.values()))
        scale = getattr(optimizer, "grad_scale", None)
        if isinstance(scale, Tensor):  # a fused optimiser undoes what GradScaler did by itself
            norms = norms / scale.to(norms)
        order = {key: place for place, key in enumerate(grads)}
        self._graded = [name for name, weight in weights.items() if id(weight) in order]
        of_weights = norms[[order[id(weights[name])] for name in self._graded]] if self._graded else norms[:0]
        self._pending = [of_weights, norms.square().sum().sqrt()[None], norm_figures(list(weights.values()))]
        if self._missing is None:
            self._missing = _without(self.root, learning, grads)

    @torch.no_grad()
    def after(self, observation: Observation) -> None:
        """Compare the weights, and add all that was measured to the observation."""
        if self.root is None or not self._pending:
            return
        weights = {name: w for name, w in anatomy.weights(self.root).items() if name in self._before}
        now = [sampled_row(weight.detach(), self._sample) for weight in weights.values()]
        before = [self._before[name] for name in weights]
        moved = norm_figures([a - b for a, b in zip(now, before, strict=True)])
        figures = fetched(*self._pending, moved, norm_figures(before))
        gradients, total, norms, lengths, were = figures
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = lengths / were
        self._add(observation, "weight_gradient.norm", self._graded, gradients)
        self._add(observation, "weight.norm", list(self._before), norms)
        self._add(observation, "update.ratio", list(weights), ratios)
        if self._missing:
            observation.events.append(("no-gradient", self.name, {"parameters": self._missing}))
            self._missing = []
        clipped = f"{self.name}/gradient.global_norm"
        clipped += ".clipped" if clipped in observation.values else ""
        observation.values[clipped] = float(total[0])
        if self._before:
            samples = Samples(list(self._before), list(self._before.values()))
            observation.frames[f"{self.name}/weight.histogram"] = self._weights.frame(samples)
        if self.eye is not None:
            self.layers(observation, self.eye.take())
        self._before, self._pending = {}, []

    def layers(self, observation: Observation, seen: Sequence[Seen]) -> None:
        """Add what was seen of layers."""
        if not seen:
            return
        samples = Samples([one.name for one in seen], [one.sample for one in seen])
        for metric, values in layer_values(seen, samples).items():
            observation.values.update({f"{self.name}/{metric}/{name}": v for name, v in values.items()})
        observation.frames[f"{self.name}/activation.histogram"] = self._outputs.frame(samples)

    def _add(self, observation: Observation, metric: str, layers: list[str], values: Floats) -> None:
        named = zip(layers, values.tolist(), strict=True)
        observation.values.update({f"{self.name}/{metric}/{layer}": value for layer, value in named})


def array_seen(name: str, array: Any, sample: int) -> Seen:
    """A layer's outputs that were handed over, (batch, units) or (batch, channels, …), as if they were seen.

    Raises:
        TypeError, ValueError: it is no array of numbers.
    """
    values = torch.as_tensor(np.asarray(array.detach().cpu() if isinstance(array, Tensor) else array))
    if values.is_complex() or not values.numel():
        raise ValueError(f"log_layer({name!r}, …) wants an array of real numbers that is not empty")
    values = values if values.is_floating_point() else values.double()
    return Seen(name, kept_row(values, sample), dead_share(values, 1), None)


def _dense(gradient: Tensor) -> Tensor:
    return gradient.coalesce().values() if gradient.is_sparse else gradient


def _without(root: nn.Module, learning: list[Tensor], grads: Mapping[int, Tensor]) -> list[str]:
    """Names of parameters that the optimiser is to update and that no gradient came to."""
    wanted = {id(parameter) for parameter in learning} - set(grads)
    return [anatomy.plain(name) for name, parameter in root.named_parameters() if id(parameter) in wanted][
        :20
    ]
