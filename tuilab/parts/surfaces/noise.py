"""The noise that a minibatch puts on a gradient."""

from __future__ import annotations

import math

import torch
from torch import Tensor

_MASK = (1 << 63) - 1


def minibatch_noise(
    seed: int, step: int, walkers: Tensor, std: float | Tensor, batch: int | Tensor
) -> Tensor:
    """What a minibatch's gradient is beside the whole set's: (n, 2), Gaussian, of std `std`/√`batch`.

    Every example's loss is taken to be f(p) + ξ·p with its own ξ of zero mean and standard deviation `std`;
    their mean over everything is f, and the mean of `batch` of them differs by a mean of `batch` ξ.

    Each number is a function of seed, step and walker alone, so a walker meets the same noise alone as among
    ten thousand: a counter goes through the mixer of SplitMix64 (Steele, Lea & Flood, "Fast splittable
    pseudorandom number generators", OOPSLA 2014) and then through Box & Muller's transform.

    Args:
        seed: the scenario's.
        step: whose gradient this is.
        walkers: (n,), int64, the number of each.
        std: of one example's gradient; a number or (n, 1).
        batch: examples in a minibatch; a number or (n, 1).
    """
    key = _mixed(_mixed(torch.tensor(seed)) + step)
    bits = _mixed(key + walkers[:, None] * 2 + torch.arange(2))
    first, second = ((bits[:, i] >> 11) & ((1 << 52) - 1) for i in (0, 1))
    radius = torch.sqrt(-2 * torch.log((first + 1).double() / 2**52))
    angle = 2 * math.pi * second.double() / 2**52
    normal = torch.stack((radius * torch.cos(angle), radius * torch.sin(angle)), dim=-1)
    return normal * (std / batch**0.5)


def _mixed(bits: Tensor) -> Tensor:
    """SplitMix64's output function; int64 products wrap around, as it wants."""
    bits = (bits + 1) * -7046029254386353131
    bits = (bits ^ _right(bits, 30)) * -4658895280553007687
    bits = (bits ^ _right(bits, 27)) * -7723592293110705685
    return bits ^ _right(bits, 31)


def _right(bits: Tensor, by: int) -> Tensor:
    """A shift that fills up with zeros, whatever the sign."""
    return (bits >> by) & (_MASK >> (by - 1))
