"""Activation functions: x = φ(h), and what a unit passes back, φ'(h).

Notation as in the lecture: h is a layer's preactivation (what the weights deliver), x = φ(h) its output. All
functions work element by element on tensors of any shape.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor


class Activation(ABC):
    """One nonlinearity φ: call it for φ(h)."""

    low: ClassVar[float]
    high: ClassVar[float]
    """The span in which outputs are pictured: all of a bounded φ, four standard deviations of an
    unbounded one's output for unit Gaussian h."""

    @abstractmethod
    def __call__(self, h: Tensor) -> Tensor:
        """φ(h), the layer's outputs."""

    @abstractmethod
    def derivative(self, h: Tensor) -> Tensor:
        """φ'(h): backpropagation multiplies the gradient at the outputs by this to get the gradient at h."""

    @abstractmethod
    def flat(self, x: Tensor) -> Tensor:
        """Which *outputs* x lie on a flat part of φ, where next to nothing is passed back (boolean)."""


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


class ReLU(Activation):
    """φ(h) = max(0, h), the rectified linear unit (Nair & Hinton, ICML 2010)."""

    low, high = 0.0, 4.0

    def __call__(self, h: Tensor) -> Tensor:
        """max(0, h)."""
        return torch.relu(h)

    def derivative(self, h: Tensor) -> Tensor:
        """1 where h > 0, else 0. At h = 0 there is no derivative; 0 is the custom, and autograd's choice."""
        return (h > 0).to(h.dtype)

    def flat(self, x: Tensor) -> Tensor:
        """Exactly zero: nothing is passed back. A unit that is zero for every example is *dead*."""
        return x == 0


ACTIVATIONS: dict[str, Activation] = {
    "identity": Identity(),
    "sigmoid": Sigmoid(),
    "tanh": Tanh(),
    "relu": ReLU(),
}
"""Every activation by the name scenarios use."""
