"""Optimisers that a scenario can name."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Tag

from tuilab.scenario.parts.own import WHOSE, Own
from tuilab.scenario.strict import Positive, Share, Strict


class SGD(Strict):
    """Plain gradient descent: x ← x − lr·g."""

    name: Literal["sgd"]
    lr: Positive
    weight_decay: Share = 0.0


class Momentum(Strict):
    """SGD with momentum: v ← ρ·v + (1 − dampening)·g, x ← x − lr·v."""

    name: Literal["momentum"]
    lr: Positive
    momentum: Share = 0.9
    dampening: Annotated[float, Field(ge=0, le=1)] = 0.0
    weight_decay: Share = 0.0


class Nesterov(Strict):
    """Nesterov momentum: the gradient is taken at the look-ahead point."""

    name: Literal["nesterov"]
    lr: Positive
    momentum: Share = 0.9
    weight_decay: Share = 0.0


class AdaGrad(Strict):
    """AdaGrad: every parameter's gradient over the root of the sum of its squares."""

    name: Literal["adagrad"]
    lr: Positive
    eps: Positive = 1e-10
    weight_decay: Share = 0.0


class RMSProp(Strict):
    """RMSProp: AdaGrad with a leak, s ← α·s + (1 − α)·g²."""

    name: Literal["rmsprop"]
    lr: Positive
    alpha: Share = 0.99
    eps: Positive = 1e-8
    weight_decay: Share = 0.0


class Adam(Strict):
    """Adam, with bias correction or without."""

    name: Literal["adam"]
    lr: Positive
    beta1: Share = 0.9
    beta2: Share = 0.999
    eps: Positive = 1e-8
    bias_correction: bool = True
    weight_decay: Share = 0.0


class AdamW(Strict):
    """Adam with decoupled weight decay: every weight shrinks by lr·weight_decay of itself a step."""

    name: Literal["adamw"]
    lr: Positive
    beta1: Share = 0.9
    beta2: Share = 0.999
    eps: Positive = 1e-8
    weight_decay: Share = 0.01


class NesterovLookAhead(Strict):
    """Nesterov momentum as the lecture draws it: the surface is asked at the look-ahead point."""

    name: Literal["nesterov_look_ahead"]
    lr: Positive
    momentum: Share = 0.9


class Newton(Strict):
    """Newton's method: x ← x − lr·H⁻¹g."""

    name: Literal["newton"]
    lr: Positive = 1.0


class DampedNewton(Strict):
    """Newton's method that never climbs: x ← x − (H + λI)⁻¹g, λ as large as it must be."""

    name: Literal["damped_newton"]
    damping: Positive = Field(default=1e-3, description="λ at the first step")
    factor: Annotated[float, Field(gt=1, le=1e6)] = Field(
        default=10.0, description="what λ is multiplied by until a jump leads down, and divided by after each"
    )


class LBFGS(Strict):
    """Limited-memory BFGS: the curvature from the last steps alone."""

    name: Literal["lbfgs"]
    lr: Positive = 1.0
    history: int = Field(default=10, ge=1, le=1_000, description="steps that are remembered")
    line_search: bool = Field(default=True, description="search for a step length; without, it is lr")


GradientRule = SGD | Momentum | Nesterov | AdaGrad | RMSProp | Adam | AdamW

OurNetworkOptimizer = Annotated[GradientRule | LBFGS, Field(discriminator="name")]
NetworkOptimizer = Annotated[
    Annotated[OurNetworkOptimizer, Tag("[ours]")] | Annotated[Own, Tag("[own]")], WHOSE
]
"""What can train a network, which hands out gradients at its weights and no Hessian."""

OurOptimizer = Annotated[
    GradientRule | NesterovLookAhead | Newton | DampedNewton | LBFGS, Field(discriminator="name")
]
Optimizer = Annotated[Annotated[OurOptimizer, Tag("[ours]")] | Annotated[Own, Tag("[own]")], WHOSE]
"""What can walk on a surface."""
