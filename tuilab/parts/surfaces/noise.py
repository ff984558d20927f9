"""What a random minibatch shows of a surface: every example's loss is f(p) + ξ·p with its own random ξ."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from tuilab.parts.surfaces.surface import Surface

_MASK = (1 << 63) - 1


class Minibatch(Surface):
    """A surface as one minibatch sees it: f(p) + ξ̄·p, ξ̄ being the mean of its examples' ξ.

    Args:
        surface: f, the mean over all examples.
        noise: ξ̄, (2), or (n, 2) with one for each of n walkers.
    """

    def __init__(self, surface: Surface, noise: Tensor) -> None:
        self.surface, self.noise = surface, noise

    def value(self, p: Tensor) -> Tensor:
        """f(p) + ξ̄·p: (…, 2) → (…)."""
        return self.surface.value(p) + (self.noise * p).sum(-1)

    def gradient(self, p: Tensor) -> Tensor:
        """∇f(p) + ξ̄: (…, 2) → (…, 2)."""
        return self.surface.gradient(p) + self.noise

    def hessian(self, p: Tensor) -> Tensor:
        """∇²f(p): the noise does not bend."""
        return self.surface.hessian(p)


def minibatch_noise(
    seed: int, step: int, walkers: Tensor, std: float | Tensor, batch: int | Tensor
) -> Tensor:
    """What a minibatch's gradient is beside the whole set's: (n, 2), of std `std`/√`batch`.

    It is the mean of `batch` examples' ξ, which have mean zero and standard deviation `std`. Each number
    hangs on seed, step and walker alone, so a walker meets the same noise alone as among ten thousand: a
    counter goes through the mixer of SplitMix64 (Steele, Lea & Flood, "Fast splittable pseudorandom number
    generators", OOPSLA 2014) and then through Box & Muller's transform.

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
