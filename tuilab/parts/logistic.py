"""A linear classifier of two classes, fitted by Newton's method.

The score of an example is s = x̃·θ, with x̃ = (x, 1), so that θ's last entry is the bias; p = σ(s) is the
probability of class 1. With ridge ρ (on all but the bias) and labels y of 0 and 1:

    L(θ) = ⟨log(1 + eˢ) − y·s⟩ + ½ρ|θ|²      ∇L = ⟨(p − y)·x̃⟩ + ρθ      H = ⟨p(1 − p)·x̃x̃ᵀ⟩ + ρI

Turn, stretch or move x, and another θ computes the same scores (without ρ): the classifier does not care. H
does.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import softplus


def with_one(x: Tensor) -> Tensor:
    """x̃: a last column of ones."""
    return torch.cat([x, x.new_ones(len(x), 1)], 1)


def loss(theta: Tensor, x: Tensor, labels: Tensor) -> Tensor:
    """⟨log(1 + eˢ) − y·s⟩ for x̃ (n, d) and θ (d,), or (d, k) for k classifiers at once: (k,)."""
    scores = x @ theta
    y = labels.to(x).view(-1, *[1] * (theta.dim() - 1))
    return (softplus(scores) - y * scores).mean(0)


def hessian(theta: Tensor, x: Tensor) -> Tensor:
    """⟨p(1 − p)·x̃x̃ᵀ⟩, (d, d); at θ = 0 it is a quarter of the second moments of x̃."""
    p = torch.sigmoid(x @ theta)
    return (x * (p * (1 - p))[:, None]).T @ x / len(x)


def fit(x: Tensor, labels: Tensor, ridge: float = 1e-4, iterations: int = 50) -> Tensor:
    """θ of the least loss, (d,), by Newton's method, a step halved until it goes down.

    Args:
        x: x̃, (n, d), float64.
        labels: (n,), 0 or 1.
        ridge: ρ > 0 keeps θ finite where a line parts the classes without a mistake.
        iterations: steps at most; it ends when the loss no longer falls.
    """
    theta = x.new_zeros(x.shape[1])
    penalty = torch.full_like(theta, ridge)
    penalty[-1] = 0

    def objective(at: Tensor) -> float:
        return float(loss(at, x, labels) + 0.5 * (penalty * at.square()).sum())

    best = objective(theta)
    for _ in range(iterations):
        gradient = x.T @ (torch.sigmoid(x @ theta) - labels) / len(x) + penalty * theta
        curvature = hessian(theta, x) + torch.diag(penalty + 1e-12)
        step = torch.linalg.solve(curvature, gradient)
        while (found := objective(theta - step)) > best and step.norm() > 1e-12:
            step = step / 2
        if found >= best - 1e-15:
            break
        theta, best = theta - step, found
    return theta
