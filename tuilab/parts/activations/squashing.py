"""The bounded activations, and the identity as their yardstick."""

from __future__ import annotations

import torch
from torch import Tensor

from tuilab.parts.activations.base import Activation


class Identity(Activation):
    """φ(h) = h: a linear network, the yardstick for the others. Never flat."""

    low, high = -4.0, 4.0

    def __call__(self, h: Tensor) -> Tensor:
        """The preactivation itself."""
        return h

    def derivative(self, h: Tensor) -> Tensor:
        """1 everywhere."""
        return torch.ones_like(h)

    def flat(self, x: Tensor) -> Tensor:
        """Nowhere."""
        return torch.zeros_like(x, dtype=torch.bool)


class Sigmoid(Activation):
    """φ(h) = 1/(1 + e⁻ʰ), between 0 and 1. Its outputs are not zero-centred."""

    low, high = 0.0, 1.0

    def __call__(self, h: Tensor) -> Tensor:
        """1/(1 + e⁻ʰ)."""
        return torch.sigmoid(h)

    def derivative(self, h: Tensor) -> Tensor:
        """σ(h)·(1 − σ(h)): at most ¼, at h = 0; at h = ±10 it is 4.5e-5."""
        s = torch.sigmoid(h)
        return s * (1 - s)

    def flat(self, x: Tensor) -> Tensor:
        """Below .01 or above .99: there φ' < .01."""
        return (x < 0.01) | (x > 0.99)


class Tanh(Activation):
    """φ(h) = tanh h = 2σ(2h) − 1, between −1 and 1: a zero-centred sigmoid, four times as steep."""

    low, high = -1.0, 1.0

    def __call__(self, h: Tensor) -> Tensor:
        """Hyperbolic tangent of h."""
        return torch.tanh(h)

    def derivative(self, h: Tensor) -> Tensor:
        """1 − tanh²h: 1 at h = 0."""
        return 1 - torch.tanh(h) ** 2

    def flat(self, x: Tensor) -> Tensor:
        """Beyond ±.99: there φ' = 1 − x² < .02."""
        return x.abs() > 0.99
