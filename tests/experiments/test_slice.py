"""A network's training on a plane: what is told is what was trained."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from tuilab.experiments import Experiment, build
from tuilab.scenario.kinds.slice import SliceScenario

ARMS: dict[str, Any] = {
    "all": {"optimizer": {"name": "momentum", "lr": 0.1}},
    "some": {"optimizer": {"name": "adam", "lr": 0.02}, "batch": 8},
}


def experiment(**changes: Any) -> Experiment:
    base = {"kind": "slice", "title": "t", "question": "q", "steps": 40, "side": 9, "arms": ARMS}
    small = {"data": {"name": "moons", "examples": 40}, "network": {"width": 6, "depth": 1}}
    return build(SliceScenario.model_validate({**base, **small, **changes}), torch.device("cpu"))


@pytest.mark.parametrize("plane", ["path", "random"])
def test_every_metric_at_every_step_and_two_runs_alike(plane: str) -> None:
    found = list(experiment(plane=plane))
    metrics = SliceScenario.METRICS
    assert [o.step for o in found] == list(range(41))
    assert {tuple(o.values) for o in found} == {tuple(f"{arm}/{m}" for arm in ARMS for m in metrics)}
    assert all(math.isfinite(value) for o in found for value in o.values.values())
    assert [o.values for o in found] == [o.values for o in experiment(plane=plane)]


def test_arms_start_alike_learn_and_lie_inside_the_picture() -> None:
    found = list(experiment())
    assert found[0].values["all/loss"] == found[0].values["some/loss"]
    for arm in ARMS:
        assert found[-1].values[f"{arm}/loss"] < found[0].values[f"{arm}/loss"] / 1.5
    heights, meta = found[0].frames["landscape"]
    assert heights.shape == (9, 9)
    for o in found:
        for arm in ARMS:
            for axis in "xy":
                assert meta[axis][0] < o.values[f"{arm}/{axis}"] < meta[axis][1]


def test_the_path_of_one_arm_lies_better_on_its_own_plane_than_on_a_random_one() -> None:
    one = {"all": ARMS["all"]}
    own, other = (list(experiment(arms=one, plane=plane))[-1].values for plane in ("path", "random"))
    assert own["all/plane.missed"] < 0.1
    assert other["all/plane.missed"] > 0.5
    assert other["all/plane.distance"] < 1e-12, "the random plane goes through its end"


def test_a_training_that_diverges_is_told_once_and_the_other_goes_on() -> None:
    wild = {"optimizer": {"name": "sgd", "lr": 1e6, "weight_decay": 0.9}}
    found = list(
        experiment(
            arms={"tame": ARMS["all"], "wild": wild}, network={"width": 6, "depth": 1, "activation": "relu"}
        )
    )
    assert [(kind, arm) for o in found for kind, arm, _ in o.events] == [("diverged", "wild")]
    assert math.isnan(found[-1].values["wild/loss"])
    assert np.isfinite([o.values["tame/loss"] for o in found]).all()


def test_it_goes_on_from_a_saved_state_and_says_what_cannot_be_changed() -> None:
    first, second = experiment(), experiment()
    for _ in range(10):
        next(first)
    second.restore(first.state())
    assert next(second).values == next(first).values
    assert first.tunables() == {}
    with pytest.raises(KeyError, match="trained before"):
        first.tune("all/optimizer.lr", 0.1)
