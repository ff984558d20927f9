"""Surfaces whose descents have closed forms: the bowl, the saddles, the ravine and the plateau."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from tuilab.parts.surfaces.surface import Surface, matrix, vector


class Quadratic(Surface):
    """A bowl stretched by its condition number: f = ½(κ·u² + v²).

    u and v are x and y in axes turned anticlockwise by `rotation` degrees:

        u =  cos θ·x + sin θ·y    the steep direction, curvature κ
        v = −sin θ·x + cos θ·y    the shallow one, curvature 1

    The Hessian's eigenvalues are κ and 1, so κ is the lecture's condition number, largest ÷ smallest singular
    value of the Hessian. Turned away from the axes, no per-parameter learning rate can undo the stretching.
    """

    minima = ((0.0, 0.0),)

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
        return vector(self.cos * du - self.sin * v, self.sin * du + self.cos * v)

    def hessian(self, p: Tensor) -> Tensor:
        """The same everywhere: diag(κ, 1), turned back."""
        one, k = torch.ones_like(p[..., 0]), self.condition_number
        cos, sin = self.cos, self.sin
        return matrix(
            one * (k * cos * cos + sin * sin), one * ((k - 1) * cos * sin), one * (k * sin * sin + cos * cos)
        )


class Saddle(Surface):
    """f = ½c(x² − y²): a valley along x, a ridge along y, and no bottom. c = 2 gives x² − y².

    At the origin the gradient is zero and it is no minimum. On the line y = 0 the gradient has no y
    component: gradient descent that starts exactly there walks into the saddle and stays. One that starts
    ε away leaves it, by a factor 1 + lr·c a step.
    """

    saddles = ((0.0, 0.0),)

    def __init__(self, curvature: float = 1.0) -> None:
        self.curvature = curvature

    def value(self, p: Tensor) -> Tensor:
        """½c(x² − y²)."""
        x, y = p.unbind(-1)
        return 0.5 * self.curvature * (x * x - y * y)

    def gradient(self, p: Tensor) -> Tensor:
        """c·(x, −y)."""
        x, y = p.unbind(-1)
        return self.curvature * vector(x, -y)

    def hessian(self, p: Tensor) -> Tensor:
        """diag(c, −c) everywhere."""
        c = torch.full_like(p[..., 0], self.curvature)
        return matrix(c, 0 * c, -c)


class MonkeySaddle(Surface):
    """f = x³ − 3xy²: three valleys and three ridges meet at the origin, two for legs and one for the tail.

    There not only the gradient is zero but the Hessian too, so Newton's quadratic model sees a flat plane,
    and a descent along a ridge slows down like 1/t: no exponential brings it in or out
    (Hilbert & Cohn-Vossen, "Anschauliche Geometrie", 1932, §29).
    """

    saddles = ((0.0, 0.0),)
    domain = (-3.0, 3.0)
    view = ((-1.5, 1.5), (-1.5, 1.5))

    def value(self, p: Tensor) -> Tensor:
        """x³ − 3xy²."""
        x, y = p.unbind(-1)
        return x * (x * x - 3 * y * y)

    def gradient(self, p: Tensor) -> Tensor:
        """(3x² − 3y², −6xy)."""
        x, y = p.unbind(-1)
        return vector(3 * (x * x - y * y), -6 * x * y)

    def hessian(self, p: Tensor) -> Tensor:
        """((6x, −6y), (−6y, −6x))."""
        x, y = p.unbind(-1)
        return matrix(6 * x, -6 * y, -6 * x)


class Ravine(Surface):
    """f = s·x + ½c·y²: steep walls, and a floor that falls evenly, without an end.

    A step of gradient descent is bound by the walls to lr < 2/c, while the way leads along the floor, where
    the gradient is s everywhere. On the floor, y = 0, every rule meets a constant gradient: momentum
    comes to its terminal velocity, AdaGrad dies, RMSProp does not. (Sutton, "Two problems with
    backpropagation", 1986, speaks of ravines; this one is made for the lab.)
    """

    def __init__(self, curvature: float = 100.0, slope: float = 1.0) -> None:
        self.curvature, self.slope = curvature, slope

    def value(self, p: Tensor) -> Tensor:
        """s·x + ½c·y²."""
        x, y = p.unbind(-1)
        return self.slope * x + 0.5 * self.curvature * y * y

    def gradient(self, p: Tensor) -> Tensor:
        """(s, c·y)."""
        x, y = p.unbind(-1)
        return vector(torch.full_like(x, self.slope), self.curvature * y)

    def hessian(self, p: Tensor) -> Tensor:
        """diag(0, c): singular, there is no Newton step."""
        c = torch.full_like(p[..., 0], self.curvature)
        return matrix(0 * c, 0 * c, c)


class Plateau(Surface):
    """f = 1 − exp(−r²/2w²): a well of width w in an endless plain.

    Far out the gradient r/w²·exp(−r²/2w²) is as good as zero and says nothing of the well, like a saturated
    unit: at r = 6w it is 9e-8/w. Within r < w the well is convex; beyond, its curvature towards the middle is
    negative. Made for the lab.
    """

    minima = ((0.0, 0.0),)
    domain = (-10.0, 10.0)
    view = ((-5.0, 5.0), (-5.0, 5.0))

    def __init__(self, width: float = 1.0) -> None:
        self.width = width

    def _bell(self, p: Tensor) -> Tensor:
        return torch.exp((p * p).sum(-1) / (-2 * self.width**2))

    def value(self, p: Tensor) -> Tensor:
        """1 − exp(−r²/2w²)."""
        return 1 - self._bell(p)

    def gradient(self, p: Tensor) -> Tensor:
        """p/w²·exp(−r²/2w²)."""
        return p / self.width**2 * self._bell(p)[..., None]

    def hessian(self, p: Tensor) -> Tensor:
        """(1 − p·pᵀ/w²)/w²·exp(−r²/2w²)."""
        x, y = (p / self.width).unbind(-1)
        h = self._bell(p) / self.width**2
        return matrix(h * (1 - x * x), -h * x * y, h * (1 - y * y))
