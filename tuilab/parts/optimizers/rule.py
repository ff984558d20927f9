"""What an optimiser is: the two forms of an update rule."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

Number = float | Tensor
State = tuple[Tensor, ...]


class Rule(Protocol):
    """A rule that needs nothing but the gradient. Works element by element: x may have any shape."""

    def start(self, x: Tensor) -> State:
        """The state before the first step."""

    def step(self, x: Tensor, g: Tensor, state: State) -> tuple[Tensor, State]:
        """The parameters and the state after one step down the gradient g, both shaped like x."""


class Differentiable(Protocol):
    """A function of n parameters that can be asked anywhere, and for its curvature."""

    def value(self, p: Tensor) -> Tensor:
        """The height f(p): (…, n) → (…)."""

    def gradient(self, p: Tensor) -> Tensor:
        """The gradient ∇f(p): (…, n) → (…, n)."""

    def hessian(self, p: Tensor) -> Tensor:
        """All second derivatives: (…, n) → (…, n, n)."""


class SurfaceRule(Protocol):
    """A rule that asks the surface again: elsewhere, or for its curvature. x: (…, n), any number at once."""

    def start(self, x: Tensor) -> State:
        """The state before the first step."""

    def step(self, x: Tensor, g: Tensor, state: State, surface: Differentiable) -> tuple[Tensor, State]:
        """The parameters and the state after one step from x, where the gradient is g."""


def dot(a: Tensor, b: Tensor) -> Tensor:
    """Inner products of the vectors along the last axis, which stays: (…, n), (…, n) → (…, 1)."""
    return (a * b).sum(-1, keepdim=True)


def penalised(g: Tensor, x: Tensor, weight_decay: Number) -> Tensor:
    """The gradient with that of an L2 penalty ½λ‖x‖² added, λ being the weight decay."""
    if isinstance(weight_decay, float) and weight_decay == 0:
        return g
    return g + weight_decay * x
