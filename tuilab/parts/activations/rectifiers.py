"""Piecewise linear activations: no exponential to compute, no saturation where h > 0."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import torch
from torch import Tensor
from torch.nn import functional

from tuilab.parts.activations.base import Activation


class ReLU(Activation):
    """φ(h) = max(0, h), the rectified linear unit (Nair & Hinton, ICML 2010)."""

    low, high, kinks = 0.0, 4.0, (0.0,)

    def __call__(self, h: Tensor) -> Tensor:
        """max(0, h)."""
        return torch.relu(h)

    def derivative(self, h: Tensor) -> Tensor:
        """1 where h > 0, else 0. At h = 0 there is no derivative; 0 is the custom, and autograd's choice."""
        return (h > 0).to(h.dtype)

    def flat(self, x: Tensor) -> Tensor:
        """Exactly zero: nothing is passed back. A unit that is zero for every example is *dead*."""
        return x == 0


class LeakyReLU(Activation):
    """φ(h) = max(slope·h, h): a negative unit passes a little back and so cannot die (Maas et al., 2013).

    Args:
        slope: for h < 0; the lecture draws .1 and computes with .01.
    """

    high, kinks = 4.0, (0.0,)

    def __init__(self, slope: float | Tensor = 0.01) -> None:
        self.slope = slope
        self.low = min(0.0, -4.0 * (slope.item() if isinstance(slope, Tensor) else slope))

    def __call__(self, h: Tensor) -> Tensor:
        """H where h > 0, else slope·h."""
        if isinstance(self.slope, Tensor):  # a learned one
            return functional.prelu(h, self.slope.to(h.dtype).reshape(1))
        return functional.leaky_relu(h, self.slope)

    def derivative(self, h: Tensor) -> Tensor:
        """1 where h > 0, else the slope."""
        positive = (h > 0).to(h.dtype)
        return positive + self.slope * (1 - positive)

    def flat(self, x: Tensor) -> Tensor:
        """Nowhere: the slope is passed back for every h < 0."""
        return torch.zeros_like(x, dtype=torch.bool)


class PReLU(LeakyReLU):
    """Leaky ReLU whose slope is learned with the weights, from ∂φ/∂slope = min(0, h) (He et al., ICCV 2015).

    Args:
        slope: where learning starts.
    """

    learned = ("slope",)

    def __init__(self, slope: float | Tensor = 0.25) -> None:
        super().__init__(slope)


class Maxout(Activation):
    """φ(h) = maxₖ(wₖ·h + bₖ), the upper edge of k straight lines (Goodfellow et al., ICML 2013).

    This is a maxout unit that sees one input. In a network each line is a linear map of all inputs with
    weights of its own, and `together` takes the largest.

    Args:
        slopes: w₁ … wₖ; (0, 1) makes a ReLU, (−1, 1) the absolute value.
        offsets: b₁ … bₖ.
    """

    def __init__(self, slopes: Sequence[float] = (-0.5, 1.0), offsets: Sequence[float] = (0.0, 0.0)) -> None:
        if len(slopes) != len(offsets):
            raise ValueError("maxout wants as many offsets as slopes")
        self._lines = list(zip(slopes, offsets, strict=True))
        self.pieces = len(self._lines)
        kinks = set()
        for (w, b), (v, d) in combinations(self._lines, 2):
            if w != v:
                h = (b - d) / (v - w)
                # Two lines that cross below a third make no kink.
                if w * h + b >= self._edge(h) - 1e-12 * (1 + abs(h)):
                    kinks.add(h)
        self.kinks = tuple(sorted(kinks))
        pictured = [self._edge(h) for h in (-4.0, 4.0, *kinks) if abs(h) <= 4]
        self.low, self.high = min(pictured), max(pictured)

    def __call__(self, h: Tensor) -> Tensor:
        """The largest line's value."""
        return torch.stack([w * h + b for w, b in self._lines]).amax(0)

    def derivative(self, h: Tensor) -> Tensor:
        """The largest line's slope; where several meet, the mean of theirs, as autograd has it."""
        lines = torch.stack([w * h + b for w, b in self._lines])
        slopes = torch.tensor([w for w, _ in self._lines], dtype=h.dtype, device=h.device)
        largest = (lines == lines.amax(0)).to(h.dtype)
        return torch.einsum("k,k...->...", slopes, largest) / largest.sum(0)

    def together(self, h: Tensor) -> Tensor:
        """Of each unit's linear maps the largest."""
        return torch.unflatten(h, 1, (self.pieces, -1)).amax(1)

    def _edge(self, h: float) -> float:
        return max(w * h + b for w, b in self._lines)

    def flat(self, x: Tensor) -> Tensor:
        """Nowhere, unless a line is level: then the outputs on it."""
        level = torch.tensor([b for w, b in self._lines if w == 0], dtype=x.dtype, device=x.device)
        return torch.isin(x, level)
