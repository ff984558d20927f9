"""What the tests of the rules share: surfaces with a Hessian, and walking on them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from tuilab.parts.optimizers import Rule, SurfaceRule, advance


class Bowl:
    """½xᵀAx."""

    def __init__(self, a: Tensor) -> None:
        self.a = a

    def value(self, p: Tensor) -> Tensor:
        return 0.5 * ((p @ self.a) * p).sum(-1)

    def gradient(self, p: Tensor) -> Tensor:
        return p @ self.a

    def hessian(self, p: Tensor) -> Tensor:
        return self.a.expand(*p.shape, p.shape[-1])


class Rosenbrock:
    """100(y − x²)² + (1 − x)²."""

    def value(self, p: Tensor) -> Tensor:
        x, y = p.unbind(-1)
        return 100 * (y - x * x) ** 2 + (1 - x) ** 2

    def gradient(self, p: Tensor) -> Tensor:
        x, y = p.unbind(-1)
        return torch.stack((-400 * x * (y - x * x) - 2 * (1 - x), 200 * (y - x * x)), -1)

    def hessian(self, p: Tensor) -> Tensor:
        x, y = p.unbind(-1)
        across = torch.stack((1200 * x * x - 400 * y + 2, -400 * x), -1)
        return torch.stack((across, torch.stack((-400 * x, torch.full_like(x, 200)), -1)), -2)


def walk(rule: Rule, gradient: Callable[[Tensor], Tensor], x: Tensor, steps: int) -> list[Tensor]:
    state, path = rule.start(x), [x]
    for _ in range(steps):
        x, state = rule.step(x, gradient(x), state)
        path.append(x)
    return path


def explore(rule: Rule | SurfaceRule, surface: Bowl | Rosenbrock, x: Tensor, steps: int) -> list[Tensor]:
    state, path = rule.start(x), [x]
    for _ in range(steps):
        x, state = advance(rule, x, surface.gradient(x), state, surface)
        path.append(x)
    return path
