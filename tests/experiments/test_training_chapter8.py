"""Training with what generalisation is made of: what is recorded is what was done."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from training_runs import ARM, SMALL, experiment, figures, series

from tuilab.experiments.state import copied, joined, split
from tuilab.experiments.training.examining import Verdict
from tuilab.experiments.training.goals import Goal
from tuilab.scenario.parts.judging import Target

SPIRALS = {"name": "spirals", "train": 60, "validation": 60}
MLP = {"name": "mlp", "width": 12, "depth": 2}
PLAIN = {"network": MLP, "optimizer": {"name": "sgd", "lr": 0.1}}


def toy(arms: dict[str, Any], **changes: Any) -> list[Any]:
    return list(experiment(arms, data=SPIRALS, batch=20, **changes))


def events(seen: list[Any]) -> list[tuple[int, str, str | None]]:
    return [(o.step, kind, arm) for o in seen for kind, arm, _ in o.events]


def test_l2_alone_shrinks_by_its_factor() -> None:
    arm = {**PLAIN, "loss": {"name": "none"}, "regularizer": {"name": "l2", "strength": 0.05}}
    seen = toy({"one": arm}, steps=20)
    assert series(seen, "one/weight.growth/2")[20] == pytest.approx(0.99**20, rel=1e-5)
    assert series(seen, "one/update.ratio/1")[15] == pytest.approx(0.01, rel=1e-4)
    penalties = series(seen, "one/train.penalty")
    assert penalties[20] / penalties[0] == pytest.approx(0.99**40, rel=1e-5)


def test_l1_makes_exact_zeros() -> None:
    arm = {**PLAIN, "regularizer": {"name": "l1", "strength": 0.02}}
    seen = toy({"l1": arm, "none": PLAIN}, steps=60, probes={"every": 20, "weights": True})
    assert series(seen, "l1/weight.zeros/2")[60] > 0.1
    assert series(seen, "none/weight.zeros/2")[60] == 0
    shares, meta = seen[0].frames["l1/weight.histogram"]
    assert shares.shape == (3, 64)
    assert shares.sum(1) == pytest.approx([1, 1, 1])
    assert len(meta["low"]) == 3


def test_early_stopping_keeps_the_best_and_goes_back_to_it() -> None:
    wild = {**PLAIN, "optimizer": {"name": "sgd", "lr": 3.0}, "early_stopping": {"patience": 3}}
    seen = toy({"wild": wild, "calm": {**PLAIN, "early_stopping": {}}}, steps=60)
    happened = events(seen)
    stopped = next(step for step, kind, arm in happened if (kind, arm) == ("stopped", "wild"))
    best = max(step for step, kind, arm in happened if (kind, arm) == ("best", "wild"))
    assert stopped == best + 9  # three validations, three steps apart
    accuracies = series(seen, "wild/validation.accuracy")
    assert max(accuracies) == stopped
    assert max(series(seen, "wild/train.loss")) == stopped - 1
    assert series(seen, "wild/restored.accuracy") == {stopped: max(accuracies.values())}
    calm = series(seen, "calm/validation.accuracy")
    assert list(series(seen, "calm/restored.accuracy").items()) == [(60, max(calm.values()))]
    assert len(series(seen, "calm/train.loss")) == 61


def test_members_are_independent_and_vote() -> None:
    seen = toy({"one": PLAIN, "five": {**PLAIN, "members": 5}}, steps=30)
    members = [series(seen, f"five/member.accuracy/{k}") for k in range(1, 6)]
    assert members[0] == series(seen, "one/validation.accuracy")
    assert len({tuple(member.values()) for member in members}) == 5
    together, mean = series(seen, "five/validation.accuracy"), series(seen, "five/members.accuracy")
    for step, value in mean.items():
        assert value == pytest.approx(sum(member[step] for member in members) / 5)
        assert series(seen, "five/ensemble.gain")[step] == pytest.approx(together[step] - value)


@pytest.mark.parametrize("name", ["ema", "swa", "snapshots"])
def test_averages_along_the_way_change_nothing_and_are_judged(name: str) -> None:
    bn = {**PLAIN, "network": {**MLP, "norm": "batch"}}
    seen = toy({"one": bn, "two": {**bn, "average": {"name": name}}}, steps=30)
    if name != "snapshots":  # whose cycles restart the schedule; a constant one stays constant
        assert series(seen, "one/train.loss") == series(seen, "two/train.loss")
    averaged, plain = series(seen, "two/averaged.accuracy")[30], series(seen, "two/validation.accuracy")[30]
    assert averaged > 0.4
    assert series(seen, "two/averaged.gain")[30] == averaged - plain


def test_an_average_without_a_memory_gains_nothing_in_an_ensemble_either() -> None:
    seen = toy({"one": {**PLAIN, "members": 3, "average": {"name": "ema", "decay": 0.0}}}, steps=30)
    gains = series(seen, "one/averaged.gain")
    assert len(gains) > 1
    assert set(gains.values()) == {0.0}
    assert any(series(seen, "one/ensemble.gain").values()), "the ensemble is another network"


def test_a_snapshot_ensembles_schedule_runs_in_cycles() -> None:
    arm = {**PLAIN, "schedule": {"name": "cosine"}, "average": {"name": "snapshots", "cycles": 3}}
    rates = series(toy({"one": arm}, steps=30), "one/learning_rate")
    assert rates[0] == rates[10] == rates[20] == 0.1
    assert rates[5] == pytest.approx(0.05)
    assert rates[30] == 0


def test_ways_of_testing_a_network_differ_as_they_should() -> None:
    arm = {**ARM, "network": {**SMALL, "dropout": 0.5}}
    tests = {
        "plainly": {},
        "fused": {"fused": True},
        "bug": {"mode": "train"},
        "fresh": {"mode": "fresh"},
        "sampled": {"mode": "sampled"},
        "many": {"mode": "sampled", "passes": 40},
        "views": {"flips": True, "crops": 2},
        "sorted": {"mode": "train", "order": "class", "batch": 3},
    }
    seen = list(experiment({"one": arm}, tests=tests, steps=10))
    assert [o.values["one/train.loss"] for o in seen] == [
        o.values["one/train.loss"] for o in experiment({"one": arm}, steps=10)
    ]
    last = {name: seen[10].values[f"one/validation.loss.{name}"] for name in tests}
    plain = seen[10].values["one/validation.loss"]
    better = seen[10].values["one/validation.accuracy.many"] - seen[10].values["one/validation.accuracy"]
    assert seen[10].values["one/gain.many"] == better
    assert last["plainly"] == plain
    assert last["fused"] == pytest.approx(plain, rel=1e-5)
    assert len({round(loss, 5) for loss in last.values()}) == len(tests) - 1
    assert abs(last["many"] - plain) < abs(last["sampled"] - plain)


def test_the_gap_is_measured_on_one_footing() -> None:
    seen = list(experiment(probes={"gap": 20}, evaluate=1))
    for o in seen:
        if "one/gap.accuracy" in o.values:
            v = o.values
            assert v["one/gap.accuracy"] == v["one/fit.accuracy"] - v["one/validation.accuracy"]
            assert v["one/gap.loss"] == v["one/validation.loss"] - v["one/fit.loss"]
    assert len(series(seen, "one/gap.loss")) == 4


def test_a_network_that_diverged_reaches_nothing() -> None:
    lost = Verdict(math.nan, math.nan)
    for target in ({"loss": 0.5}, {"accuracy": 0.5}):
        goal = Goal(Target.model_validate(target))
        assert not goal.reached("train", lost)
        assert goal.reached("train", Verdict(0.4, 0.6))


def test_a_target_is_reached_once_at_its_step() -> None:
    arm = {**PLAIN, "target": {"loss": 0.69, "over": 3}}
    seen = toy({"one": arm}, steps=60)
    ((step, _, _),) = [e for e in events(seen) if e[1] == "reached"]
    losses = series(seen, "one/train.loss")
    means = {k: sum(losses[k - j] for j in range(3)) / 3 for k in range(2, 61)}
    assert step == min(k for k, mean in means.items() if mean <= 0.69)


def test_exactly_dead_units_are_counted_over_all_examples() -> None:
    dead = {"name": "mlp", "width": 12, "depth": 1, "activation": "relu"}
    run = experiment(
        {"one": {**PLAIN, "network": dead}}, data=SPIRALS, probes={"every": 0, "exact": 4}, steps=8
    )
    network = run._arms[0]._networks[0]
    with torch.no_grad():
        network.hidden[1].linear.bias[:3] = -100.0
    seen = list(run)
    assert series(seen, "one/activation.dead.exact/1") == {0: 0.25, 4: 0.25, 8: 0.25}


def test_a_smaller_batch_is_the_first_of_the_larger() -> None:
    both = toy({"one": {**PLAIN, "batch": 5}, "two": PLAIN}, steps=10)
    assert series(both, "one/train.loss") != series(both, "two/train.loss")
    for accuracy in series(both, "one/train.accuracy").values():
        assert 5 * accuracy == pytest.approx(round(5 * accuracy), abs=1e-5)


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam", "rmsprop"])
def test_a_restored_run_goes_on_bit_for_bit(optimizer: str) -> None:
    arm = {
        "network": {**SMALL, "dropout": 0.2},
        "optimizer": {"name": optimizer, "lr": 0.01},
        "augment": {"flip": True, "translate": 1},
        "early_stopping": {},
        "target": {"loss": 2.2, "over": 4},
        "average": {"name": "ema"},
        "members": 2,
    }
    whole, first, second = (experiment({"one": arm}) for _ in range(3))
    expected = list(whole)
    list(itertools.islice(first, 7))
    tensors, plain = split(copied(first.state()))
    assert all(isinstance(name, str) for name in tensors)
    second.restore(joined(tensors, plain))
    rest = list(second)
    assert [o.step for o in rest] == list(range(7, 13))
    assert figures(rest) == figures(expected[7:])


def test_pictures_of_what_the_network_sees_and_says() -> None:
    watch = ["confusion", "mistakes", "filters", "samples"]
    arm = {**ARM, "augment": {"rotate": 20.0, "color": 0.3}}
    seen = list(experiment({"one": arm}, watch=watch, steps=5))
    drawn = seen[5].frames
    shares, meta = drawn["one/confusion"]
    assert shares.shape == (10, 10)
    assert np.nansum(shares, 1) == pytest.approx([1.0] * 10)
    assert meta["y_labels"] == meta["x_labels"][::-1]
    # The diagonal runs down from the left: rows are counted from the bottom.
    run = experiment({"one": arm}, steps=5)
    list(run)
    labels = run._batches.held_labels
    rights = np.bincount(labels.numpy(), minlength=10) * shares[::-1].diagonal()
    assert rights.sum() / len(labels) == pytest.approx(seen[5].values["one/validation.accuracy"])
    pictures, _ = drawn["one/mistakes"]
    captions, _ = drawn["one/mistakes.captions"]
    assert (pictures.shape, pictures.dtype) == ((12, 32, 32, 3), np.uint8)
    assert captions.shape == (12, 3)
    assert (captions[:, 0] != captions[:, 1]).all()
    assert drawn["one/filters"][0].shape == (4, 3, 3, 3)
    samples, _ = drawn["one/samples"]
    assert samples.shape == (10, 32, 32, 3)
    assert not np.array_equal(samples, seen[0].frames["one/samples"][0])


def test_samples_without_augmentation_are_the_pictures() -> None:
    run = experiment({"one": ARM}, watch=["samples"], steps=1)
    (samples, _) = next(run).frames["one/samples"]
    inputs = {picture.numpy().tobytes() for picture in run._batches.inputs}
    assert all(sample.tobytes() in inputs for sample in samples)


def test_the_decision_over_the_plane() -> None:
    seen = toy({"one": PLAIN}, steps=20)
    grid, meta = seen[20].frames["one/boundary"]
    assert grid.shape == (64, 64)
    assert np.abs(grid).max() <= 1
    assert meta["colors"] == "diverging"
    points, _ = seen[0].frames["points"]
    assert points.shape == (60, 3)
    blobs = {"name": "blobs", "classes": 3, "train": 60, "validation": 30}
    many = list(experiment({"one": PLAIN}, data=blobs, steps=20))
    grid, meta = many[20].frames["one/boundary"]
    assert set(np.unique(grid)) <= {0, 1, 2}
    assert len(meta["categories"]) == 3


def test_out_of_memory_says_what_to_try(monkeypatch: pytest.MonkeyPatch) -> None:
    run = experiment()
    next(run)

    def full(*args: Any) -> None:
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried …")

    monkeypatch.setattr(run._arms[0], "forward_backward", full)
    with pytest.raises(MemoryError, match=r"a batch of 10 does not fit into memory.* -s batch=8"):
        next(run)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"network": {"name": "convnet"}}, "a convnet wants pictures, and spirals are points"),
        ({"augment": {"flip": True}}, "augment.flip is for pictures"),
    ],
)
def test_what_points_cannot_do_is_one_sentence(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        toy({"one": {**PLAIN, **change}})
