"""Training runs on a few small pictures: what is recorded, when, and that it means what it says."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from training_runs import ARM, SMALL, experiment, figures, series

from tuilab.experiments.training import TrainingExperiment
from tuilab.scenario.load import load


def test_what_is_recorded_when() -> None:
    seen = list(experiment(evaluate=1.5))
    assert [o.step for o in seen] == list(range(13))
    every = {"one/train.loss", "one/train.accuracy", "one/learning_rate"}
    assert all(every <= o.values.keys() for o in seen)
    # 50 pictures make 5 batches an epoch: 1.5 epochs end after 7.5 steps.
    assert list(series(seen, "one/validation.accuracy")) == [0, 8, 12]
    for name in (
        "one/activation.mean/1",
        "one/activation.std/2",
        "one/activation.saturated/1",
        "one/activation.dead/2",
        "one/gradient.norm/1",
        "one/gradient.std/2",
        "one/weight_gradient.norm/3",
        "one/weight.norm/3",
        "engine/probe_share",
    ):
        assert list(series(seen, name)) == [0, 5, 10, 12]
    assert not any(name.endswith("activation.std/3") for o in seen for name in o.values)
    frames = [o.step for o in seen if "one/activation.histogram" in o.frames]
    assert frames == [0, 5, 10, 12]
    shares, meta = seen[0].frames["one/activation.histogram"]
    assert shares.shape == (2, 8)
    np.testing.assert_allclose(shares.sum(1), 1, rtol=1e-6)
    assert meta["kind"] == "histogram"
    assert len(meta["low"]) == len(meta["high"]) == len(meta["layers"]) == 2


def test_images_per_second_come_every_twenty_steps() -> None:
    seen = list(experiment(steps=45))
    speeds = series(seen, "engine/images_per_second")
    assert list(speeds) == [20, 40]
    assert all(speed > 0 for speed in speeds.values())


def test_equal_runs_are_equal_bit_for_bit() -> None:
    first, second = list(experiment()), list(experiment())
    assert figures(first) == figures(second)
    for a, b in zip(first, second, strict=True):
        assert a.frames.keys() == b.frames.keys()
        assert all(np.array_equal(a.frames[name][0], b.frames[name][0]) for name in a.frames)
    assert figures(list(experiment(seed=1))) != figures(first)


def test_arms_are_paired() -> None:
    """An arm in company does exactly what it does alone, and two equal arms do the same."""
    adam = {"network": SMALL, "optimizer": {"name": "adam", "lr": 0.01}}
    alone = list(experiment())
    together = list(experiment({"adam": adam, "one": ARM, "two": ARM}))
    for single, several in zip(figures(alone), figures(together), strict=True):
        for name, value in single.items():
            assert several[name] == several[name.replace("one/", "two/")] == value
    assert series(together, "adam/train.loss")[0] == series(together, "one/train.loss")[0]
    assert series(together, "adam/train.loss")[12] != series(together, "one/train.loss")[12]


def test_probing_changes_nothing_and_can_be_switched_off() -> None:
    probed, plain = list(experiment()), list(experiment(probes={"every": 0}))
    for name in ("one/train.loss", "one/validation.loss"):
        assert series(probed, name) == series(plain, name)
    assert {name.split("/")[1] for o in plain for name in o.values} == {
        "train.loss",
        "train.accuracy",
        "learning_rate",
        "validation.loss",
        "validation.accuracy",
    }
    assert {name for o in plain for name in o.frames} == {"one/schedule"}


def test_a_small_sample_is_learned_by_heart() -> None:
    data = {"name": "shapes10", "validation": 10, "train": 20}
    arm = {"network": {"name": "mlp", "width": 64, "depth": 1}, "optimizer": {"name": "adam", "lr": 0.002}}
    seen = list(experiment({"one": arm}, data=data, batch=20, steps=60))
    assert series(seen, "one/train.loss")[0] == pytest.approx(math.log(10), rel=0.05)
    assert series(seen, "one/train.accuracy")[60] == 1
    assert series(seen, "one/train.loss")[60] < 0.2


def test_an_arm_that_diverges_says_so_once_and_the_others_go_on() -> None:
    wild = {
        "network": {**SMALL, "norm": "none", "activation": "identity"},
        "optimizer": {"name": "sgd", "lr": 1e6},
    }
    alone = list(experiment())
    seen = list(experiment({"one": ARM, "wild": wild}, evaluate=1))
    events = [(o.step, kind, arm) for o in seen for kind, arm, _ in o.events]
    ((step, kind, arm),) = events
    assert (kind, arm) == ("diverged", "wild")
    assert 0 < step < 12
    for name in ("wild/train.loss", "wild/train.accuracy", "wild/validation.loss", "wild/weight.norm/1"):
        later = [value for k, value in series(seen, name).items() if k > step]
        assert later
        assert all(map(math.isnan, later))
    assert series(seen, "one/train.loss") == series(alone, "one/train.loss")
    # The arm's series go on at the same steps, so that what was recorded stays one table.
    assert list(series(seen, "wild/gradient.norm/1")) == [0, 5, 10, 12]


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        ({"name": "constant"}, {0: 0.05, 6: 0.05, 12: 0.05}),
        ({"name": "cosine"}, {0: 0.05, 6: 0.025, 12: 0.0}),
        ({"name": "one_cycle", "peak": 0.5, "start": 0.2}, {0: 0.01, 6: 0.05, 9: 0.025, 12: 0.0}),
    ],
)
def test_the_schedule_spans_the_run(schedule: dict[str, Any], rates: dict[int, float]) -> None:
    seen = series(list(experiment({"one": {**ARM, "schedule": schedule}})), "one/learning_rate")
    assert {step: seen[step] for step in rates} == pytest.approx(rates, abs=1e-12)


def test_tuning_acts_from_the_next_update_on() -> None:
    arms = {"a": {**ARM, "schedule": {"name": "cosine"}}, "b": ARM}
    tuned, plain = experiment(arms), experiment(arms)
    assert tuned.tunables()["a/optimizer.lr"] == 0.05
    before = list(itertools.islice(tuned, 6))
    tuned.tune("a/optimizer.lr", 0.5)
    assert tuned.tunables() == {**plain.tunables(), "a/optimizer.lr": 0.5}
    after, untouched = list(tuned), list(plain)
    assert figures(before) == figures(untouched[:6])
    assert series(after, "a/learning_rate")[6] == pytest.approx(0.25)
    assert series(after, "a/train.loss")[6] == series(untouched, "a/train.loss")[6]
    assert series(after, "a/train.loss")[7] != series(untouched, "a/train.loss")[7]
    assert figures(after, "a/")[0]["b/train.loss"] == untouched[6].values["b/train.loss"]


def test_tuning_what_is_not_there_or_out_of_bounds() -> None:
    run = experiment({"one": {**ARM, "optimizer": {"name": "adam", "lr": 0.01}}})
    with pytest.raises(KeyError, match=r"one/optimizer\.lr"):
        run.tune("one/optimizer.rl", 0.1)
    with pytest.raises(ValueError, match="lr"):
        run.tune("one/optimizer.lr", -1.0)
    run.tune("one/optimizer.beta1", 0.5)
    assert run.tunables()["one/optimizer.beta1"] == 0.5
    assert len(list(run)) == 13


def test_probes_over_their_budget_thin_out_and_say_so() -> None:
    seen = list(experiment(steps=70, probes={"every": 1, "budget": 1e-9}))
    ((step, arm, data),) = [(o.step, arm, data) for o in seen for kind, arm, data in o.events]
    assert (step, arm, data["every"]) == (49, None, 2)
    assert data["share"] > 1e-9
    assert list(series(seen, "one/gradient.norm/1")) == [*range(50), *range(50, 71, 2)]


def test_no_steps_is_one_look() -> None:
    (only,) = experiment(steps=0)
    assert only.step == 0
    assert {"one/train.loss", "one/validation.accuracy", "one/gradient.norm/1"} <= only.values.keys()


def test_epochs_become_steps() -> None:
    assert experiment(steps=None, epochs=2.5).steps == 12  # 5 batches an epoch: 12.5, to the even


def test_the_shipped_scenario_trains_on_the_embedded_pictures() -> None:
    small = ["data.name=shapes10", "data.train=400", "data.validation=50", "steps=3"]
    seen = list(TrainingExperiment(load("cifar10", small), torch.device("cpu")))
    assert series(seen, "convnet/train.loss")[0] == pytest.approx(math.log(10), rel=0.02)
    assert list(series(seen, "convnet/validation.accuracy")) == [0, 3]
