"""Loss surfaces of two parameters p = (x, y), with their exact gradients.

Every surface works on many points at once: p has shape (…, 2), the last axis being x and y; values have
shape (…) and gradients (…, 2).
"""

from __future__ import annotations

import math
from typing import Protocol

import torch
from torch import Tensor


class Surface(Protocol):
    """What every surface is."""

    center: tuple[float, float]
    """The critical point that the surface is about; distances are taken from it."""
    minima: list[tuple[float, float]]
    """Every minimum; none where there is no bottom."""

    def value(self, p: Tensor) -> Tensor:
        """The height f(p): (…, 2) → (…)."""

    def gradient(self, p: Tensor) -> Tensor:
        """The gradient ∇f(p): (…, 2) → (…, 2)."""


class Quadratic:
    """A bowl stretched by its condition number: f = ½(κ·u² + v²).

    u and v are x and y in axes turned anticlockwise by `rotation` degrees:

        u =  cos θ·x + sin θ·y    the steep direction, curvature κ
        v = −sin θ·x + cos θ·y    the shallow one, curvature 1

    The Hessian's eigenvalues are κ and 1, so κ is the lecture's condition number, largest ÷ smallest singular
    value of the Hessian. Turned away from the axes, no per-parameter learning rate can undo the stretching.
    """

    center = (0.0, 0.0)
    minima = [(0.0, 0.0)]  # noqa: RUF012 - never changed

    def __init__(self, condition_number: float = 100.0, rotation: float = 0.0) -> None:
        self.condition_number = condition_number
        self.cos, self.sin = math.cos(math.radians(rotation)), math.sin(math.radians(rotation))

    def _turned(self, p: Tensor) -> tuple[Tensor, Tensor]:
        x, y = p.unbind(-1)
        return self.cos * x + self.sin * y, self.cos * y - self.sin * x

    def value(self, p: Tensor) -> Tensor:
        """½(κ·u² + v²)."""
        u, v = self._turned(p)
        return 0.5 * (self.condition_number * u * u + v * v)

    def gradient(self, p: Tensor) -> Tensor:
        """(∂f/∂u, ∂f/∂v) = (κ·u, v), turned back into x and y."""
        u, v = self._turned(p)
        du = self.condition_number * u
        return torch.stack((self.cos * du - self.sin * v, self.sin * du + self.cos * v), dim=-1)


class Saddle:
    """f = ½c(x² − y²): a valley along x, a ridge along y, and no bottom. c = 2 gives x² − y².

    At the origin the gradient is zero and it is no minimum. On the line y = 0 the gradient has no y
    component: gradient descent that starts exactly there walks into the saddle and stays. One that starts
    ε away leaves it, by a factor 1 + lr·c a step.
    """

    center = (0.0, 0.0)
    minima: list[tuple[float, float]] = []  # noqa: RUF012 - never changed

    def __init__(self, curvature: float = 1.0) -> None:
        self.curvature = curvature

    def value(self, p: Tensor) -> Tensor:
        """½c(x² − y²)."""
        x, y = p.unbind(-1)
        return 0.5 * self.curvature * (x * x - y * y)

    def gradient(self, p: Tensor) -> Tensor:
        """c·(x, −y)."""
        x, y = p.unbind(-1)
        return self.curvature * torch.stack((x, -y), dim=-1)


SURFACES: dict[str, type[Quadratic] | type[Saddle]] = {"quadratic": Quadratic, "saddle": Saddle}
"""Every surface by the name scenarios use."""
