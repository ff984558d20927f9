"""Figures of a network's layers: batched over layers, with one transfer to the host for all of them.

Each transfer waits for the device. So what ends in `_figures` stays there, `fetched` brings all of it over at
once (see `tuilab.probes.pending`), and the rest is done on the host.

What each form costs was measured before it was chosen: `std` and `var_mean` take 30 times as long as a mean,
`bucketize` ten times as long as multiply, clamp and count, and on a CPU a norm in float64 five to eight times
one in float32.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tuilab.parts.activations import ACTIVATIONS, Activation

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LayerStatistics:
    """Figures of L layers' outputs. A layer with a NaN has NaN in every figure but its histogram."""

    mean: Floats
    """Mean of the outputs, length L."""
    std: Floats
    """Standard deviation of the outputs, length L."""
    saturated: Floats
    """Share of outputs on a flat part of the activation, length L."""
    dead: Floats
    """Share of units (features, channels) that are zero for the whole batch, length L; never sampled."""
    histogram: Floats
    """Shares of the finite outputs in each bin, (L, bins): a row sums to 1, or to 0 if none is finite."""


@dataclass(frozen=True, slots=True)
class GradientStatistics:
    """Figures of the loss gradient at L layers' outputs."""

    norm: Floats
    """Euclidean norm, length L; over all values, never sampled."""
    std: Floats
    """Standard deviation, length L."""


@torch.no_grad()
def layer_statistics(
    outputs: Sequence[Tensor],
    activation: str | Activation | Sequence[Activation],
    *,
    bins: int,
    sample: int,
    low: float,
    high: float,
    axes: Sequence[int] | None = None,
) -> LayerStatistics:
    """Measures the outputs of L layers.

    Args:
        outputs: one tensor a layer, (batch, features) or (batch, channels, height, width), all on one device.
        activation: what made them, or its name, or one for each; it says what is saturated.
        bins: bins of the histogram between `low` and `high`; values beyond them count in the end bins.
        sample: values taken a layer, spread evenly over all of them; 0 takes every value.
        low: lower edge of the histogram.
        high: upper edge of the histogram.
        axes: which axis of each output counts its units; 1 without it.
    """
    (packed,) = fetched(
        layer_figures(outputs, activation, bins=bins, sample=sample, low=low, high=high, axes=axes)
    )
    return as_layer_statistics(packed)


@torch.no_grad()
def layer_figures(
    outputs: Sequence[Tensor],
    activation: str | Activation | Sequence[Activation],
    *,
    bins: int,
    sample: int,
    low: float,
    high: float,
    axes: Sequence[int] | None = None,
) -> Tensor:
    """What `as_layer_statistics` reads, still on the device: (L, 5 + bins)."""
    if not outputs:
        return torch.empty(0, 5 + bins)
    groups = _sampled(outputs, sample)
    means, stds = _moments(groups)
    if isinstance(activation, str | Activation):
        phi = ACTIVATIONS[activation] if isinstance(activation, str) else activation
        flat = torch.cat([phi.flat(x).double().mean(1) for x in groups])
    else:
        rows = [row for x in groups for row in x]
        flat = torch.stack([f.flat(row).double().mean() for f, row in zip(activation, rows, strict=True)])
    dead = torch.stack(
        [dead_share(h, axis) for h, axis in zip(outputs, axes or [1] * len(outputs), strict=True)]
    )
    counts = _counts(groups, bins, low, high)
    return torch.cat([torch.stack([means, stds, flat, dead], 1), counts], 1)


def as_layer_statistics(packed: Floats) -> LayerStatistics:
    """From `layer_figures`, on the host."""
    unknown = np.isnan(packed[:, 0])
    packed[unknown, 2:4] = np.nan
    counted = packed[:, 4:-1]
    shares = counted / np.maximum(counted.sum(1, keepdims=True), 1)
    return LayerStatistics(packed[:, 0], packed[:, 1], packed[:, 2], packed[:, 3], shares)


