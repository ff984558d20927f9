"""Crowds: each walker as if it were alone, what the maps say, and theory beside them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from tuilab.experiments import Observation, build
from tuilab.experiments.descent.theory import Spread, edge, motion, motions
from tuilab.parts.surfaces import Quadratic
from tuilab.scenario.kinds.descent import DescentScenario

BOWL = {"name": "quadratic", "condition_number": 10.0, "rotation": 30.0}
RULES: list[dict[str, Any]] = [
    {"name": "sgd", "lr": 0.01},
    {"name": "momentum", "lr": 0.01, "momentum": 0.8},
    {"name": "nesterov", "lr": 0.01},
    {"name": "nesterov_look_ahead", "lr": 0.01},
    {"name": "adagrad", "lr": 0.3},
    {"name": "rmsprop", "lr": 0.05},
    {"name": "adam", "lr": 0.1},
    {"name": "adamw", "lr": 0.1},
    {"name": "newton"},
    {"name": "damped_newton"},
    {"name": "lbfgs"},
]
MAP = {
    "name": "settings",
    "x": {"setting": "lr", "range": [0.0, 0.44]},
    "y": {"setting": "momentum", "range": [0.0, 0.95]},
    "side": 24,
}


def observe(
    arms: dict[str, Any], surface: dict[str, Any] | None = None, steps: int = 60
) -> list[Observation]:
    base = {"kind": "descent", "title": "t", "question": "q", "surface": surface or BOWL, "steps": steps}
    return list(build(DescentScenario.model_validate({**base, "arms": arms}), torch.device("cpu")))


def place(found: Observation, arm: str) -> list[float]:
    return [found.values[f"{arm}/x"], found.values[f"{arm}/y"]]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["name"])
def test_a_walker_in_a_crowd_goes_where_it_goes_alone(rule: dict[str, Any]) -> None:
    crowd = {"name": "random", "n": 40, "every": 7}
    surface = {"name": "himmelblau"}
    found = observe({"a": {"optimizer": rule, "start": [0.0, 0.0], "crowd": crowd}}, surface, steps=14)
    starts, ends = (found[step].frames["a/walkers"][0] for step in (0, 14))
    alone = observe(
        {f"{k}": {"optimizer": rule, "start": starts[k, :2].tolist()} for k in (0, 11, 39)}, surface, steps=14
    )
    for k in (0, 11, 39):
        np.testing.assert_allclose(ends[k, :2], place(alone[-1], f"{k}"), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["momentum", "nesterov"])
def test_a_walker_with_settings_of_its_own_goes_where_an_arm_with_them_goes(name: str) -> None:
    arm = {"optimizer": {"name": name, "lr": 0.1}, "start": [3.0, 1.0]}
    found = observe({"a": {**arm, "crowd": MAP}}, steps=30)[-1]
    rates, meta = found.frames["a/rate"]
    lr, rho = np.linspace(*meta["x"], 24)[5], np.linspace(*meta["y"], 24)[17]
    alone = observe({"b": {**arm, "optimizer": {"name": name, "lr": lr, "momentum": rho}}}, steps=30)[-1]
    assert rates[17, 5] == pytest.approx(alone.values["b/rate"], rel=1e-6)


def test_how_often_a_crowd_is_looked_at_does_not_change_where_it_goes() -> None:
    arm = {"optimizer": {"name": "adam", "lr": 0.1}, "start": [1.0, 1.0], "noise": {"std": 2.0, "batch": 4}}
    seen = [
        observe({"a": {**arm, "crowd": {"name": "copies", "n": 30, "every": every}}}, steps=20)[-1].frames[
            "a/walkers"
        ][0]
        for every in (1, 20)
    ]
    np.testing.assert_array_equal(*seen)


@pytest.mark.parametrize("name", ["momentum", "adam", "lbfgs"])
def test_a_run_goes_on_from_a_saved_state_bit_for_bit(name: str) -> None:
    crowd = {"name": "random", "n": 50, "every": 4}
    arm = {"optimizer": {"name": name}, "start": [1.0, 1.0], "noise": {"std": 0.1}, "crowd": crowd}
    if name != "lbfgs":
        arm["optimizer"]["lr"] = 0.01
    base = {"kind": "descent", "title": "t", "question": "q", "surface": {"name": "ackley"}, "steps": 20}
    whole, first, second = (
        build(DescentScenario.model_validate({**base, "arms": {"a": arm}}), torch.device("cpu"))
        for _ in range(3)
    )
    expected = list(whole)[10:]
    for _ in range(10):
        next(first)
    second.restore(first.state())
    found = list(second)
    assert [o.values for o in found] == [o.values for o in expected]
    assert [o.events for o in found] == [o.events for o in expected]
    for mine, other in zip(found, expected, strict=True):
        assert mine.frames.keys() == other.frames.keys()
        for frame in mine.frames:
            np.testing.assert_array_equal(mine.frames[frame][0], other.frames[frame][0])


def test_the_map_of_settings_has_the_edges_of_theory() -> None:
    arms = {
        name: {"optimizer": {"name": name, "lr": 0.1}, "start": [3.0, 1.0], "crowd": {**MAP, "side": 48}}
        for name in ("momentum", "nesterov")
    }
    last = observe(arms, steps=240)[-1]
    for name in arms:
        assert last.values[f"{name}/edge.ratio"] == pytest.approx(1.0, abs=0.02)
        assert last.values[f"{name}/edge.error"] < 0.06
        fates, meta = last.frames[f"{name}/map"]
        assert fates.shape == (48, 48)
        assert meta["categories"] == ["converges", "crawls", "diverges"]
        assert fates[0, -1] == 2, "no momentum, a learning rate beyond 2/L"
        assert meta["lines"][0]["points"][0] == pytest.approx([0.2, 0.0])
        shares = [last.values[f"{name}/share.{fate}"] for fate in ("converged", "crawls", "diverged")]
        assert sum(shares) == pytest.approx(1)
        assert np.bincount(fates.ravel(), minlength=3) / fates.size == pytest.approx(shares)


def test_a_grids_map_shows_where_its_walkers_have_come() -> None:
    arm = {"optimizer": {"name": "sgd", "lr": 0.01}, "start": [0.0, 0.0]}
    crowd = {"name": "grid", "side": 21, "x": [-5.0, 5.0], "y": [-5.0, 5.0]}
    found = observe({"a": {**arm, "crowd": crowd}}, {"name": "himmelblau"}, steps=300)
    classes, meta = found[-1].frames["a/basins"]
    assert meta["categories"][0] == "on the way"
    assert meta["categories"][3] == "(3, 2)"
    x, y = np.linspace(*meta["x"], 21), np.linspace(*meta["y"], 21)
    assert meta["x"] == pytest.approx([-5 + 5 / 21, 5 - 5 / 21])
    assert classes[np.abs(y - 2).argmin(), np.abs(x - 3).argmin()] == 3
    assert classes[np.abs(y + 3.3).argmin(), np.abs(x + 3.8).argmin()] == 1
    assert found[-1].values["a/basin.share/3"] == (classes == 3).mean()
    assert (found[0].frames["a/basins"][0] == 0).mean() > 0.5, "nearly all are on the way"


@pytest.mark.parametrize("rule", RULES[:4], ids=lambda rule: rule["name"])
def test_the_variance_of_a_noisy_path_is_theorys(rule: dict[str, Any]) -> None:
    noise = {"std": 2.0, "batch": 8}
    arm = {"optimizer": rule, "start": [0.0, 0.0], "noise": noise, "crowd": {"name": "copies", "n": 4_000}}
    last = observe({"a": arm}, steps=150)[-1].values
    assert last["a/path.variance"] == pytest.approx(last["a/path.variance.predicted"], rel=0.06)


def test_the_variance_of_plain_descent_has_its_closed_form() -> None:
    moves = motions(Quadratic(10.0), {"name": "sgd", "lr": 0.05})
    stationary = sum(0.05 * 6.25 / (c * (2 - 0.05 * c)) for c in (1, 10))
    spread = Spread(moves, 6.25)
    assert spread.variance == 0
    spread.advance(1)
    assert spread.variance == pytest.approx(2 * 0.05**2 * 6.25)
    spread.advance(1_999)
    assert spread.variance == pytest.approx(stationary)


def test_theorys_variance_follows_a_changed_learning_rate_from_where_it_is() -> None:
    noise = {"std": 2.0, "batch": 1}
    crowd = {"name": "copies", "n": 4_000, "every": 7}
    arm = {"optimizer": {"name": "momentum", "lr": 0.02}, "start": [0.0, 0.0], "noise": noise, "crowd": crowd}
    found = build(
        DescentScenario.model_validate(
            {"kind": "descent", "title": "t", "question": "q", "surface": BOWL, "steps": 100}
            | {"arms": {"a": arm}}
        ),
        torch.device("cpu"),
    )
    seen = []
    for observation in found:
        if observation.step == 50:
            found.tune("a/optimizer.lr", 0.002)
        if "a/path.variance" in observation.values:
            seen.append([observation.values[f"a/path.variance{name}"] for name in ("", ".predicted")])
    measured, predicted = np.array(seen).T
    assert measured[1:] == pytest.approx(predicted[1:], rel=0.08)
    assert measured[-1] < 0.5 * measured.max()


def test_theory_has_nothing_to_say_of_a_crowd_once_its_rule_was_not_linear() -> None:
    linear = motions(Quadratic(10.0), {"name": "momentum", "lr": 0.05})
    spread = Spread(linear, 1.0)
    spread.follow(motions(Quadratic(10.0), {"name": "momentum", "lr": 0.05, "dampening": 0.5}))
    spread.follow(linear)
    spread.advance(3)
    assert spread.variance is not None
    assert math.isnan(spread.variance)
    assert Spread([], 1.0).variance is None


def test_weight_decay_lowers_the_edge_that_is_drawn_on_the_map() -> None:
    settings = {"name": "momentum", "lr": 0.1, "weight_decay": 0.9}
    arm = {"optimizer": settings, "start": [3.0, 1.0], "crowd": {**MAP, "side": 48}}
    last = observe({"a": arm}, steps=240)[-1]
    assert last.values["a/edge.ratio"] == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize(
    ("rule", "rate"),
    [
        ({"name": "sgd", "lr": 2 / 101}, 99 / 101),
        ({"name": "momentum", "lr": 4 / 121, "momentum": (9 / 11) ** 2}, 9 / 11),
        ({"name": "nesterov", "lr": 0.01, "momentum": 9 / 11}, 0.9),
        ({"name": "nesterov_look_ahead", "lr": 0.01, "momentum": 9 / 11}, 0.9),
        ({"name": "nesterov", "lr": 4 / 301, "momentum": 1 - 4 / (301**0.5 + 2)}, 1 - 2 / 301**0.5),
    ],
)
def test_theorys_best_rates(rule: dict[str, Any], rate: float) -> None:
    assert max(one.rate for one in motions(Quadratic(100.0), rule)) == pytest.approx(rate, abs=1e-7)


def test_at_the_edge_a_step_neither_grows_nor_shrinks() -> None:
    for name in ("momentum", "nesterov", "nesterov_look_ahead"):
        found = edge(name, np.array([0.0, 0.5, 0.9]), 7.0)
        assert found is not None
        for lr, rho in zip(found, (0.0, 0.5, 0.9), strict=True):
            at = motion({"name": name, "lr": lr, "momentum": rho}, 7.0)
            assert at is not None
            assert at.rate == pytest.approx(1.0)
    assert edge("adam", np.array([0.5]), 7.0) is None
    assert motion({"name": "adam", "lr": 0.1}, 7.0) is None


def test_the_crowd_follows_a_changed_setting_but_keeps_its_own() -> None:
    base = {"kind": "descent", "title": "t", "question": "q", "surface": BOWL, "steps": 20}
    arm = {"optimizer": {"name": "momentum", "lr": 0.1}, "start": [3.0, 1.0]}
    crowd = {**MAP, "y": {"setting": "weight_decay", "range": [0.0, 0.5]}, "every": 20}
    found = build(
        DescentScenario.model_validate({**base, "arms": {"a": {**arm, "crowd": crowd}}}), torch.device("cpu")
    )
    plain = list(
        build(
            DescentScenario.model_validate({**base, "arms": {"a": {**arm, "crowd": crowd}}}),
            torch.device("cpu"),
        )
    )
    for _ in range(11):
        next(found)
    found.tune("a/optimizer.momentum", 0.2)
    changed = list(found)[-1].frames["a/rate"][0]
    assert not np.array_equal(changed, plain[-1].frames["a/rate"][0])
    assert np.isfinite(changed[0, 0])
    assert math.isclose(found.tunables()["a/optimizer.momentum"], 0.2)
