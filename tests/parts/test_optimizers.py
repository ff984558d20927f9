"""Update rules against torch.optim, the lecture's forms and textbook rates."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from tuilab.parts.optimizers import OPTIMIZERS, SGD, Adam, Momentum, Nesterov, Rule
from tuilab.parts.surfaces import Quadratic

BOWL = Quadratic(condition_number=100.0, rotation=30.0)
START = torch.tensor([1.3, -0.7], dtype=torch.float64)

TORCHS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "sgd": lambda x, lr, weight_decay: torch.optim.SGD(x, lr=lr, weight_decay=weight_decay),
    "momentum": lambda x, lr, weight_decay: torch.optim.SGD(
        x, lr=lr, momentum=0.9, weight_decay=weight_decay
    ),
    "nesterov": lambda x, lr, weight_decay: torch.optim.SGD(
        x, lr=lr, momentum=0.9, nesterov=True, weight_decay=weight_decay
    ),
    "adam": lambda x, lr, weight_decay: torch.optim.Adam(x, lr=lr, weight_decay=weight_decay),
}


def walk(rule: Rule, gradient: Callable[[Tensor], Tensor], x: Tensor, steps: int) -> list[Tensor]:
    state, path = rule.start(x), [x]
    for _ in range(steps):
        x, state = rule.step(x, gradient(x), state)
        path.append(x)
    return path


def rate(path: list[Tensor]) -> float:
    """The factor a step, over the second half of the path."""
    half = len(path) // 2
    return (path[-1].norm() / path[half].norm()).item() ** (1 / (len(path) - 1 - half))


@pytest.mark.parametrize("weight_decay", [0.0, 0.05])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_thousand_steps_are_torchs(name: str, weight_decay: float) -> None:
    def gradient(x: Tensor) -> Tensor:
        return BOWL.gradient(x) + 0.3 * torch.sin(3 * x)

    ours = walk(OPTIMIZERS[name](lr=0.004, weight_decay=weight_decay), gradient, START, 1000)
    x = START.clone().requires_grad_()
    optimizer = TORCHS[name]([x], 0.004, weight_decay)
    for point in ours:
        torch.testing.assert_close(point, x.detach(), rtol=0, atol=1e-10)
        x.grad = gradient(x.detach())
        optimizer.step()


def test_nesterovs_look_ahead_is_the_lectures() -> None:
    lr, rho = 0.005, 0.9
    ours = walk(Nesterov(lr=lr, momentum=rho), BOWL.gradient, START, 1000)
    z, v = START, torch.zeros_like(START)
    for x in ours:
        torch.testing.assert_close(x, z - lr * rho * v, rtol=0, atol=1e-10)
        v = rho * v + BOWL.gradient(z - lr * rho * v)
        z = z - lr * v


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_many_walkers_at_once_walk_as_they_would_alone(name: str) -> None:
    starts = torch.randn(100, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    rates = torch.linspace(0.001, 0.01, 100, dtype=torch.float64)[:, None]
    together = walk(OPTIMIZERS[name](lr=rates), BOWL.gradient, starts, 20)[-1]
    for k in range(0, 100, 9):
        alone = walk(OPTIMIZERS[name](lr=rates[k].item()), BOWL.gradient, starts[k], 20)[-1]
        assert torch.equal(together[k], alone)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_step_leaves_its_arguments_alone(name: str) -> None:
    rule = OPTIMIZERS[name](lr=0.1)
    x, state = rule.step(START, BOWL.gradient(START), rule.start(START))
    kept = x.clone(), [part.clone() for part in state]
    rule.step(x, BOWL.gradient(x), state)
    assert torch.equal(x, kept[0])
    assert all(torch.equal(a, b) for a, b in zip(state, kept[1], strict=True))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (SGD(lr=2 / 101), 99 / 101),
        (Momentum(lr=0.03306, momentum=0.66942), 0.818),
        (Nesterov(lr=1 / 100, momentum=9 / 11), 0.900),
        (Nesterov(lr=4 / 301, momentum=(math.sqrt(301) - 2) / (math.sqrt(301) + 2)), 0.8847),
    ],
)
def test_textbook_rates_at_condition_number_100(rule: Rule, expected: float) -> None:
    assert rate(walk(rule, BOWL.gradient, START, 160)) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize(
    ("build", "edge"),
    [(SGD, 2 / 100), (lambda lr: Momentum(lr=lr, momentum=0.9), 2 * 1.9 / 100)],
)
def test_a_learning_rate_past_the_edge_diverges(build: Callable[..., Any], edge: float) -> None:
    below = walk(build(lr=0.99 * edge), BOWL.gradient, START, 2000)[-1]
    above = walk(build(lr=1.01 * edge), BOWL.gradient, START, 2000)[-1]
    assert below.norm() < 1e-3
    assert above.norm() > 1e3


def test_momentums_terminal_velocity() -> None:
    path = walk(Momentum(lr=0.01, momentum=0.9), torch.ones_like, START, 300)
    assert (path[-2] - path[-1]).tolist() == pytest.approx([0.1, 0.1])


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
def test_adams_first_step_is_the_learning_rate_whatever_the_gradient(size: float) -> None:
    path = walk(Adam(lr=0.01), lambda x: torch.full_like(x, size), START, 1)
    assert (path[0] - path[1]).tolist() == pytest.approx([0.01, 0.01], rel=1e-4)