@torch.no_grad()
def gradient_statistics(gradients: Sequence[Tensor], *, sample: int) -> GradientStatistics:
    """Measures the gradients at L layers' outputs, one tensor a layer; `sample` as in `layer_statistics`."""
    return GradientStatistics(*fetched(norm_figures(gradients), moment_figures(gradients, sample)[1]))


@torch.no_grad()
def moments(tensors: Sequence[Tensor], *, sample: int) -> tuple[Floats, Floats]:
    """Mean and standard deviation of each tensor; `sample` as in `layer_statistics`."""
    mean, std = fetched(*moment_figures(tensors, sample))
    return mean, std


@torch.no_grad()
def moment_figures(tensors: Sequence[Tensor], sample: int) -> tuple[Tensor, Tensor]:
    """As `moments`, still on the device."""
    if not tensors:
        return torch.empty(0), torch.empty(0)
    return _moments(_sampled(tensors, sample))


@torch.no_grad()
def weight_histogram(weights: Sequence[Tensor], reach: Sequence[float], bins: int) -> tuple[Floats, Floats]:
    """Every weight of each layer counted.

    Args:
        weights: one tensor a layer.
        reach: each layer's histogram spans −reach … reach; what lies beyond counts in the end bins.
        bins: how many.

    Returns:
        Shares of the finite weights in each bin, (L, bins), and the share of weights exactly zero, (L,).
    """
    (packed,) = fetched(weight_histogram_figures(weights, reach, bins))
    return as_weight_histogram(packed)


@torch.no_grad()
def weight_histogram_figures(weights: Sequence[Tensor], reach: Sequence[float], bins: int) -> Tensor:
    """What `as_weight_histogram` reads, still on the device: (L, bins + 2)."""
    scaled = [_flatten(weight.detach())[None] / r for weight, r in zip(weights, reach, strict=True)]
    zeros = torch.stack([(weight == 0).double().mean() for weight in weights])
    return torch.cat([_counts(scaled, bins, -1.0, 1.0), zeros[:, None]], 1)


def as_weight_histogram(packed: Floats) -> tuple[Floats, Floats]:
    """From `weight_histogram_figures`, on the host."""
    counted = packed[:, :-2]
    return counted / np.maximum(counted.sum(1, keepdims=True), 1), packed[:, -1]


@torch.no_grad()
def histogram_figures(rows: Tensor, low: Tensor, high: Tensor, bins: int) -> Tensor:
    """Each row counted in equal bins of a range of its own, still on the device: (L, bins).

    Args:
        rows: (L, n); what is not finite is left out, what lies beyond a range counts in its end bins.
        low: lower edges, (L,).
        high: upper edges, (L,), greater.
        bins: how many.
    """
    middle, half = ((low + high) / 2)[:, None], ((high - low) / 2)[:, None]
    return _counts([(rows - middle) / half], bins, -1.0, 1.0)[:, :-1]


@torch.no_grad()
def norms(tensors: Sequence[Tensor]) -> Floats:
    """The Euclidean norm of each tensor, as far as float64 reaches."""
    (found,) = fetched(norm_figures(tensors))
    return found


@torch.no_grad()
def norm_figures(tensors: Sequence[Tensor]) -> Tensor:
    """The Euclidean norms as far as float64 reaches, (L,) float64, still on the device."""
    if not tensors:
        return torch.empty(0, dtype=torch.float64)
    if tensors[0].device.type != "cpu":  # where memory is read as fast as float64 is added up
        return torch.stack(torch._foreach_norm(list(tensors), 2, torch.float64))
    wide = [t if t.dtype in (torch.float32, torch.float64) else t.float() for t in tensors]
    found = torch.stack(torch._foreach_norm(wide)).double()
    # Squares overflow or vanish in float32 long before the values do, and vanishing and exploding
    # gradients are what people come to see.
    for k in ((found > 1e-15) & (found < 1e15)).logical_not_().nonzero().flatten().tolist():
        found[k] = torch.linalg.vector_norm(tensors[k], dtype=torch.float64)
    return found


