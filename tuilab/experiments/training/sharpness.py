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

    2/lr for gradient descent, 2(1 + ρ)/lr for the heavy ball, 2(1 + ρ)/((1 + 2ρ)·lr) for Nesterov: where the
    steepest direction's recursion has the eigenvalue −1 (Cohen et al., ICLR 2021, §2 and appendix B).
    """
    settings = optimizer.model_dump()
    rho = settings.get("momentum", 0.0)
    factor = {"sgd": 2.0, "momentum": 2 * (1 + rho), "nesterov": 2 * (1 + rho) / (1 + 2 * rho)}
    if not lr or settings.get("dampening"):
        return math.nan
    return float(factor.get(settings["name"], math.nan) / lr)
