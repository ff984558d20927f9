"""What every surface is, and how its critical points are found."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

Point = tuple[float, float]
Points = Sequence[Point]


class Surface(ABC):
    """A loss f of two parameters p = (x, y), worked out at many points at once.

    p has shape (…, 2), the last axis being x and y; all derivatives are exact, written out by hand.
    """

    goals: Points = ((0.0, 0.0),)
    """What distances are taken to: the lowest minima, or the point that the surface is about."""
    minima: Points = ()
    """Every minimum, the lowest first; none where there is no bottom."""
    saddles: Points = ()
    """Every saddle point."""
    domain: Point | None = None
    """The published range of x and of y, in which descents start; None for the whole plane."""
    view: tuple[Point, Point] | None = None
    """The ranges of x and y worth a picture; None for a square around the goal that holds the starts."""

    @abstractmethod
    def value(self, p: Tensor) -> Tensor:
        """The height f(p): (…, 2) → (…)."""

    @abstractmethod
    def gradient(self, p: Tensor) -> Tensor:
        """The gradient ∇f(p): (…, 2) → (…, 2)."""

    @abstractmethod
    def hessian(self, p: Tensor) -> Tensor:
        """The Hessian ∇²f(p), symmetric: (…, 2) → (…, 2, 2)."""


def vector(x: Tensor, y: Tensor) -> Tensor:
    """Two tensors (…) as one (…, 2). In memory all x stay together, and all y: twice as fast to work on."""
    return torch.stack((x, y)).movedim(0, -1)


def matrix(xx: Tensor, xy: Tensor, yy: Tensor) -> Tensor:
    """The symmetric matrices ((xx, xy), (xy, yy)): three tensors (…) as one (…, 2, 2)."""
    return torch.stack((torch.stack((xx, xy), dim=-1), torch.stack((xy, yy), dim=-1)), dim=-2)


def grid(low: float, high: float, n: int) -> Tensor:
    """Points (n², 2), evenly spaced over the square from `low` to `high`."""
    side = torch.linspace(low, high, n, dtype=torch.float64)
    return torch.cartesian_prod(side, side)


def critical_points(surface: Surface, guesses: Tensor) -> tuple[list[Point], list[Point]]:
    """The minima, lowest first, and the saddles that Newton's method finds from guesses.

    Tables print minima to six digits. Newton's method doubles the right digits at every step, so a few steps
    from there give all sixteen.

    Args:
        surface: twice differentiable near the guesses.
        guesses: (n, 2), float64. A guess that leads nowhere, out of the surface's domain or to a maximum is
            forgotten.
    """
    p = guesses
    for _ in range(30):
        step = torch.linalg.pinv(surface.hessian(p), hermitian=True) @ surface.gradient(p)[..., None]
        p = p - step[..., 0].nan_to_num()
    low, high = surface.domain or (-torch.inf, torch.inf)
    flat = surface.gradient(p).norm(dim=-1) < 1e-9 * (1 + surface.hessian(p).abs().amax((-2, -1)))
    p = p[flat & (p >= low).all(-1) & (p <= high).all(-1)]
    curvature = torch.linalg.eigvalsh(surface.hessian(p))
    bottoms, passes = curvature[:, 0] > 1e-9, curvature.prod(-1) < -1e-9
    return _distinct(surface, p[bottoms]), _distinct(surface, p[passes])


def _distinct(surface: Surface, points: Tensor) -> list[Point]:
    """Each place once, to six decimals, the lowest first."""
    heights = [round(height, 6) for height in surface.value(points).tolist()]
    kept = {
        (h, round(x, 6) + 0.0, round(y, 6) + 0.0): (x, y)
        for h, (x, y) in zip(heights, points.tolist(), strict=True)
    }
    return [kept[key] for key in sorted(kept)]
