"""Looking inside a network while it learns: hooks that are there only while somebody looks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from torch import Tensor, nn

from tuilab.parts.activations import Activation
from tuilab.probes.statistics import (
    Floats,
    GradientStatistics,
    LayerStatistics,
    gradient_statistics,
    layer_statistics,
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
    ) -> None:
        self._modules = modules
        self._weights = weights
        self._sample = sample
        self._measure = partial(
            layer_statistics, activation=activation, bins=bins, sample=sample, low=low, high=high
        )
        self._outputs: list[Tensor] = []

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Around one forward and backward pass: keeps what `measure` then needs."""
        self._outputs = []
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
        )

    def _keep(self, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        output.retain_grad()
        self._outputs.append(output)
