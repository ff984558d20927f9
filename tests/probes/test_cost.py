"""The probes' schedule under a clock that the test holds."""

from __future__ import annotations

import pytest

from tuilab.probes.cost import WINDOW, ProbeSchedule


def run(schedule: ProbeSchedule, steps: range, cost: float, step: float = 1.0) -> list[tuple[int, float]]:
    """Every step takes `step` seconds and a measured one `cost` more; returns when it thinned."""
    thinned = []
    for k in steps:
        measuring = cost if schedule.due(k) else None
        share = schedule.spent(measuring, step + (measuring or 0))
        if share is not None:
            thinned.append((k, share))
    return thinned


def test_due_every_so_many_steps_and_at_the_last() -> None:
    schedule = ProbeSchedule(20, 47, 0.05)
    assert [k for k in range(48) if schedule.due(k)] == [0, 20, 40, 47]


def test_zero_never_measures() -> None:
    schedule = ProbeSchedule(0, 100, 0.05)
    assert not any(schedule.due(k) for k in range(101))
    assert run(schedule, range(100), 1.0) == []
    assert schedule.share == 0


def test_within_the_budget_nothing_changes() -> None:
    schedule = ProbeSchedule(10, 10_000, 0.05)
    assert run(schedule, range(5_000), 0.4) == []
    assert schedule.every == 10
    assert schedule.share == pytest.approx(0.4 / 10.4, rel=1e-3)


def test_over_the_budget_it_halves_until_it_fits() -> None:
    schedule = ProbeSchedule(1, 100_000, 0.05)
    thinned = run(schedule, range(20_000), 0.5)
    # Shares of 1/2, 1/4, 1/8 … of a second in so many steps: 0.5/16.5 is the first below 5 %.
    assert schedule.every == 16
    assert [share for _, share in thinned] == pytest.approx(
        [0.5 / 1.5, 0.5 / 2.5, 0.5 / 4.5, 0.5 / 8.5], rel=0.05
    )


def test_no_verdict_before_a_whole_window() -> None:
    schedule = ProbeSchedule(1, 10_000, 0.05)
    ((step, _),) = run(schedule, range(WINDOW + 10), 1.0)
    assert step == WINDOW - 1
