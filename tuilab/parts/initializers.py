"""Weight initialisation: what a network knows before it has seen anything.

Every initializer here is W = scale · U: a *scale*, one number that depends on

    fan_in   how many inputs each unit sums over,
    fan_out  how many units each input feeds,

and a *law*, which draws U whatever the scale: Gaussian, uniform, truncated (each of mean 0 and variance 1, so
that the scale is the standard deviation), orthogonal, or all ones. Two initializers of one law are therefore
the same random draw at two scales, and what differs between them is the scale's doing.

Why fan_in matters: for h = Σ wᵢxᵢ over fan_in inputs, with w and x independent, the w zero-mean,

    Var(h) = fan_in · E[x²] · Var(w),

so Var(w) = 1/fan_in keeps the signal's mean square through the weights of a layer, and any other choice
multiplies it at *every* layer: depth turns a small mistake into a vanishing or an exploding signal.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

# -- scales -----------------------------------------------------------------------------------------


def constant(fan_in: int, fan_out: int, value: float = 0.01) -> float:
    """Every weight the same: all units of a layer then compute, and learn, the same thing for ever."""
    return value


def normal(fan_in: int, fan_out: int, std: float = 0.01) -> float:
    """One standard deviation whatever the width: the lecture's first idea, 0.01 * randn(Din, Dout)."""
    return std


def uniform(fan_in: int, fan_out: int, bound: float = 0.01) -> float:
    """Even between −bound and bound: variance bound²/3."""
    return bound / math.sqrt(3)


def truncated_normal(fan_in: int, fan_out: int, std: float = 0.01) -> float:
    """Gaussian of this std with what lies beyond ±2·std drawn again, which leaves a std of .8796·std.

    torch's `trunc_normal_(w, std=std, a=-2*std, b=2*std)`. (JAX and Keras divide by .8796 first.)
    """
    return std * TRUNCATED


def xavier(fan_in: int, fan_out: int, gain: float = 1.0, mode: str = "fan_in") -> float:
    """Glorot & Bengio (AISTATS 2010), for activations that are linear around zero, such as tanh.

    Args:
        fan_in: inputs a unit.
        fan_out: units an input.
        gain: multiplies the standard deviation; `GAINS` are the customary ones.
        mode: "fan_in", the lecture's std = gain·√(1/fan_in), keeps the forward signal; "fan_avg", the paper's
            equation 12 and torch's `xavier_normal_`, std = gain·√(2/(fan_in + fan_out)), is a compromise
            with the backward signal, which wants 1/fan_out. The same where fan_in = fan_out.
    """
    return gain * math.sqrt(1 / fan_in if mode == "fan_in" else 2 / (fan_in + fan_out))


def kaiming(
    fan_in: int, fan_out: int, nonlinearity: str = "relu", slope: float = 0.01, mode: str = "fan_in"
) -> float:
    """He et al. (ICCV 2015), equations 10 and 14: gain/√fan; for ReLU √(2/fan_in).

    ReLU zeroes half of a symmetric signal and with it half of its mean square; the 2 gives that back.

    Args:
        fan_in: inputs a unit.
        fan_out: units an input.
        nonlinearity: whose gain: a key of `GAINS`, or "leaky_relu".
        slope: of the leaky ReLU's negative side.
        mode: "fan_in" keeps the signal forward, "fan_out" the gradient backward.
    """
    return gain_of(nonlinearity, slope) / math.sqrt(fan_in if mode == "fan_in" else fan_out)


def lecun_normal(fan_in: int, fan_out: int) -> float:
    """LeCun et al., "Efficient BackProp" (1998), equation 16: 1/√fan_in. What SELU wants.

    The lecture's Xavier is this; Glorot & Bengio start from it and add fan_out.
    """
    return 1 / math.sqrt(fan_in)


def torch_default(fan_in: int, fan_out: int) -> float:
    """What torch's Linear and Conv2d start with: even between ±1/√fan_in, so variance 1/(3·fan_in).

    (`kaiming_uniform_(w, a=√5)`.) A third of what keeps a linear signal: it fades by √3 a layer.
    """
    return 1 / math.sqrt(3 * fan_in)


def orthogonal(fan_in: int, fan_out: int, gain: float = 1.0) -> float:
    """WᵀW = gain²·I (or WWᵀ, whichever side is shorter): turns vectors, and keeps their norms, both ways.

    Saxe, McClelland & Ganguli (ICLR 2014), "Exact solutions to the nonlinear dynamics of learning in deep
    linear neural networks".
    """
    return gain


GAINS: dict[str, float] = {
    "identity": 1.0,
    "sigmoid": 1.0,
    "tanh": 5 / 3,
    "relu": math.sqrt(2),
    "selu": 3 / 4,
}
"""torch's `calculate_gain`. ReLU's keeps the mean square, as leaky ReLU's does; the others are custom."""


