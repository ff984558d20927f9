"""Weight initialisation: how large the first random weights are.

Every initializer here is Gaussian with zero mean, so each comes down to one number, the standard
deviation, as a function of

    fan_in   how many inputs each unit sums over,
    fan_out  how many units each input feeds.

Why fan_in matters: for h = Σ wᵢxᵢ over fan_in inputs, with w and x independent, the w zero-mean,

    Var(h) = fan_in · E[x²] · Var(w),

so Var(w) = 1/fan_in keeps the signal's mean square through the weights of a layer, and any other choice
multiplies it at *every* layer: depth turns a small mistake into a vanishing or an exploding signal.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor


def normal(fan_in: int, fan_out: int, std: float = 0.01) -> float:
    """One standard deviation whatever the width: the lecture's first idea, 0.01 * randn(Din, Dout)."""
    return std


def xavier_normal(fan_in: int, fan_out: int, gain: float = 1.0, mode: str = "fan_in") -> float:
    """Glorot & Bengio (AISTATS 2010), for activations that are linear around zero, such as tanh.

    Args:
        fan_in: inputs a unit.
        fan_out: units an input.
        gain: multiplies the standard deviation.
        mode: "fan_in", the lecture's std = gain·√(1/fan_in), keeps the forward signal; "fan_avg", the paper's
            equation 12 and torch's `xavier_normal_`, std = gain·√(2/(fan_in + fan_out)), is a compromise
            with the backward signal, which wants 1/fan_out. The same where fan_in = fan_out.
    """
    return gain * math.sqrt(1 / fan_in if mode == "fan_in" else 2 / (fan_in + fan_out))


def kaiming_normal(fan_in: int, fan_out: int) -> float:
    """He et al. (ICCV 2015), equation 10: √(2/fan_in), for ReLU.

    ReLU zeroes half of a symmetric signal and with it half of its mean square; the 2 gives that back.
    """
    return math.sqrt(2 / fan_in)


INITIALIZERS: dict[str, Callable[..., float]] = {
    "normal": normal,
    "xavier_normal": xavier_normal,
    "kaiming_normal": kaiming_normal,
}
"""Every initializer by the name scenarios use: (fan_in, fan_out, **settings) → standard deviation."""


def fans(weight: Tensor) -> tuple[int, int]:
    """(fan_in, fan_out) of a weight in torch's layout, (out, in) or (out, in, *kernel).

    A unit of a convolution sums over its kernel on every input channel: fan_in = kernel² × channels.
    """
    outputs, inputs, *kernel = weight.shape
    return inputs * math.prod(kernel), outputs * math.prod(kernel)


@torch.no_grad()
def initialize(weight: Tensor, generator: torch.Generator, name: str, **settings: float | str) -> None:
    """Fill a weight, torch's layout, with what the named initializer draws.

    Drawn on the generator's device and then copied, so that a seed means the same weights on every device.
    """
    std = INITIALIZERS[name](*fans(weight), **settings)
    weight.copy_(std * torch.randn(weight.shape, generator=generator, dtype=weight.dtype))
