"""Figures of steps that somebody else counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tuilab
from tests.watching.conftest import newest, told
from tuilab.runs import State

LOGS = st.lists(st.tuples(st.none() | st.integers(0, 30), st.sampled_from("ab")), min_size=1, max_size=15)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(logs=LOGS)
def test_whatever_the_order_all_figures_are_recorded_at_rising_steps(runs: Path, logs: list[Any]) -> None:
    """Against a dict: a step that is past belongs to the newest, and a `log` makes a step of its own."""
    expected: dict[str, dict[int, float]] = {"a": {}, "b": {}}
    newest_step, closed = 0, -1
    with tuilab.watch() as w:
        for value, (step, name) in enumerate(logs):
            if step is None:
                w.log(**{name: value})
                newest_step += 1
                closed = newest_step
            else:
                w.log_at(step, {name: value})
                newest_step = max(step, closed + 1, newest_step)
            expected[name][newest_step] = value
    found = told(newest(runs))
    assert {name: found.series.get(f"network/{name}", {}) for name in expected} == expected
    assert newest(runs).state() is State.FINISHED


def test_of_a_watched_optimiser_its_own_steps_count(runs: Path) -> None:
    import torch

    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with tuilab.watch(model, optimizer) as w:
        for step in range(1, 4):
            model(torch.ones(3, 2)).sum().backward()
            optimizer.step()
            w.log_at(step * 100, {"loss": step})
    assert told(newest(runs)).series["Linear/loss"] == {1: 1, 2: 2, 3: 3}
