"""Newton's method: jump to the critical point of the local quadratic model."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tuilab.parts.optimizers.rule import Differentiable, Number, State

_TRIALS = 40
"""Times that a jump is damped further before it is given up."""


@dataclass(frozen=True)
class Newton:
    """Newton's method: x ← x − lr·H⁻¹g, H being the Hessian at x.

    The second-order Taylor expansion f + gᵀδ + ½δᵀHδ has its one critical point at δ = −H⁻¹g; with lr = 1
    the jump goes there. On a quadratic that is the minimum, in one step, whatever the condition number. But
    it is a *critical* point: along an eigenvector with a negative eigenvalue the jump goes uphill, so that
    Newton's method is drawn to saddles and maxima. Near a minimum the error squares at every step.

    Where H is singular the model has no such point. Then x stays, and `singular` says so.
    """

    lr: Number = 1.0

    def start(self, x: Tensor) -> State:
        """Where the Hessian was singular at the last step: nowhere yet, (…, 1)."""
        return (torch.zeros_like(x[..., :1], dtype=torch.bool),)

    def step(self, x: Tensor, g: Tensor, state: State, surface: Differentiable) -> tuple[Tensor, State]:
        """Jump to the model's critical point, or `lr` of the way."""
        solution, info = torch.linalg.solve_ex(surface.hessian(x), g[..., None])
        singular = (info != 0)[..., None]
        return torch.where(singular, x, x - self.lr * solution[..., 0]), (singular,)

    def singular(self, state: State) -> Tensor:
        """Whose last step found a singular Hessian and was not taken: (…)."""
        return state[0].squeeze(-1)


@dataclass(frozen=True)
class DampedNewton:
    """Newton's method that never climbs: x ← x − (H + λI)⁻¹g, λ as large as it must be (Levenberg–Marquardt).

    λ is multiplied by `factor` until H + λI is positive definite, so that the jump leads down, and until it
    has lowered f. After each step λ is divided by it. So λ → 0 near a minimum, where this is Newton's method;
    elsewhere it is nearer to gradient descent with learning rate 1/λ, and leaves saddles. Marquardt, SIAM J.
    Appl. Math. 11 (1963), with any Hessian in place of JᵀJ.
    """

    damping: Number = 1e-3
    factor: Number = 10.0

    def start(self, x: Tensor) -> State:
        """λ, one for each x: (…, 1)."""
        return (torch.zeros_like(x[..., :1]) + self.damping,)

    def step(self, x: Tensor, g: Tensor, state: State, surface: Differentiable) -> tuple[Tensor, State]:
        """Damp the jump until it leads down; where 40 trials don't help, as on a bottom, stay."""
        (damping,) = state
        height, hessian = surface.value(x), surface.hessian(x)
        identity = torch.eye(x.shape[-1], dtype=x.dtype, device=x.device)
        there, good = x, torch.zeros_like(damping, dtype=torch.bool)
        for _ in range(_TRIALS):
            root, not_positive = torch.linalg.cholesky_ex(hessian + damping[..., None] * identity)
            jump = torch.cholesky_solve(g[..., None], root)[..., 0]
            down = ((surface.value(x - jump) <= height) & (not_positive == 0))[..., None]
            there = torch.where(down & ~good, x - jump, there)
            good = good | down
            if bool(good.all()):
                break
            damping = torch.where(good, damping, damping * self.factor)
        return there, (torch.where(good, damping / self.factor, state[0]),)
