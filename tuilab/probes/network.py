"""Looking inside a network while it learns: hooks that are there only while somebody looks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tuilab.parts.activations import ACTIVATIONS, Activation
from tuilab.probes.pending import Pending, fetch
from tuilab.probes.statistics import (
    Floats,
    GradientStatistics,
    LayerStatistics,
    as_layer_statistics,
    layer_figures,
    moment_figures,
    norm_figures,
)


@dataclass(frozen=True, slots=True)
class NetworkStatistics:
    """What one forward and backward pass showed."""

    names: tuple[str, ...]
    """What was watched, in the order in which it happened: `encoder.relu`, `encoder.relu#2` when it was used
    again, `lstm.0` and `lstm.1.1` for the pieces of nested outputs."""
    outputs: LayerStatistics
    gradients: GradientStatistics
    """Of the loss, at the same outputs; NaN where none came back."""
    weight_gradient_norms: Floats
    weight_norms: Floats
    inputs: tuple[Floats, Floats] | None = None
    """Mean and standard deviation of what went into the watched modules, if that was asked for."""


@dataclass(slots=True)
class _Seen:
    """One output of one use of a module."""

    name: str
    module: nn.Module
    original: Tensor
    """Cut off from the graph; in-place operations on the output change it too, and its version."""
    version: int
    value: Tensor
    """The original itself, or a copy."""
    gradient: Tensor | None = None

    @property
    def overwritten(self) -> bool:
        """Whether somebody has worked on the output in place since."""
        return self.original._version != self.version

    def note(self, gradient: Tensor) -> None:
        """Keep the gradient that came back, which is that of the output before anything overwrote it."""
        self.gradient = gradient


class NetworkProbe:
    """Measures the outputs of a network's modules and the gradients there, and the weights' own.

    Takes any module: one that is used several times in a pass is seen every time, nested outputs are taken
    apart, and what an in-place operation overwrites is kept before it happens. (The first pass keeps a copy
    of every output, to find out which are overwritten; from then on only of those.)

    Args:
        network: what is run.
        modules: those of it to watch; all leaves without it, that is modules without children or with
            parameters of their own.
        weights: those whose norms, and gradients' norms, are taken; without it all parameters of two or more
            axes.
        activation: what made the outputs, or its name; without it what each module's own type says.
        bins: bins of the outputs' histogram.
        sample: values taken a layer; 0 takes all.
        low: lower edge of the histogram.
        high: upper edge of the histogram.
        inputs: also measure what goes into the modules.
        timed: entered around everything that the probe does while the network runs; a stopwatch.
    """

    def __init__(
        self,
        network: nn.Module,
        modules: Sequence[nn.Module] | None = None,
        weights: Sequence[Tensor] | None = None,
        activation: str | Activation | None = None,
        *,
        bins: int = 64,
        sample: int = 4096,
        low: float = -4.0,
        high: float = 4.0,
        inputs: bool = False,
        timed: AbstractContextManager[None] | None = None,
    ) -> None:
        names = {module: name or type(module).__name__ for name, module in network.named_modules()}
        watched = leaves(network) if modules is None else modules
        self._names = {module: names[module] for module in watched}
        self._weights = [p for p in network.parameters() if p.dim() > 1] if weights is None else weights
        self._activation = activation
        self._sample = sample
        self._figures = partial(layer_figures, bins=bins, sample=sample, low=low, high=high)
        self._seen: list[_Seen] = []
        self._uses: Counter[nn.Module] = Counter()
        self._overwritten: set[str] | None = None
        """Outputs that have to be copied; None before a pass has shown which."""
        self._inputs: list[Tensor] | None = [] if inputs else None
        self._timed = timed or nullcontext()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Around one forward and backward pass: keeps what `measure` then needs."""
        with self._timed:
            self._seen = []
            self._uses.clear()
            self._inputs = None if self._inputs is None else []
            handles = [module.register_forward_hook(self._look) for module in self._names]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def measure(self) -> NetworkStatistics:
        """The figures of the pass that was watched, which is then let go."""
        (found,) = fetch([self.pending()])
        return found

    @torch.no_grad()
    def pending(self, of_all: Callable[[Tensor], Tensor] | None = None) -> Pending[NetworkStatistics]:
        """As `measure`, not waited for.

        Args:
            of_all: makes the norms of gradients, (outputs,), of those for this process's examples.
        """
        seen, self._seen = self._seen, []
        overwritten = {output.name for output in seen if output.overwritten}
        for output in seen:
            if output.overwritten and output.value is output.original:
                output.value = torch.full_like(output.value, torch.nan)  # seen too late this time
        self._overwritten = overwritten | (self._overwritten or set())
        outputs = self._figures(
            [output.value for output in seen],
            activation=self._activation or [activation_of(output.module) for output in seen],
            axes=[unit_axis(output.module, output.value) for output in seen],
        )
        there = [k for k, output in enumerate(seen) if output.gradient is not None]
        gradients = [output.gradient for output in seen if output.gradient is not None]
        weight_gradients = [weight.grad for weight in self._weights if weight.grad is not None]
        gradient_norms = norm_figures(gradients)
        names, asked = tuple(output.name for output in seen), self._inputs is not None

        def read(packed: Floats, norms: Floats, stds: Floats, *rest: Floats) -> NetworkStatistics:
            weight_gradient_norms, weight_norms, *inputs = rest
            return NetworkStatistics(
                names,
                as_layer_statistics(packed),
                GradientStatistics(_spread(norms, there, len(names)), _spread(stds, there, len(names))),
                weight_gradient_norms,
                weight_norms,
                (inputs[0], inputs[1]) if asked else None,
            )

        figures = (
            outputs,
            of_all(gradient_norms) if of_all else gradient_norms,
            moment_figures(gradients, self._sample)[1],
            norm_figures(weight_gradients),
            norm_figures(self._weights),
            *moment_figures(self._inputs or [], self._sample),
        )
        return Pending(figures, read)

    def _look(self, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        with self._timed:
            self._keep(module, inputs, output)

    def _keep(self, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        self._uses[module] += 1
        use = self._uses[module]
        name = self._names[module] + (f"#{use}" if use > 1 else "")
        for place, tensor in tensors_of(output):
            kept = tensor.detach()
            copied = self._overwritten is None or name + place in self._overwritten
            seen = _Seen(name + place, module, kept, kept._version, kept.clone() if copied else kept)
            if tensor.requires_grad:
                tensor.register_hook(seen.note)  # type: ignore[no-untyped-call]
            self._seen.append(seen)
        if self._inputs is not None:
            self._inputs.extend(tensor.detach() for _, tensor in list(tensors_of(inputs))[:1])


def leaves(network: nn.Module) -> list[nn.Module]:
    """The modules of a network that compute: those without children, or with parameters of their own."""
    return [
        module
        for module in network.modules()
        if next(module.children(), None) is None or next(module.parameters(recurse=False), None) is not None
    ]


def tensors_of(output: Any, place: str = "") -> Iterator[tuple[str, Tensor]]:
    """Every tensor of floating numbers in nested tuples, lists and dicts, and where: `.1.0`."""
    if isinstance(output, Tensor):
        if output.is_floating_point() and output.numel():
            yield place, output
        return
    if isinstance(output, list | tuple):
        output = dict(enumerate(output))
    if isinstance(output, Mapping):
        for key, part in output.items():
            yield from tensors_of(part, f"{place}.{key}")


_KNOWN: dict[type[nn.Module], str] = {
    nn.ReLU: "relu",
    nn.LeakyReLU: "leaky_relu",
    nn.Tanh: "tanh",
    nn.Sigmoid: "sigmoid",
    nn.ELU: "elu",
    nn.SELU: "selu",
    nn.GELU: "gelu",
    nn.SiLU: "silu",
}


def activation_of(module: nn.Module) -> Activation:
    """What says which of a module's outputs are saturated: of most modules, none."""
    return ACTIVATIONS[_KNOWN.get(type(module), "identity")]


_CHANNELS_LAST = (nn.Linear, nn.LayerNorm, nn.Embedding, nn.RNNBase, nn.MultiheadAttention)


def unit_axis(module: nn.Module, output: Tensor) -> int:
    """The last axis after a linear map and in sequences, the second where there are channels."""
    return -1 if isinstance(module, _CHANNELS_LAST) or (output.dim() == 3 and not _convolves(module)) else 1


def _convolves(module: nn.Module) -> bool:
    return type(module).__name__.endswith("1d")


def _spread(found: Floats, places: Sequence[int], count: int) -> Floats:
    """Figures of some outputs among NaN for the others."""
    spread = np.full(count, np.nan)
    spread[list(places)] = found
    return spread


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