def fetched(*figures: Tensor) -> list[Floats]:
    """Figures as float64 on the host, all in one transfer."""
    flat = [f.to(torch.float64).flatten() for f in figures if f.numel()]
    values = torch.cat(flat).cpu().numpy() if flat else np.empty(0)
    ends = np.cumsum([f.numel() for f in figures])
    return [part.reshape(f.shape) for part, f in zip(np.split(values, ends[:-1]), figures, strict=True)]


def _flatten(x: Tensor) -> Tensor:
    """All values in one row, without a copy for channels_last."""
    if x.dim() == 4 and x.is_contiguous(memory_format=torch.channels_last):
        x = x.permute(0, 2, 3, 1)
    return x.reshape(-1)


@lru_cache(maxsize=64)
def _places(total: int, sample: int, device: torch.device) -> Tensor:
    """One place in each of `sample` equal stretches of `range(total)`.

    Where in its stretch follows the golden ratio, which spreads most evenly: a plain stride would be
    a multiple of the number of channels, and would see one channel only.
    """
    number = np.arange(sample)
    places = (number + number * ((math.sqrt(5) - 1) / 2) % 1) * (total / sample)
    return torch.from_numpy(np.minimum(places.astype(np.int64), total - 1)).to(device)


def sampled_row(x: Tensor, sample: int) -> Tensor:
    """The values of a tensor that are measured, (n,) in float32 or float64; of few values a view.

    Args:
        x: any floating tensor.
        sample: values at most, spread evenly over all; 0 takes every value.
    """
    row = _flatten(x)
    if 0 < sample < row.numel():
        row = row.index_select(0, _places(row.numel(), sample, x.device))
    return row if row.dtype in (torch.float32, torch.float64) else row.float()


def kept_row(x: Tensor, sample: int) -> Tensor:
    """The same values, as a copy that does not change with the tensor."""
    row = sampled_row(x, sample)
    return row if 0 < sample < x.numel() else row.clone()


def _sampled(tensors: Sequence[Tensor], sample: int) -> list[Tensor]:
    """The values measured: one (L, n) tensor, or L of (1, n) where layers differ in size."""
    rows = [sampled_row(x, sample) for x in tensors]
    if len({x.numel() for x in rows}) == 1:
        return [torch.stack(rows)]
    return [x[None] for x in rows]


def _moments(groups: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each layer, (L,) float64 each."""
    wide = [x.double() for x in groups]
    means = [x.mean(1) for x in wide]
    variances = [(x - mean[:, None]).square_().mean(1) for x, mean in zip(wide, means, strict=True)]
    return torch.cat(means), torch.cat(variances).sqrt()


def dead_share(h: Tensor, axis: int) -> Tensor:
    """Share of a layer's units that are zero everywhere, a scalar on the device; `axis` counts the units."""
    if h.dim() < 2:
        h = h.reshape(1, -1)
    others = [d for d in range(h.dim()) if d != axis % h.dim()]
    return ((h.amax(others) == 0) & (h.amin(others) == 0)).double().mean()


def _counts(groups: list[Tensor], bins: int, low: float, high: float) -> Tensor:
    """Values in each bin and, in one more column, those that are not finite: (L, bins + 1) float64."""
    wide = bins + 1
    rows: list[Tensor] = []
    for x in groups:
        place = x.sub(low).mul_(bins / (high - low)).clamp_(0, bins - 1)
        # What is not finite goes to the last column: x·0 is NaN there. Straight to int64 is 8 times as slow.
        place = place.add_(x * 0).nan_to_num_(bins).int().long()
        rows.extend(place)
    places = torch.cat([row.add_(wide * layer) for layer, row in enumerate(rows)])
    # An integer scatter: as fast as bincount, which would wait for the device to learn its length.
    found = torch.zeros(len(rows) * wide, dtype=torch.long, device=places.device)
    return found.scatter_add_(0, places, torch.ones_like(places)).view(-1, wide).double()