def gain_of(nonlinearity: str, slope: float = 0.01) -> float:
    """The customary factor for weights before this activation; leaky ReLU's is √(2/(1 + slope²))."""
    return math.sqrt(2 / (1 + slope**2)) if nonlinearity == "leaky_relu" else GAINS[nonlinearity]


# -- laws -------------------------------------------------------------------------------------------

TRUNCATED = math.sqrt(1 - 4 * math.exp(-2) / math.sqrt(2 * math.pi) / math.erf(math.sqrt(2)))
"""Standard deviation of a unit Gaussian cut at ±2: Var = 1 − 2·2·ϕ(2)/(Φ(2) − Φ(−2)); .8796."""


def _gaussian(rows: int, columns: int, generator: torch.Generator) -> Tensor:
    return torch.randn(rows, columns, generator=generator)


def _uniform(rows: int, columns: int, generator: torch.Generator) -> Tensor:
    return torch.rand(rows, columns, generator=generator).mul_(2).sub_(1).mul_(math.sqrt(3))


def _truncated(rows: int, columns: int, generator: torch.Generator) -> Tensor:
    """By the inverse of the distribution function: erf⁻¹ of numbers even between ±erf(2/√2)."""
    even = torch.rand(rows, columns, generator=generator, dtype=torch.float64).mul_(2).sub_(1)
    return even.mul_(math.erf(math.sqrt(2))).erfinv_().mul_(math.sqrt(2) / TRUNCATED).float()


def _orthogonal(rows: int, columns: int, generator: torch.Generator) -> Tensor:
    """Q of a Gaussian matrix's QR, with signs such that R's diagonal is positive: even over all rotations.

    Mezzadri, "How to generate random matrices from the classical compact groups" (2007).
    """
    tall = torch.randn(max(rows, columns), min(rows, columns), generator=generator)
    q, r = torch.linalg.qr(tall)
    rotation: Tensor = q * r.diagonal().sign()
    return rotation if rows >= columns else rotation.T.contiguous()


def _ones(rows: int, columns: int, generator: torch.Generator) -> Tensor:
    return torch.ones(rows, columns)


LAWS: dict[str, Callable[[int, int, torch.Generator], Tensor]] = {
    "gaussian": _gaussian,
    "uniform": _uniform,
    "truncated": _truncated,
    "orthogonal": _orthogonal,
    "ones": _ones,
}
"""Every law by name: (rows, columns, generator) → float32 matrix on the CPU."""


# -- initializers -----------------------------------------------------------------------------------


class Initializer(NamedTuple):
    """One way to begin: W = scale(fan_in, fan_out, **settings) · LAWS[law](…)."""

    scale: Callable[..., float]
    law: str = "gaussian"


INITIALIZERS: dict[str, Initializer] = {
    "constant": Initializer(constant, "ones"),
    "normal": Initializer(normal),
    "uniform": Initializer(uniform, "uniform"),
    "truncated_normal": Initializer(truncated_normal, "truncated"),
    "xavier_normal": Initializer(xavier),
    "xavier_uniform": Initializer(xavier, "uniform"),
    "kaiming_normal": Initializer(kaiming),
    "kaiming_uniform": Initializer(kaiming, "uniform"),
    "lecun_normal": Initializer(lecun_normal),
    "torch_default": Initializer(torch_default, "uniform"),
    "orthogonal": Initializer(orthogonal, "orthogonal"),
}
"""Every initializer by the name scenarios use."""


def mean_square(name: str, fan_in: int, fan_out: int, area: int = 1, **settings: float | str) -> float:
    """E[w²], which is the variance of all but the constant one.

    Columns (or rows) of an orthogonal weight have length gain, over as many numbers as its longer side has.

    Args:
        name: of the initializer.
        fan_in: inputs a unit.
        fan_out: units an input.
        area: kernel² of a convolution, whose weight is a matrix of fan_out/kernel² rows and fan_in columns.
        settings: the initializer's.
    """
    initializer = INITIALIZERS[name]
    square = initializer.scale(fan_in, fan_out, **settings) ** 2
    return square / max(fan_in, fan_out // area) if initializer.law == "orthogonal" else square


def fans(weight: Tensor) -> tuple[int, int]:
    """(fan_in, fan_out) of a weight in torch's layout, (out, in) or (out, in, *kernel).

    A unit of a convolution sums over its kernel on every input channel: fan_in = kernel² × channels.
    """
    outputs, inputs, *kernel = weight.shape
    return inputs * math.prod(kernel), outputs * math.prod(kernel)


@torch.no_grad()
def initialize(weight: Tensor, generator: torch.Generator, name: str, **settings: float | str) -> None:
    """Fill a weight, torch's layout, with what the named initializer draws.

    A convolution's weight is a matrix too: a row for each filter, a column for each number in it. Drawn on
    the CPU and then copied, so that a seed means the same weights on every device.
    """
    scale, law = INITIALIZERS[name]
    drawn = LAWS[law](weight.shape[0], math.prod(weight.shape[1:]), generator)
    weight.copy_(scale(*fans(weight), **settings) * drawn.view(weight.shape))
