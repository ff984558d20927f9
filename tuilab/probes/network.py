"""Looking inside a network while it learns: hooks that are there only while somebody looks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from tuilab.parts.activations import Activation
from tuilab.probes.statistics import (
    Floats,
    GradientStatistics,
    LayerStatistics,
    gradient_statistics,
    layer_statistics,
    moments,
    norms,
)


@dataclass(frozen=True, slots=True)
class NetworkStatistics:
    """What one forward and backward pass showed."""

    outputs: LayerStatistics
    gradients: GradientStatistics
    """Of the loss, at the same outputs."""
    weight_gradient_norms: Floats
    weight_norms: Floats
    inputs: tuple[Floats, Floats] | None = None
    """Mean and standard deviation of what went into the watched modules, if that was asked for."""


class NetworkProbe:
    """Measures the outputs of some modules and the gradients there, and the weights' own.

    Args:
        modules: those whose outputs are watched; each must be called once a pass.
        weights: those whose norms, and gradients' norms, are taken.
        activation: what made the outputs, or its name.
        bins: bins of the outputs' histogram.
        sample: values taken a layer; 0 takes all.
        low: lower edge of the histogram.
        high: upper edge of the histogram.
        inputs: also measure what goes into the modules.
    """

    def __init__(
        self,
        modules: Sequence[nn.Module],
        weights: Sequence[Tensor],
        activation: str | Activation,
        *,
        bins: int,
        sample: int,
        low: float,
        high: float,
        inputs: bool = False,
    ) -> None:
        self._modules = modules
        self._weights = weights
        self._sample = sample
        self._measure = partial(
            layer_statistics, activation=activation, bins=bins, sample=sample, low=low, high=high
        )
        self._outputs: list[Tensor] = []
        self._inputs: list[Tensor] | None = [] if inputs else None

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Around one forward and backward pass: keeps what `measure` then needs."""
        self._outputs = []
        self._inputs = None if self._inputs is None else []
        handles = [module.register_forward_hook(self._keep) for module in self._modules]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def measure(self) -> NetworkStatistics:
        """The figures of the pass that was watched, which is then let go."""
        outputs, self._outputs = self._outputs, []
        gradients = [output.grad for output in outputs if output.grad is not None]
        weight_gradients = [weight.grad for weight in self._weights if weight.grad is not None]
        return NetworkStatistics(
            self._measure(outputs),
            gradient_statistics(gradients, sample=self._sample),
            norms(weight_gradients),
            norms(self._weights),
            None if self._inputs is None else moments(self._inputs, sample=self._sample),
        )

    def _keep(self, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        output.retain_grad()
        self._outputs.append(output)
        if self._inputs is not None:
            self._inputs.append(inputs[0].detach())


@torch.no_grad()
def dead_units(network: nn.Module, modules: Sequence[nn.Module], batches: Iterable[Tensor]) -> Floats:
    """Share of each module's units that are zero for every example, by the network as it is used.

    Args:
        network: asked in evaluation mode, and left in the mode it was in.
        modules: whose outputs are looked at, (batch, units) or (batch, channels, height, width).
        batches: every example there is.
    """
    alive: dict[nn.Module, Tensor] = {}

    def note(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        others = [d for d in range(output.dim()) if d != 1]
        found = (output != 0).any(others) if others else output != 0
        alive[module] = alive[module] | found if module in alive else found

    training = network.training
    handles = [module.register_forward_hook(note) for module in modules]
    try:
        network.eval()
        for batch in batches:
            network(batch)
    finally:
        network.train(training)
        for handle in handles:
            handle.remove()
    if not modules:
        return np.empty(0)
    return np.asarray(1 - torch.stack([alive[module].double().mean() for module in modules]).cpu().numpy())
