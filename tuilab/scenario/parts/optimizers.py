"""Optimisers that a scenario can name."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tuilab.scenario.strict import Positive, Share, Strict


class SGD(Strict):
    """Plain gradient descent: x ← x − lr·g."""

    name: Literal["sgd"]
    lr: Positive
    weight_decay: Share = 0.0


class Momentum(Strict):
    """SGD with momentum: v ← ρ·v + g, x ← x − lr·v."""

    name: Literal["momentum"]
    lr: Positive
    momentum: Share = 0.9
    weight_decay: Share = 0.0


class Nesterov(Strict):
    """Nesterov momentum: the gradient is taken at the look-ahead point."""

    name: Literal["nesterov"]
    lr: Positive
    momentum: Share = 0.9
    weight_decay: Share = 0.0


class Adam(Strict):
    """Adam, with bias correction."""

    name: Literal["adam"]
    lr: Positive
    beta1: Share = 0.9
    beta2: Share = 0.999
    eps: Positive = 1e-8
    weight_decay: Share = 0.0


Optimizer = Annotated[SGD | Momentum | Nesterov | Adam, Field(discriminator="name")]
