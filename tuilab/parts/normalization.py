"""Normalisation layers: make a signal zero-mean and unit-variance, wherever it is.

All of them compute the same thing, and differ in which values share a mean μ and a variance σ²:

    x̂ = (x − μ)/√(σ² + ε)          y = γ·x̂ + β,  γ and β learned, one a channel

For x of shape (N examples, C channels, pixels), ■ marks the values that share μ and σ² with the corner ones.
Rows are examples, columns channels; every cell is all its pixels (for a dense layer, one value).

       batch          layer         instance         group
      ■·······      ■■■■■■■■       ■·······        ■■■■····
      ■·······      ········       ········        ········
      ■·······      ········       ········        ········
    over N, pixels  over C, pixels  over pixels   over a group's channels, pixels

Batch norm alone looks at other examples. So it alone needs a batch to look at, and something else in its
place at test time: running averages of the means and variances that training met. RMS norm averages as
layer norm does and leaves μ out. (`shares` finds these pictures by asking the code.)

The backward pass: let g = ∂E/∂x̂ and let ⟨·⟩ average over the values that share μ and σ². Every x moves its
own x̂ directly, and all of them through μ and σ²:

    ∂x̂ⱼ/∂xᵢ = (1/s)·(δᵢⱼ − 1/m − x̂ᵢ·x̂ⱼ/m)       s = √(σ² + ε), m values share
    ∂E/∂x   = (1/s)·(g − ⟨g⟩ − x̂·⟨g·x̂⟩)

What is passed back has no mean and no component along x̂: a change of x's level or scale changes nothing, so
its gradient is taken away. The factor 1/s can make gradients explode with depth (Yang et al., ICLR 2019).

    Batch norm     Ioffe & Szegedy, ICML 2015
    Layer norm     Ba, Kiros & Hinton, arXiv:1607.06450
    Instance norm  Ulyanov, Vedaldi & Lempitsky, arXiv:1607.08022
    Group norm     Wu & He, ECCV 2018
    RMS norm       Zhang & Sennrich, NeurIPS 2019
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

EPS = 1e-5
"""Keeps a constant signal from being divided by zero; torch's default."""


class _Standardize(torch.autograd.Function):
    """x̂ and its gradient, as above; `standardize` is the door."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, mean: Tensor, var: Tensor, axes: tuple[int, ...], eps: float) -> Tensor:
        inverse = torch.rsqrt(var + eps)
        standard = (x - mean) * inverse
        ctx.save_for_backward(standard, inverse)
        ctx.axes = axes
        return standard

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        standard, inverse = ctx.saved_tensors
        level = g.mean(ctx.axes, keepdim=True)
        along = (g * standard).mean(ctx.axes, keepdim=True)
        return inverse * (g - level - standard * along), None, None, None, None


def standardize(x: Tensor, axes: tuple[int, ...], eps: float = EPS) -> tuple[Tensor, Tensor, Tensor]:
    """x̂ = (x − μ)/√(σ² + ε), with μ and σ² (the mean square of x − μ) over the given axes.

    Returns:
        x̂, of x's shape and with the backward pass of this module's docstring; and μ and σ², with 1 in place
        of each axis averaged over, cut off from the graph: x̂'s gradient has their share in it.
    """
    with torch.no_grad():
        mean = x.mean(axes, keepdim=True)
        var = (x - mean).square().mean(axes, keepdim=True)
    standard: Tensor = _Standardize.apply(x, mean, var, axes, eps)  # type: ignore[no-untyped-call]
    return standard, mean, var


class Normalization(nn.Module, ABC):
    """A normalisation layer on (batch, channels) or (batch, channels, height, width).

    Args:
        channels: C; for a dense layer its units.
        eps: ε.
        by_hand: compute by `formula`, the lines to read, and not by `kernel`, torch's own. They are equal to
            1e-6; the kernel is up to four times as fast and can be differentiated twice.
    """

    def __init__(self, channels: int, eps: float = EPS, by_hand: bool = False) -> None:
        super().__init__()
        self.eps, self.by_hand = eps, by_hand
        self.weight = nn.Parameter(torch.ones(channels))
        """γ, (C,)."""
        self.bias: nn.Parameter | None = nn.Parameter(torch.zeros(channels))
        """β, (C,)."""

    def forward(self, x: Tensor) -> Tensor:
        """y, of x's shape."""
        return self.formula(x) if self.by_hand else self.kernel(x)

    @abstractmethod
    def formula(self, x: Tensor) -> Tensor:
        """y, written out."""

    @abstractmethod
    def kernel(self, x: Tensor) -> Tensor:
        """y, by torch."""

    def scaled(self, standard: Tensor) -> Tensor:
        """γ·x̂ + β, channel by channel."""
        scaled = along(self.weight, standard) * standard
        return scaled if self.bias is None else scaled + along(self.bias, standard)


def along(channelwise: Tensor, x: Tensor) -> Tensor:
    """(C,) shaped so that it multiplies x channel by channel: (C,) for (N, C), (C, 1, 1) for pictures."""
    return channelwise.view(-1, *[1] * (x.dim() - 2))


