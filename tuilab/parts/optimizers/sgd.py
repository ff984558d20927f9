"""Gradient descent."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from tuilab.parts.optimizers.rule import Number, State, penalised


@dataclass(frozen=True)
class SGD:
    """Gradient descent: x ← x − lr·g.

    On a quadratic, each eigendirection of curvature λ shrinks by |1 − lr·λ| a step. So it diverges for
    lr > 2/L, L being the largest curvature; with the smallest called μ it is fastest at lr = 2/(L + μ),
    where both ends shrink by (κ − 1)/(κ + 1), κ = L/μ being the condition number (Polyak, "Introduction
    to Optimization", 1987, §1.4).
    """

    lr: Number
    weight_decay: Number = 0.0

    def start(self, x: Tensor) -> State:
        """Nothing to remember."""
        return ()

    def step(self, x: Tensor, g: Tensor, state: State) -> tuple[Tensor, State]:
        """One step straight down the gradient."""
        g = penalised(g, x, self.weight_decay)
        return x - self.lr * g, ()
