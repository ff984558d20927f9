"""Gaussian–Poincaré normalisation: any activation φ scaled and shifted so that norms pass both ways.

A layer with orthogonal W hands on the norm of what comes in, and what it hands on is nearly Gaussian. For
z ~ N(0, 1) the two conditions of bidirectional self-normalisation (Lu, Gould & Ajanthan, arXiv:2006.12169; in
the lecture "GPN Activations") are therefore

    E[(aφ(z) + b)²] = 1        forward: outputs keep the mean square 1
    E[(aφ'(z))²]    = 1        backward: so do gradients

The second gives a = 1/√E[φ'²]. Into the first, a quadratic in b: with m = E[φ],

    b = −a·m ± √(1 − a²·Var φ)

Both roots are real, for Var φ ≤ E[φ'²]: that is the Gaussian Poincaré inequality, hence the name. They fall
together where φ is linear; every other φ has two normalised forms, and the lecture prints one.

They differ in what happens to a mean square q that is *not* 1. A layer turns it into E[φ(√q·z)²], whose slope
at q = 1 is E[φφ'z], φ being the normalised one. Below 1 the norm heals itself, at 1 it drifts, above 1 it
runs away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from torch import Tensor

from tuilab.parts.activations.base import Activation
from tuilab.parts.gaussian import gaussian_mean


@dataclass(frozen=True, slots=True)
class Normalisation:
    """One solution: a·φ(h) + b."""

    a: float
    b: float
    slope: float
    """E[φφ'z] of the normalised φ: what a layer multiplies a small error of the mean square by."""


@lru_cache(maxsize=64)
def solve(phi: Activation) -> tuple[Normalisation, Normalisation]:
    """Both normalisations of φ, that of the larger b first."""

    def mean(f: Callable[[Tensor], Tensor]) -> float:
        return gaussian_mean(f, phi.kinks)

    a = mean(lambda z: phi.derivative(z).square()) ** -0.5
    m = mean(phi)
    variance = mean(lambda z: (phi(z) - m).square())
    # For a linear φ the root is 0, and rounding may put it a hair below.
    root = max(1 - a * a * variance, 0.0) ** 0.5

    def normalisation(b: float) -> Normalisation:
        return Normalisation(a, b, mean(lambda z: (a * phi(z) + b) * a * phi.derivative(z) * z))

    return normalisation(-a * m + root), normalisation(-a * m - root)


class GPN(Activation):
    """φ's Gaussian–Poincaré-normalised form a·φ(h) + b.

    Args:
        phi: the activation to normalise.
        root: 1 for the larger of the two b, 2 for the smaller.
    """

    def __init__(self, phi: Activation, root: int = 1) -> None:
        self.phi = phi
        found = solve(phi)[root - 1]
        self.a, self.b = found.a, found.b
        self.low, self.high = self.a * phi.low + self.b, self.a * phi.high + self.b
        self.kinks = phi.kinks

    def __call__(self, h: Tensor) -> Tensor:
        """a·φ(h) + b."""
        return self.a * self.phi(h) + self.b

    def derivative(self, h: Tensor) -> Tensor:
        """a·φ'(h)."""
        return self.a * self.phi.derivative(h)

    def flat(self, x: Tensor) -> Tensor:
        """Where φ is."""
        return self.phi.flat((x - self.b) / self.a)
