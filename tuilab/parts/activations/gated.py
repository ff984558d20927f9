"""h times a gate between 0 and 1 that opens with h: smooth relatives of ReLU that dip below zero.

Their outputs alone don't tell the two sides of the dip apart, so `flat` goes by nearness to zero from below:
right where saturation is much, about 1 % too high where it is little.
"""

from __future__ import annotations

import math
from abc import abstractmethod

import torch
from torch import Tensor
from torch.nn import functional

from tuilab.parts.activations.base import Activation


class Gated(Activation):
    """φ(h) = h·gate(h)."""

    high = 4.0
    edge: float
    """The output at the h < 0 below which |φ'| < .01."""

    @abstractmethod
    def __call__(self, h: Tensor) -> Tensor:
        """h·gate(h)."""

    def flat(self, x: Tensor) -> Tensor:
        """Between the edge and zero."""
        return (x > self.edge) & (x <= 0)


class GELU(Gated):
    """φ(h) = h·Φ(h), Φ the Gaussian's distribution function (Hendrycks & Gimpel, arXiv:1606.08415)."""

    low, edge = -0.2, -0.0033

    def __call__(self, h: Tensor) -> Tensor:
        """h·½(1 + erf(h/√2))."""
        return functional.gelu(h)

    def derivative(self, h: Tensor) -> Tensor:
        """Φ(h) + h·Φ'(h), Φ' being the Gaussian density."""
        gate: Tensor = torch.special.ndtr(h)
        return gate + h * torch.exp(-0.5 * h.square()) / math.sqrt(2 * math.pi)


class GELUTanh(Gated):
    """GELU with Φ replaced by ½(1 + tanh u), u = √(2/π)·(h + .044715·h³): equal to it within .0005."""

    low, edge = -0.2, -0.0031

    def __call__(self, h: Tensor) -> Tensor:
        """h·½(1 + tanh u)."""
        return functional.gelu(h, approximate="tanh")

    def derivative(self, h: Tensor) -> Tensor:
        """½(1 + tanh u) + ½h·(1 − tanh²u)·u'."""
        root = math.sqrt(2 / math.pi)
        t = torch.tanh(root * (h + 0.044715 * h.pow(3)))
        slope = root * (1 + 3 * 0.044715 * h.square())
        return 0.5 * (1 + t) + 0.5 * h * (1 - t.square()) * slope


class SiLU(Gated):
    """φ(h) = h·σ(h), also called swish (Ramachandran et al., arXiv:1710.05941)."""

    low, edge = -0.3, -0.0119
    steepness = 1.0

    def __call__(self, h: Tensor) -> Tensor:
        """h·σ(h)."""
        return functional.silu(h)

    def derivative(self, h: Tensor) -> Tensor:
        """σ + c·h·σ(1 − σ), σ at c·h; c = 1."""
        s = torch.sigmoid(self.steepness * h)
        return s + self.steepness * h * s * (1 - s)


class QuickGELU(SiLU):
    """φ(h) = h·σ(1.702h), the GELU paper's quick approximation, within .02 of it; the lecture's GELU."""

    low, edge = -0.2, -0.0070
    steepness = 1.702

    def __call__(self, h: Tensor) -> Tensor:
        """h·σ(1.702h)."""
        return h * torch.sigmoid(self.steepness * h)
