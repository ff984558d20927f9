"""Optimisers, each one update rule: from parameters x and gradient g = ∇f(x) to the next x.

A rule is a function without a memory of its own. What it remembers between steps (a velocity, running
moments) is its *state*, handed in and handed back:

    state = rule.start(x)
    x, state = rule.step(x, g, state)

Everything works element by element, so x may have any shape: (2,) for one walker on a surface,
(10_000, 2) for ten thousand at once, a layer's weights. Settings may be tensors that broadcast against x,
such as learning rates of shape (10_000, 1).

Rules that need more than the gradient (Newton's Hessian, a line search, a look ahead) are handed the surface
too, and take the last axis of x for one vector of parameters: `rule.step(x, g, state, surface)`.
`advance` takes a step of either form.

`weight_decay` λ adds λ·x to the gradient: the gradient of an L2 penalty ½λ‖x‖² on the loss.

Each rule computes what `torch.optim` computes under the same name and settings; where the lecture writes
the rule in another form, its docstring says so.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from torch import Tensor

from tuilab.parts.optimizers.adam import Adam, AdamW
from tuilab.parts.optimizers.adaptive import AdaGrad, RMSProp
from tuilab.parts.optimizers.lbfgs import LBFGS
from tuilab.parts.optimizers.momentum import Momentum, Nesterov, NesterovLookAhead
from tuilab.parts.optimizers.newton import DampedNewton, Newton
from tuilab.parts.optimizers.rule import Differentiable, Number, Rule, State, SurfaceRule
from tuilab.parts.optimizers.sgd import SGD

__all__ = [
    "GRADIENT_RULES",
    "LBFGS",
    "OPTIMIZERS",
    "SGD",
    "SURFACE_RULES",
    "AdaGrad",
    "Adam",
    "AdamW",
    "DampedNewton",
    "Differentiable",
    "Momentum",
    "Nesterov",
    "NesterovLookAhead",
    "Newton",
    "Number",
    "RMSProp",
    "Rule",
    "State",
    "SurfaceRule",
    "advance",
    "asks_surface",
    "rule_of",
]

GRADIENT_RULES: dict[str, Callable[..., Rule]] = {
    "sgd": SGD,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adagrad": AdaGrad,
    "rmsprop": RMSProp,
    "adam": Adam,
    "adamw": AdamW,
}
"""The rules that a gradient is enough for."""

SURFACE_RULES: dict[str, Callable[..., SurfaceRule]] = {
    "nesterov_look_ahead": NesterovLookAhead,
    "newton": Newton,
    "damped_newton": DampedNewton,
    "lbfgs": LBFGS,
}
"""The rules that ask the surface."""

OPTIMIZERS: dict[str, Callable[..., Rule | SurfaceRule]] = {**GRADIENT_RULES, **SURFACE_RULES}
"""Every rule by the name scenarios use."""


def rule_of(settings: Mapping[str, Any], **tensors: Tensor) -> Rule | SurfaceRule:
    """The rule that settings name, some of its numbers replaced by tensors, one for each of many walkers."""
    given = {key: value for key, value in settings.items() if key != "name"}
    return OPTIMIZERS[settings["name"]](**{**given, **tensors})


@cache
def asks_surface(kind: type[Any]) -> bool:
    """Whether a rule of this class is of the second form, `step(x, g, state, surface)`."""
    return "surface" in inspect.signature(kind.step).parameters


def advance(
    rule: Rule | SurfaceRule, x: Tensor, g: Tensor, state: State, surface: Differentiable | None = None
) -> tuple[Tensor, State]:
    """One step of any rule from x, where the gradient is g.

    Raises:
        TypeError: the rule asks the surface, and there is none.
    """
    if asks_surface(type(rule)):
        if surface is None:
            raise TypeError(f"{type(rule).__name__} asks the surface, so it needs one")
        return rule.step(x, g, state, surface)  # type: ignore[call-arg]
    return rule.step(x, g, state)  # type: ignore[call-arg]