class BatchNorm(Normalization):
    """Over the batch (and the pixels), one μ and σ² a channel.

    In training mode by the batch's own, which also move the running averages, m being `momentum`:

        running ← (1 − m)·running + m·batch

    From 0, k batches of mean 5 bring the running mean to 5·(1 − (1 − m)ᵏ). σ² goes in with n/(n − 1), the
    unbiased estimate. In evaluation mode by the running averages: an affine map, which `fusion` folds away.

    A batch with one value a channel has no spread: x̂ is 0 whatever x was, and only β comes out.
    """

    running_mean: Tensor
    running_var: Tensor
    values = 0
    """How many each channel had in the batch seen last."""

    def __init__(self, channels: int, eps: float = EPS, momentum: float = 0.1, by_hand: bool = False) -> None:
        super().__init__(channels, eps, by_hand)
        self.momentum = momentum
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        """y, of x's shape."""
        self.values = x.numel() // x.shape[1]
        return super().forward(x)

    def formula(self, x: Tensor) -> Tensor:
        """See the class."""
        if not self.training:
            mean, var = along(self.running_mean, x), along(self.running_var, x)
            return self.scaled((x - mean) * torch.rsqrt(var + self.eps))
        axes = (0, *range(2, x.dim()))
        standard, mean, var = standardize(x, axes, self.eps)
        count = x.numel() // x.shape[1]
        unbiased = var * (count / max(count - 1, 1))
        self.running_mean.lerp_(mean.flatten(), self.momentum)
        self.running_var.lerp_(unbiased.flatten(), self.momentum)
        return self.scaled(standard)

    def kernel(self, x: Tensor) -> Tensor:
        """`torch.nn.functional.batch_norm`, which refuses one value a channel."""
        if self.training and x.numel() == x.shape[1]:
            return self.formula(x)
        return functional.batch_norm(
            x,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training,
            self.momentum,
            self.eps,
        )


class LayerNorm(Normalization):
    """Over all channels and pixels, one μ and σ² an example."""

    def formula(self, x: Tensor) -> Tensor:
        """See the class."""
        return self.scaled(standardize(x, tuple(range(1, x.dim())), self.eps)[0])

    def kernel(self, x: Tensor) -> Tensor:
        """Group norm with one group: `layer_norm` itself wants a γ and β for every pixel."""
        return functional.group_norm(x, 1, self.weight, self.bias, self.eps)


class InstanceNorm(Normalization):
    """Over the pixels, one μ and σ² an example and channel: pictures only.

    Raises:
        ValueError: for a dense layer's values, each alone with its mean.
    """

    def formula(self, x: Tensor) -> Tensor:
        """See the class."""
        self._needs_pixels(x)
        return self.scaled(standardize(x, tuple(range(2, x.dim())), self.eps)[0])

    def kernel(self, x: Tensor) -> Tensor:
        """`torch.nn.functional.instance_norm`."""
        self._needs_pixels(x)
        return functional.instance_norm(x, weight=self.weight, bias=self.bias, eps=self.eps)

    @staticmethod
    def _needs_pixels(x: Tensor) -> None:
        if x[0, 0].numel() == 1:
            raise ValueError("instance norm averages over pixels, and here is one value a channel")


class GroupNorm(Normalization):
    """Over the pixels of a group of neighbouring channels, one μ and σ² an example and group.

    One group is layer norm, a group for every channel instance norm.

    Args:
        channels: C.
        groups: how many, or the largest number that divides both this and `channels`.
        eps: ε.
        by_hand: see `Normalization`.
    """

    def __init__(self, channels: int, groups: int = 8, eps: float = EPS, by_hand: bool = False) -> None:
        super().__init__(channels, eps, by_hand)
        self.groups = math.gcd(channels, groups)

    def formula(self, x: Tensor) -> Tensor:
        """See the class."""
        grouped = x.reshape(x.shape[0], self.groups, -1)
        return self.scaled(standardize(grouped, (2,), self.eps)[0].view(x.shape))

    def kernel(self, x: Tensor) -> Tensor:
        """`torch.nn.functional.group_norm`."""
        return functional.group_norm(x, self.groups, self.weight, self.bias, self.eps)


class RMSNorm(Normalization):
    """x̂ = x/√(⟨x²⟩ + ε) over all channels and pixels of an example; y = γ·x̂, no mean, no β."""

    def __init__(self, channels: int, eps: float = EPS, by_hand: bool = False) -> None:
        super().__init__(channels, eps, by_hand)
        self.bias = None

    def formula(self, x: Tensor) -> Tensor:
        """See the class. Autograd finds (1/s)·(g − x̂·⟨g·x̂⟩): the level is kept, and so is its gradient."""
        square = x.square().mean(tuple(range(1, x.dim())), keepdim=True)
        return self.scaled(x * torch.rsqrt(square + self.eps))

    def kernel(self, x: Tensor) -> Tensor:
        """`torch.nn.functional.rms_norm`, and then γ a channel."""
        return self.scaled(functional.rms_norm(x, x.shape[1:], eps=self.eps))


NORMALIZATIONS: dict[str, Callable[..., nn.Module]] = {
    "none": lambda channels: nn.Identity(),
    "batch": BatchNorm,
    "layer": LayerNorm,
    "instance": InstanceNorm,
    "group": GroupNorm,
    "rms": RMSNorm,
}
"""Every normalisation by the name scenarios use: (channels, **settings) → module, dense or not."""


def shares(
    norm: Normalization, examples: int = 4, cell: tuple[int, int] = (0, 0), pictures: bool = True
) -> Tensor:
    """Which values make the mean and variance that normalise one example's channel, the first's by default.

    Found by asking the code: those that its output has a gradient to.

    Returns:
        (examples, channels) boolean: the pictures in this module's docstring.
    """
    generator = torch.Generator().manual_seed(0)
    pixels = (2, 2) if pictures else ()
    x = torch.randn(examples, len(norm.weight), *pixels, generator=generator).to(norm.weight)
    (gradient,) = torch.autograd.grad(norm.formula(x.requires_grad_())[cell].flatten()[0], x)
    return (gradient != 0).view(examples, len(norm.weight), -1).any(2)
