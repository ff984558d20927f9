"""How sharply the loss curves where a network stands, and how sharply it may for gradient descent to hold."""

from __future__ import annotations

import math

import torch

from tuilab.experiments.training.batches import Batch
from tuilab.experiments.training.learner import Learner
from tuilab.parts.randomness import stream
from tuilab.probes.curvature import hessian_product, top_eigenvalues
from tuilab.scenario.strict import Strict


@torch.enable_grad()
def sharpness(learner: Learner, batch: Batch, step: int) -> float:
    """The largest eigenvalue of the Hessian of a batch's loss, penalties left out; NaN for a lost network."""
    if learner.diverged:
        return math.nan
    parameters = [p for p in learner.network.parameters() if p.requires_grad]
    product = hessian_product(learner.loss_of(batch, step), parameters)
    # The same start every time: what changes is the network.
    start = torch.randn(sum(p.numel() for p in parameters), generator=stream(0, "sharpness"))
    return float(top_eigenvalues(product, start.to(parameters[0]), tolerance=1e-3)[0])


def edge(optimizer: Strict, lr: float) -> float:
    """The sharpness past which a rule diverges on a quadratic; NaN for rules that have no such edge.

    Along a direction of curvature h a rule sees the gradient c·x, c = h + λ, for weight decay λ adds λ·x to
    the loss's. With ρ the momentum and τ the dampening, v and x go to v' and x':

        heavy ball    v' = ρv + (1 − τ)cx    x' = x − lr·v'             gradient descent: ρ = τ = 0
        Nesterov      v' = ρv + cx           x' = x − lr·(cx + ρv')

    What grows first with c swings, so at the edge the recursion's matrix M has the eigenvalue −1:
    det(M + 1) is 2(1 + ρ) − lr·c(1 − τ), and for Nesterov 2(1 + ρ) − lr·c(1 + 2ρ). Solved for h = c − λ:

        h = 2(1 + ρ)/(lr·(1 − τ)) − λ        h = 2(1 + ρ)/(lr·(1 + 2ρ)) − λ

    (Cohen et al., ICLR 2021, §2 and appendix B, without λ and τ.) Negative: it diverges on flat ground too.
    """
    settings = optimizer.model_dump()
    rho, tau = settings.get("momentum", 0.0), settings.get("dampening", 0.0)
    seen = {"sgd": 1.0, "momentum": 1 - tau, "nesterov": 1 + 2 * rho}.get(settings["name"])
    if not lr or not seen:
        return math.nan
    return float(2 * (1 + rho) / (lr * seen) - settings["weight_decay"])
