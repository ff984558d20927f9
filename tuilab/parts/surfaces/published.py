"""Test functions that optimisers have been tried on for decades, with their published minima and ranges.

Ranges and minima as in Surjanovic & Bingham, "Virtual Library of Simulation Experiments", 2013, and Jamil &
Yang, "A literature survey of benchmark functions for global optimization problems", 2013.
"""

from __future__ import annotations

import math
from abc import abstractmethod

import torch
from torch import Tensor

from tuilab.parts.surfaces.surface import Surface, critical_points, grid, matrix, vector


class Rosenbrock(Surface):
    """f = (1 − x)² + 100(y − x²)²: a banana-shaped valley, easy to find and hard to follow.

    At the minimum (1, 1) the condition number is 2,508. The classic start is (−1.2, 1), f = 24.2 (Rosenbrock,
    "An automatic method for finding the greatest or least value of a function", 1960).
    """

    goals = minima = ((1.0, 1.0),)
    domain = (-5.0, 10.0)
    view = ((-2.0, 2.0), (-1.0, 3.0))

    def value(self, p: Tensor) -> Tensor:
        """(1 − x)² + 100(y − x²)²."""
        x, y = p.unbind(-1)
        return (1 - x) ** 2 + 100 * (y - x * x) ** 2

    def gradient(self, p: Tensor) -> Tensor:
        """(−2(1 − x) − 400x(y − x²), 200(y − x²))."""
        x, y = p.unbind(-1)
        off = y - x * x
        return vector(-2 * (1 - x) - 400 * x * off, 200 * off)

    def hessian(self, p: Tensor) -> Tensor:
        """((2 − 400y + 1200x², −400x), (−400x, 200))."""
        x, y = p.unbind(-1)
        return matrix(2 - 400 * y + 1200 * x * x, -400 * x, torch.full_like(x, 200.0))


class Beale(Surface):
    """f = Σ (cₖ − x(1 − yᵏ))² for k = 1, 2, 3, c = 1.5, 2.25, 2.625: flat, with steep walls at the corners.

    Minimum 0 at (3, .5), saddle at (0, 1) (Beale, "On an iterative method for finding a local minimum",
    1958).
    """

    goals = minima = ((3.0, 0.5),)
    saddles = ((0.0, 1.0),)
    domain = (-4.5, 4.5)
    view = ((-4.5, 4.5), (-4.5, 4.5))
    constants = (1.5, 2.25, 2.625)

    def value(self, p: Tensor) -> Tensor:
        """Σ tₖ², tₖ = cₖ − x(1 − yᵏ)."""
        x, y = p.unbind(-1)
        return sum(((c - x * (1 - y**k)) ** 2 for k, c in enumerate(self.constants, 1)), torch.zeros_like(x))

    def gradient(self, p: Tensor) -> Tensor:
        """2Σ tₖ·∇tₖ with ∇tₖ = (yᵏ − 1, k·x·yᵏ⁻¹)."""
        x, y = p.unbind(-1)
        dx, dy = torch.zeros_like(x), torch.zeros_like(x)
        for k, c in enumerate(self.constants, 1):
            t = 2 * (c - x * (1 - y**k))
            dx, dy = dx + t * (y**k - 1), dy + t * k * x * y ** (k - 1)
        return vector(dx, dy)

    def hessian(self, p: Tensor) -> Tensor:
        """2Σ (∇tₖ·∇tₖᵀ + tₖ·∇²tₖ)."""
        x, y = p.unbind(-1)
        xx, xy, yy = (torch.zeros_like(x) for _ in range(3))
        for k, c in enumerate(self.constants, 1):
            t = c - x * (1 - y**k)
            tx, ty = y**k - 1, k * x * y ** (k - 1)
            xx = xx + 2 * tx * tx
            xy = xy + 2 * (tx * ty + t * k * y ** (k - 1))
            yy = yy + 2 * (ty * ty + (t * k * (k - 1) * x * y ** (k - 2) if k > 1 else 0.0))
        return matrix(xx, xy, yy)


class Himmelblau(Surface):
    """f = (x² + y − 11)² + (x + y² − 7)²: four minima, all of height 0 (Himmelblau, 1972)."""

    domain = (-5.0, 5.0)
    view = ((-5.0, 5.0), (-5.0, 5.0))

    def __init__(self) -> None:
        self.minima, self.saddles = critical_points(self, grid(*self.domain, 21))
        self.goals = self.minima

    def value(self, p: Tensor) -> Tensor:
        """(x² + y − 11)² + (x + y² − 7)²."""
        x, y = p.unbind(-1)
        return (x * x + y - 11) ** 2 + (x + y * y - 7) ** 2

    def gradient(self, p: Tensor) -> Tensor:
        """(4x·a + 2b, 2a + 4y·b), a and b being the two brackets."""
        x, y = p.unbind(-1)
        a, b = x * x + y - 11, x + y * y - 7
        return vector(4 * x * a + 2 * b, 2 * a + 4 * y * b)

    def hessian(self, p: Tensor) -> Tensor:
        """((12x² + 4y − 42, 4(x + y)), (4(x + y), 12y² + 4x − 26))."""
        x, y = p.unbind(-1)
        return matrix(12 * x * x + 4 * y - 42, 4 * (x + y), 12 * y * y + 4 * x - 26)


