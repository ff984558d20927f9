"""Mean and spread over seeds, against numpy on the same values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuilab.recording import Readable, Recording, Writer
from tuilab.recording.spread import Spread

VALUES = st.lists(
    st.one_of(st.floats(-1e6, 1e6), st.sampled_from([np.nan, np.inf, -np.inf])), min_size=1, max_size=40
)


def recorded(path: Path, steps: list[int], values: list[float]) -> Recording:
    with_header = Writer.create(path, {"arms": ["a"], "steps": 100})
    table = with_header.table(["a/loss"])
    for step, value in zip(steps, values, strict=True):
        table.append(step, [value])
    with_header.event(steps[-1], "reached", "a")
    with_header.close()
    return Recording.open(path)


@settings(deadline=None, max_examples=30)
@given(st.lists(VALUES, min_size=1, max_size=5))
def test_mean_and_deviation_are_those_of_the_finite_values_at_steps_that_all_have(
    tmp_path_factory: pytest.TempPathFactory, runs: list[list[float]]
) -> None:
    folder = tmp_path_factory.mktemp("spread")
    spread = Spread(
        {seed: recorded(folder / f"{seed}.tlr", list(range(len(v))), v) for seed, v in enumerate(runs)}
    )
    assert isinstance(spread, Readable)
    shared = min(map(len, runs))
    table = np.array([values[:shared] for values in runs])
    band = spread.band("a/loss")
    assert band.steps.tolist() == list(range(shared))
    assert spread.last_step == shared - 1
    for place, column in enumerate(table.T):
        finite = column[np.isfinite(column)]
        assert band.nonfinite[place] == len(column) - len(finite)
        if len(finite):
            assert band.mean[place] == pytest.approx(finite.mean(), rel=1e-9, abs=1e-6)
            wanted = finite.std(ddof=1) if len(finite) > 1 else 0.0
            assert band.deviation[place] == pytest.approx(wanted, rel=1e-6, abs=1e-3)
        else:
            assert np.isnan(band.mean[place])
    spread.close()


def test_an_overview_reaches_one_deviation_to_each_side(tmp_path: Path) -> None:
    steps = list(range(0, 90, 3))
    spread = Spread(
        {seed: recorded(tmp_path / f"{seed}.tlr", steps, [step + offset for step in steps])
         for seed, offset in ((3, -1.0), (4, 0.0), (5, 1.0))}
    )  # fmt: skip
    seen = spread.overview("a/loss", 0, 90, 10)
    assert seen.last.tolist() == [step + 6 for step in range(0, 90, 9)]
    assert seen.low.tolist() == [step - 1 for step in range(0, 90, 9)]
    assert seen.high.tolist() == [step + 7 for step in range(0, 90, 9)]
    assert spread.at("a/loss", 10) == 9.0
    assert spread.read("a/loss", 4, 10)[0].tolist() == [6, 9]
    assert spread.header["seeds"] == [3, 4, 5]
    assert [event.data["seed"] for event in spread.events()] == [3, 4, 5]
    assert spread.series("*") == ["a/loss"]
