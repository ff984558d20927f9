"""Learning-rate schedules at the points that define them."""

from __future__ import annotations

import pytest

from tuilab.parts.schedules import SCHEDULES, constant, cosine, one_cycle


def test_constant_is_one_throughout() -> None:
    assert [constant(t) for t in (0.0, 0.3, 1.0)] == [1, 1, 1]


def test_cosine_is_half_a_cosine() -> None:
    assert [cosine(t) for t in (0.0, 0.25, 0.5, 1.0)] == pytest.approx([1, 0.85355, 0.5, 0], abs=1e-5)


@pytest.mark.parametrize(("peak", "start"), [(0.25, 0.1), (0.5, 0.0), (0.01, 1.0)])
def test_one_cycle_is_two_straight_lines(peak: float, start: float) -> None:
    ends = {0.0: start, peak / 2: (1 + start) / 2, peak: 1.0, (1 + peak) / 2: 0.5, 1.0: 0.0}
    assert [one_cycle(t, peak, start) for t in ends] == pytest.approx(list(ends.values()))


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_stays_between_zero_and_one(name: str) -> None:
    assert all(0 <= SCHEDULES[name](k / 1000) <= 1 for k in range(1001))