class Separable(Surface):
    """A surface f = φ(x) + φ(y): what happens along one axis does not hear of the other."""

    @abstractmethod
    def phi(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """φ, φ' and φ''."""

    def value(self, p: Tensor) -> Tensor:
        """φ(x) + φ(y)."""
        return self.phi(p)[0].sum(-1)

    def gradient(self, p: Tensor) -> Tensor:
        """(φ'(x), φ'(y))."""
        return self.phi(p)[1]

    def hessian(self, p: Tensor) -> Tensor:
        """diag(φ''(x), φ''(y))."""
        return torch.diag_embed(self.phi(p)[2])


class Rastrigin(Separable):
    """f = 20 + Σ x² − 10 cos 2πx: a bowl covered with wells, one near every pair of whole numbers.

    Minimum 0 at (0, 0), 121 minima in the range of ±5.12 (Rastrigin, 1974, in Mühlenbein et al., 1991).
    """

    domain = (-5.12, 5.12)
    view = ((-5.12, 5.12), (-5.12, 5.12))

    def __init__(self) -> None:
        self.minima, self.saddles = critical_points(self, grid(-5, 5, 21))

    def phi(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """10 + x² − 10 cos 2πx."""
        turn = 2 * math.pi * x
        cos, sin = torch.cos(turn), torch.sin(turn)
        return 10 + x * x - 10 * cos, 2 * x + 20 * math.pi * sin, 2 + 40 * math.pi**2 * cos


class StyblinskiTang(Separable):
    """f = ½Σ x⁴ − 16x² + 5x: one deep well of −78.33233 at −2.903534, and three that are less deep.

    Styblinski & Tang, "Experiments in nonconvex optimization", 1990.
    """

    domain = (-5.0, 5.0)
    view = ((-5.0, 5.0), (-5.0, 5.0))

    def __init__(self) -> None:
        self.minima, self.saddles = critical_points(self, grid(-3, 3, 7))
        self.goals = self.minima[:1]

    def phi(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """½(x⁴ − 16x² + 5x)."""
        square = x * x
        return 0.5 * x * (x * (square - 16) + 5), 2 * x * square - 16 * x + 2.5, 6 * square - 16


class Ackley(Surface):
    """f = 20 + e − 20·exp(−.2r) − exp(½(cos 2πx + cos 2πy)), r = √((x² + y²)/2).

    A wide funnel covered with wells, of which those within ±5.5 are listed; minimum 0 at (0, 0) (Ackley, "A
    connectionist machine for genetic hillclimbing", 1987). The minimum is the tip of a cone: the slope is
    about 2.83 however near one comes, and there is no Hessian. Here its gradient is zero at the tip.
    """

    domain = (-32.768, 32.768)
    view = ((-5.0, 5.0), (-5.0, 5.0))

    def __init__(self) -> None:
        wells = torch.cartesian_prod(*[torch.arange(-5, 6, dtype=torch.float64)] * 2)
        half = torch.tensor([[0.5, 0.0], [0.0, 0.5]], dtype=torch.float64)
        guesses = torch.cat((wells * 0.98, *(wells[:, None] + half).unbind(1)))
        found, saddles = critical_points(self, guesses[(guesses != 0).any(-1)])
        self.minima = [(0.0, 0.0), *(well for well in found if max(map(abs, well)) < 5.5)]
        self.saddles = [point for point in saddles if max(map(abs, point)) < 5.5]

    def _parts(self, p: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        r = (p.square().sum(-1) / 2).sqrt().clamp_min(1e-100)
        return r, torch.exp(-0.2 * r), torch.exp(torch.cos(2 * math.pi * p).sum(-1) / 2)

    def value(self, p: Tensor) -> Tensor:
        """20 + e − 20·exp(−.2r) − exp(½(cos 2πx + cos 2πy))."""
        _, funnel, waves = self._parts(p)
        return 20 + math.e - 20 * funnel - waves

    def gradient(self, p: Tensor) -> Tensor:
        """2·exp(−.2r)·p/r + π·sin 2πp·exp(½(cos 2πx + cos 2πy))."""
        r, funnel, waves = self._parts(p)
        return p * (2 * funnel / r)[..., None] + math.pi * torch.sin(2 * math.pi * p) * waves[..., None]

    def hessian(self, p: Tensor) -> Tensor:
        """With q = 2·exp(−.2r)/r, the funnel's is q·1 + q'·p·pᵀ/2r; the waves' by the product rule."""
        r, funnel, waves = self._parts(p)
        q, dq = 2 * funnel / r, -2 * funnel * (0.2 / r + 1 / r**2) / (2 * r)
        (x, y), (sx, sy), (cx, cy) = (
            part.unbind(-1) for part in (p, torch.sin(2 * math.pi * p), torch.cos(2 * math.pi * p))
        )
        pi2 = math.pi**2 * waves
        return matrix(
            q + dq * x * x + pi2 * (2 * cx - sx * sx),
            dq * x * y - pi2 * sx * sy,
            q + dq * y * y + pi2 * (2 * cy - sy * sy),
        )
