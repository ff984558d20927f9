"""Learning-rate schedules: the points that define them, and torch's schedulers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler as theirs

from tuilab.parts.schedules import SCHEDULES, constant, cosine, curve, factor, inverse_sqrt, one_cycle, step

N = 200
"""Updates in a run."""


def one(name: str) -> dict[str, Any]:
    """Some schedule of that name."""
    return {"name": name, "then": {"name": "cosine"}} if name == "warm_up" else {"name": name}


def test_constant_is_one_throughout() -> None:
    assert [constant(t) for t in (0.0, 0.3, 1.0)] == [1, 1, 1]


def test_cosine_is_half_a_cosine() -> None:
    assert [cosine(t) for t in (0.0, 0.25, 0.5, 1.0)] == pytest.approx([1, 0.85355, 0.5, 0], abs=1e-5)


def test_a_step_falls_at_its_places() -> None:
    assert [step(t, (0.3, 0.6), 0.1) for t in (0.0, 0.29, 0.3, 0.6, 1.0)] == pytest.approx(
        [1, 1, 0.1, 0.01, 0.01]
    )


def test_inverse_square_root_is_the_lectures() -> None:
    assert [inverse_sqrt(k / N, 1 / N) for k in range(N)] == pytest.approx(
        [1 / math.sqrt(k) for k in range(1, N + 1)]
    )


@pytest.mark.parametrize(("peak", "start"), [(0.25, 0.1), (0.5, 0.0), (0.01, 1.0)])
def test_one_cycle_is_two_straight_lines(peak: float, start: float) -> None:
    ends = {0.0: start, peak / 2: (1 + start) / 2, peak: 1.0, (1 + peak) / 2: 0.5, 1.0: 0.0}
    assert [one_cycle(t, peak, start) for t in ends] == pytest.approx(list(ends.values()))


TORCHS: dict[str, tuple[dict[str, Any], Callable[[torch.optim.Optimizer], Any]]] = {
    "step": (
        {"name": "step", "at": [0.25, 0.6], "factor": 0.2},
        lambda o: theirs.MultiStepLR(o, [50, 120], 0.2),
    ),
    "cosine": ({"name": "cosine"}, lambda o: theirs.CosineAnnealingLR(o, N)),
    "linear": ({"name": "linear"}, lambda o: theirs.LinearLR(o, 1.0, 0.0, N)),
    "exponential": (
        {"name": "exponential", "end": 0.01},
        lambda o: theirs.ExponentialLR(o, 0.01 ** (1 / N)),
    ),
    "one_cycle": (  # torch's has its peak one update early, and n updates from 0 to n - 1
        {"name": "one_cycle", "peak": 0.25, "start": 0.1},
        lambda o: theirs.OneCycleLR(
            o, 1.0, N + 1, pct_start=51 / 201, anneal_strategy="linear", div_factor=10, final_div_factor=1e12
        ),
    ),
    "warm-up, then cosine": (
        {"name": "warm_up", "share": 0.1, "start": 0.25, "then": {"name": "cosine"}},
        lambda o: theirs.SequentialLR(
            o, [theirs.LinearLR(o, 0.25, 1.0, 20), theirs.CosineAnnealingLR(o, 180)], [20]
        ),
    ),
}


@pytest.mark.filterwarnings("ignore:The epoch parameter")
@pytest.mark.parametrize("name", TORCHS)
def test_schedules_are_torchs(name: str) -> None:
    ours, build = TORCHS[name]
    weight = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=1.0)
    scheduler = build(optimizer)
    for k in range(N):
        assert optimizer.param_groups[0]["lr"] == pytest.approx(factor(ours, k / N), abs=1e-10), k
        optimizer.step()
        scheduler.step()


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_stays_between_zero_and_one(name: str) -> None:
    whole = curve(one(name), 1001)
    assert len(whole) == 1001
    assert all(0 <= share <= 1 for share in whole)
    assert whole[500] == factor(one(name), 0.5)
