"""L-BFGS: Newton's method without a Hessian."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from tuilab.parts.optimizers.rule import Differentiable, Number, State, dot

_TRIALS = 25
"""Points that a line search looks at before it takes the best it has."""

_CURVED = 2.2e-16
"""Rounding error: the cosine between s and y below which a pair says nothing."""


@dataclass(frozen=True)
class LBFGS:
    """Limited-memory BFGS: H⁻¹g from the last few steps alone (Nocedal & Wright, 2006, alg. 7.4 and 7.5).

    Between two points, s = x − x' and y = g − g' tell the curvature along s: y ≈ H·s. `direction` makes
    −H⁻¹g out of the last `history` such pairs in O(history·n), where Newton needs O(n³). Pairs without
    positive curvature, sᵀy ≤ 2.2e-16·‖s‖‖y‖, are left out, so the direction always leads down.

    With the line search, step lengths are tried from lr on until the Wolfe conditions are met. Without, the
    length is lr, and this is `torch.optim.LBFGS` with one iteration a step; but torch leaves out every pair
    with sᵀy ≤ 1e-10, whatever the scale, so that its last steps are slower. The very first step is tried with
    lr·min(1, 1/|g|₁): until there is a pair, the gradient's size says nothing about the distance to go.

    The pairs are *differences* of gradients: with minibatches the noise of two gradients stays while their
    difference shrinks, and y says more of the noise than of the curvature.
    """

    lr: Number = 1.0
    history: int = 10
    line_search: bool = True

    def start(self, x: Tensor) -> State:
        """No pairs yet, s and y (history, …, n), the newest last; the point and the gradient before."""
        none = x.new_zeros(self.history, *x.shape)
        return none, none, x, torch.zeros_like(x)

    def step(self, x: Tensor, g: Tensor, state: State, surface: Differentiable) -> tuple[Tensor, State]:
        """Remember what the last step told, turn the gradient, search along it."""
        steps, changes, x_before, g_before = state
        s, y = x - x_before, g - g_before
        sy, yy = dot(s, y), dot(y, y)
        told = (sy > _CURVED * (dot(s, s) * yy).sqrt()) & (torch.minimum(sy, yy) > torch.finfo(x.dtype).tiny)
        steps = torch.where(told, torch.cat((steps[1:], s[None])), steps)
        changes = torch.where(told, torch.cat((changes[1:], y[None])), changes)

        d = direction(g, steps, changes)
        fresh = dot(steps[-1], changes[-1]) == 0
        length = self.lr * torch.where(fresh, (1 / g.abs().sum(-1, keepdim=True)).clamp(max=1), 1.0)
        if self.line_search:
            length = wolfe(surface, x, g, d, length)
            steps = torch.where(length == 0, 0.0, steps)  # the pairs mislead: begin anew along −g
        return x + length * d, (steps, changes, x, g)


def direction(g: Tensor, steps: Tensor, changes: Tensor) -> Tensor:
    """The two-loop recursion: −H⁻¹g as BFGS would have it after these pairs, starting from sᵀy/yᵀy·I.

    Args:
        g: gradient, (…, n).
        steps: s, (history, …, n), the newest last; pairs that are not there are zeros.
        changes: y, likewise.
    """
    pairs = []
    for s, y in zip(steps, changes, strict=True):
        sy = dot(s, y)
        pairs.append((s, y, torch.where(sy == 0, 0.0, 1 / sy)))  # ρ = 0 takes a pair out of both loops
    q, alphas = g, []
    for s, y, rho in reversed(pairs):
        alpha = rho * dot(s, q)
        q = q - alpha * y
        alphas.append(alpha)
    s, y, rho = pairs[-1]
    r = torch.where(rho == 0, 1.0, dot(s, y) / dot(y, y)) * q
    for (s, y, rho), alpha in zip(pairs, reversed(alphas), strict=True):
        beta = rho * dot(y, r)
        r = r + (alpha - beta) * s
    return -r


def wolfe(surface: Differentiable, x: Tensor, g: Tensor, d: Tensor, length: Tensor) -> Tensor:
    """A step length along d that lowers f enough and leaves the slope flat enough.

        f(x + t·d) ≤ f(x) + 1e-4·t·gᵀd   and   ∇f(x + t·d)ᵀd ≥ .9·gᵀd   (Wolfe, 1969)

    By doubling and halving (Lewis & Overton, Math. Program. 141, 2013, algorithm 2.6): too high, and the
    length is an upper bound; still steep, and it is a lower bound.

    Args:
        surface: f.
        x: where from, (…, n).
        g: the gradient there.
        d: the direction.
        length: tried first, (…, 1).

    Returns:
        (…, 1): a lower bound, 0 at worst, where none was found in 25 trials.
    """
    height, slope = surface.value(x)[..., None], dot(g, d)
    t = length + torch.zeros_like(slope)
    low, high = torch.zeros_like(t), torch.full_like(t, math.inf)
    found = torch.zeros_like(t, dtype=torch.bool)
    for _ in range(_TRIALS):
        there = x + t * d
        lowered = surface.value(there)[..., None] <= height + 1e-4 * t * slope
        flat = dot(surface.gradient(there), d) >= 0.9 * slope
        found = found | (lowered & flat)
        if bool(found.all()):
            break
        low = torch.where(lowered & ~found, t, low)
        high = torch.where(~lowered & ~found, t, high)
        t = torch.where(found, t, torch.where(high.isinf(), 2 * low, (low + high) / 2))
    return torch.where(found, t, low)
