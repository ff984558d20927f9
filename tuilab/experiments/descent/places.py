"""Where goals and minima are, seen from a point."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from tuilab.parts.surfaces import Surface


def to_goals(surface: Surface, points: Tensor) -> Tensor:
    """The distance to the nearest goal: (n, 2) → (n)."""
    return torch.stack([(points - torch.tensor(goal)).norm(dim=-1) for goal in surface.goals]).amin(0)


class Basins:
    """The minima of a surface, numbered from 1, the lowest first.

    Near is closer than a quarter of the smallest distance between two of them, or than .25 to the only one.
    """

    def __init__(self, surface: Surface) -> None:
        self._minima = list(surface.minima)
        self._at = torch.tensor(self._minima, dtype=torch.float64).reshape(-1, 2)
        self._radius = torch.pdist(self._at).min().item() / 4 if len(self._minima) > 1 else 0.25

    def near(self, point: list[float]) -> int:
        """The number of the minimum that is near to a point; 0 where none is."""
        for number, minimum in enumerate(self._minima, 1):
            if math.dist(point, minimum) < self._radius:
                return number
        return 0

    def near_each(self, points: Tensor) -> Tensor:
        """The same of many points: (n, 2) → (n)."""
        if not self._minima:
            return torch.zeros(points.shape[:-1], dtype=torch.int64)
        nearest, number = (points[..., None, :] - self._at).norm(dim=-1).min(-1)
        return torch.where(nearest < self._radius, number + 1, 0)
