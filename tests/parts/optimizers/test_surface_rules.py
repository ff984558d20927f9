"""Rules that ask the surface: Newton, damped Newton, L-BFGS, and Nesterov as the lecture draws it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from walks import Bowl, Rosenbrock, explore, walk

from tuilab.parts.optimizers import (
    LBFGS,
    SURFACE_RULES,
    DampedNewton,
    Nesterov,
    NesterovLookAhead,
    Newton,
)
from tuilab.parts.optimizers.lbfgs import direction, wolfe

ROSENBROCK, CLASSIC = Rosenbrock(), torch.tensor([-1.2, 1.0], dtype=torch.float64)
SADDLE = Bowl(torch.diag(torch.tensor([1.0, -1.0], dtype=torch.float64)))
seeds = st.integers(0, 2**32)


def bowl(seed: int, n: int) -> tuple[Bowl, Tensor]:
    """A random well-conditioned bowl of n parameters and a place to start."""
    generator = torch.Generator().manual_seed(seed)
    root = torch.randn(n, n, dtype=torch.float64, generator=generator) / n**0.5
    eye = torch.eye(n, dtype=torch.float64)
    return Bowl(root @ root.T + 0.1 * eye), torch.randn(n, dtype=torch.float64, generator=generator)


def heights(path: list[Tensor]) -> list[float]:
    return ROSENBROCK.value(torch.stack(path)).tolist()


def test_the_look_ahead_points_are_the_other_forms_points() -> None:
    surface, start = bowl(3, 2)
    rule, x = NesterovLookAhead(lr=0.05, momentum=0.9), start
    state = rule.start(x)
    for theirs in walk(Nesterov(lr=0.05, momentum=0.9), surface.gradient, start, 1000):
        torch.testing.assert_close(rule.ahead(x, state), theirs, rtol=0, atol=1e-10)
        x, state = rule.step(x, surface.gradient(x), state, surface)


@settings(max_examples=20, deadline=None)
@given(seed=seeds, n=st.integers(1, 8))
def test_newton_is_at_a_quadratics_minimum_in_one_step(seed: int, n: int) -> None:
    surface, start = bowl(seed, n)
    assert explore(Newton(), surface, start, 1)[-1].norm() < 1e-9 * max(start.norm().item(), 1)


def test_newton_on_rosenbrock() -> None:
    found = heights(explore(Newton(), ROSENBROCK, CLASSIC, 7))
    assert found[:5] == pytest.approx([24.2, 4.7319, 1411.8, 0.0560, 0.3132], rel=1e-3)
    assert found[6] > found[7] == 0


def test_newton_is_drawn_to_a_saddle_and_damped_newton_leaves_it() -> None:
    start = torch.tensor([1.0, 1e-3], dtype=torch.float64)
    assert explore(Newton(), SADDLE, start, 1)[-1].tolist() == [0, 0]
    assert explore(DampedNewton(), SADDLE, start, 80)[-1][1].abs() > 1


def test_newton_stays_where_the_hessian_is_singular() -> None:
    surface = Bowl(torch.tensor([[1.0, 1.0], [1.0, 1.0]], dtype=torch.float64))
    starts = torch.tensor([[1.0, 2.0], [3.0, -3.0]], dtype=torch.float64)
    rule = Newton()
    x, state = rule.step(starts, surface.gradient(starts), rule.start(starts), surface)
    assert torch.equal(x, starts)
    assert rule.singular(state).tolist() == [True, True]
    assert rule.singular(rule.start(starts)).tolist() == [False, False]
    there = explore(DampedNewton(), surface, starts, 30)[-1]
    assert surface.value(there).max() < 1e-20


def test_damped_newton_never_climbs() -> None:
    found = heights(explore(DampedNewton(), ROSENBROCK, CLASSIC, 40))
    assert all(b <= a for a, b in pairwise(found))
    assert found[-1] == 0


@settings(max_examples=10, deadline=None)
@given(seed=seeds, n=st.integers(2, 6), history=st.integers(1, 12))
def test_the_two_loop_recursion_is_bfgs_written_out(seed: int, n: int, history: int) -> None:
    surface, _ = bowl(seed, n)
    draw = torch.Generator().manual_seed(seed + 1)
    steps = torch.randn(history, n, dtype=torch.float64, generator=draw)
    changes = surface.gradient(steps)
    g = torch.randn(n, dtype=torch.float64, generator=draw)
    eye = torch.eye(n, dtype=torch.float64)
    inverse = (steps[-1] @ changes[-1]) / (changes[-1] @ changes[-1]) * eye
    for s, y in zip(steps, changes, strict=True):
        turn = eye - torch.outer(s, y) / (s @ y)
        inverse = turn @ inverse @ turn.T + torch.outer(s, s) / (s @ y)
    torch.testing.assert_close(direction(g, steps, changes), -inverse @ g, rtol=1e-6, atol=1e-8)
    absent = torch.zeros(3, n, dtype=torch.float64)
    padded = direction(g, torch.cat((absent, steps)), torch.cat((absent, changes)))
    assert torch.equal(padded, direction(g, steps, changes))


@settings(max_examples=3, deadline=None)
@given(seed=seeds, lr=st.floats(0.001, 0.1), history=st.integers(1, 10))
def test_a_thousand_steps_of_lbfgs_are_torchs(seed: int, lr: float, history: int) -> None:
    """Each from where torch is: with few pairs the path is chaotic, and rounding would decide."""
    surface, start = bowl(seed, 4)
    surface.a *= 1e16  # or torch would leave out pairs
    x = start.clone().requires_grad_()
    optimizer = torch.optim.LBFGS(
        [x], lr=lr, max_iter=1, history_size=history, tolerance_grad=0, tolerance_change=0
    )

    def closure() -> Tensor:
        x.grad = surface.gradient(x.detach())
        return surface.value(x.detach())

    rule = LBFGS(lr=lr, history=history, line_search=False)
    state, ours, theirs = rule.start(start), [start], [start]
    for _ in range(1000):
        there, state = rule.step(theirs[-1], surface.gradient(theirs[-1]), state, surface)
        optimizer.step(closure)
        ours.append(there)
        theirs.append(x.detach().clone())
    torch.testing.assert_close(torch.stack(ours), torch.stack(theirs), rtol=0, atol=1e-10)


def test_lbfgs_on_rosenbrock() -> None:
    path = explore(LBFGS(), ROSENBROCK, CLASSIC, 60)
    slopes = ROSENBROCK.gradient(torch.stack(path)).norm(dim=-1)
    first = int((slopes < 1e-5).nonzero()[0])
    assert first == pytest.approx(37, abs=3)
    assert heights(path)[-1] < 1e-25


def test_lbfgs_stays_at_a_minimum() -> None:
    surface, start = bowl(0, 2)
    path = torch.stack(explore(LBFGS(), surface, start, 300))
    assert path.isfinite().all()
    assert path[-1].norm() < 1e-100


@settings(max_examples=20, deadline=None)
@given(seed=seeds, length=st.floats(1e-6, 1e3))
def test_the_line_search_keeps_the_wolfe_conditions(seed: int, length: float) -> None:
    x = 2 * torch.randn(50, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    g = ROSENBROCK.gradient(x)
    t = wolfe(ROSENBROCK, x, g, -g, torch.full((50, 1), length, dtype=torch.float64))
    slope = -(g * g).sum(-1)
    there = x - t * g
    assert bool((ROSENBROCK.value(there) <= ROSENBROCK.value(x) + 1e-4 * t[:, 0] * slope).all())
    assert bool(((ROSENBROCK.gradient(there) * -g).sum(-1) >= 0.9 * slope).all())


@pytest.mark.parametrize("name", SURFACE_RULES)
def test_many_walkers_at_once_walk_as_they_would_alone(name: str) -> None:
    starts = torch.randn(40, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    key, low, high = {
        "nesterov_look_ahead": ("lr", 1e-4, 1e-3),
        "damped_newton": ("damping", 1e-3, 1.0),
    }.get(name, ("lr", 0.3, 1.0))
    values = torch.linspace(low, high, 40, dtype=torch.float64)[:, None]
    build: Any = SURFACE_RULES[name]
    together = explore(build(**{key: values}), ROSENBROCK, starts, 15)
    for k in range(0, 40, 9):
        alone = explore(build(**{key: values[k].item()}), ROSENBROCK, starts[k], 15)
        for a, b in zip(together, alone, strict=True):
            torch.testing.assert_close(a[k], b, rtol=1e-9, atol=1e-12)
