"""Surfaces of one's own: weighted sums of the named ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from tuilab.parts.surfaces.surface import Surface, critical_points, grid


class Sum(Surface):
    """f(p) = Σ wᵢ·fᵢ((p − shiftᵢ)/scaleᵢ): named surfaces, each moved, stretched and weighted.

    By the chain rule the gradient of a term is wᵢ/scaleᵢ·∇fᵢ and its Hessian wᵢ/scaleᵢ²·∇²fᵢ. Minima and
    saddles are those that Newton's method finds from 41 × 41 starts in the range.

    Args:
        terms: each with `surface` (a Surface), `weight`, `shift` (x, y) and `scale`.
        reach: the range of x and y is ±reach.
    """

    def __init__(self, terms: Sequence[Mapping[str, Any]], reach: float = 5.0) -> None:
        self.terms = [
            (term["surface"], term["weight"], torch.tensor(term["shift"], dtype=torch.float64), term["scale"])
            for term in terms
        ]
        self.domain = (-reach, reach)
        self.view = (self.domain, self.domain)
        self.minima, self.saddles = critical_points(self, grid(-reach, reach, 41))
        self.goals = self.minima[:1] or ((0.0, 0.0),)

    def value(self, p: Tensor) -> Tensor:
        """Σ wᵢ·fᵢ."""
        return torch.stack([w * f.value((p - at) / scale) for f, w, at, scale in self.terms]).sum(0)

    def gradient(self, p: Tensor) -> Tensor:
        """Σ wᵢ/scaleᵢ·∇fᵢ."""
        parts = [w / scale * f.gradient((p - at) / scale) for f, w, at, scale in self.terms]
        return torch.stack(parts).sum(0)

    def hessian(self, p: Tensor) -> Tensor:
        """Σ wᵢ/scaleᵢ²·∇²fᵢ."""
        parts = [w / scale**2 * f.hessian((p - at) / scale) for f, w, at, scale in self.terms]
        return torch.stack(parts).sum(0)
