"""Descents against closed forms, and what happens when one diverges."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from tuilab.experiments import Experiment, Observation, build
from tuilab.scenario.kinds.descent import DescentScenario
from tuilab.scenario.load import load

BOWL = {"name": "quadratic", "condition_number": 100.0, "rotation": 30.0}


def sgd(lr: float, start: list[float] | None = None) -> dict[str, Any]:
    return {"optimizer": {"name": "sgd", "lr": lr}, "start": start or [1.0, 2.0]}


def scenario(
    arms: dict[str, Any], surface: dict[str, Any] | None = None, steps: int = 100
) -> DescentScenario:
    base = {"kind": "descent", "title": "t", "question": "q", "surface": surface or BOWL}
    return DescentScenario.model_validate({**base, "steps": steps, "arms": arms})


METRICS = scenario({"a": sgd(0.01)}).metrics
"""Of an arm without a crowd."""


def experiment(*args: Any, **kwargs: Any) -> Experiment:
    return build(scenario(*args, **kwargs), torch.device("cpu"))


def observe(*args: Any, **kwargs: Any) -> list[Observation]:
    return list(experiment(*args, **kwargs))


def series(found: list[Observation], name: str) -> list[float]:
    return [o.values[name] for o in found]


def events(found: list[Observation]) -> list[tuple[int, str, str | None]]:
    return [(o.step, kind, arm) for o in found for kind, arm, _ in o.events]


def test_step_0_is_the_start_and_every_metric_is_there_at_every_step() -> None:
    found = observe({"a": sgd(0.01), "b": sgd(0.001, [3.0, -1.0])}, steps=5)
    assert [o.step for o in found] == [0, 1, 2, 3, 4, 5]
    assert {tuple(o.values) for o in found} == {tuple(found[0].values)}
    theory = ("distance.predicted", "rate.recent.predicted")
    assert set(found[0].values) == {f"{arm}/{m}" for arm in "ab" for m in (*METRICS, *theory)}
    assert [found[0].values[f"b/{metric}"] for metric in ("x", "y", "rate")] == [3.0, -1.0, 1.0]
    assert found[0].values["b/distance"] == pytest.approx(math.sqrt(10))


def test_figures_along_the_path() -> None:
    found = observe({"a": sgd(0.01)}, {"name": "quadratic", "condition_number": 50.0}, steps=20)
    for o in found:
        x, y = 1.0 * 0.5**o.step, 2.0 * 0.99**o.step
        figures = [o.values[f"a/{m}"] for m in ("x", "y", "loss", "distance", "gradient.norm")]
        loss, distance, slope = 25 * x * x + y * y / 2, math.hypot(x, y), math.hypot(50 * x, y)
        assert figures == pytest.approx([x, y, loss, distance, slope])
        assert o.values["a/rate"] ** o.step == pytest.approx(distance / math.sqrt(5))


@pytest.mark.parametrize("condition_number", [2.0, 100.0, 10_000.0])
def test_the_best_rate_of_gradient_descent(condition_number: float) -> None:
    surface = {"name": "quadratic", "condition_number": condition_number, "rotation": 20.0}
    found = observe({"a": sgd(2 / (condition_number + 1))}, surface)
    expected = (condition_number - 1) / (condition_number + 1)
    assert series(found[1:], "a/rate") == pytest.approx([expected] * 100, rel=1e-9)


def test_two_builds_give_the_same_bits() -> None:
    arms = {
        name: {"optimizer": {"name": name, "lr": 0.01}, "start": [1.0, 2.0]} for name in ("momentum", "adam")
    }
    assert [o.values for o in observe(arms)] == [o.values for o in observe(arms)]


@pytest.mark.parametrize("name", ["sgd", "momentum", "nesterov", "adam"])
def test_an_arm_that_diverges_is_told_once_stays_nan_and_disturbs_nobody(name: str) -> None:
    tame = {"optimizer": {"name": name, "lr": 0.005}, "start": [1.0, 2.0]}
    with_wild = observe({"wild": sgd(1e6), "tame": tame})
    alone = observe({"tame": tame})
    assert [series(with_wild, key) for key in alone[0].values] == [
        series(alone, key) for key in alone[0].values
    ]
    ((step, kind, _),) = [event for event in events(with_wild) if event[2] == "wild"]
    assert kind == "diverged"
    losses = series(with_wild, "wild/loss")
    assert np.isfinite(losses[:step]).all()
    assert not math.isfinite(losses[step])
    assert np.isnan([with_wild[k].values[f"wild/{m}"] for k in range(step + 1, 101) for m in METRICS]).all()


def test_an_infinite_start_height_is_recorded_and_diverged_at_once() -> None:
    found = observe({"a": sgd(0.01, [1e200, 0.0])}, steps=2)
    assert found[0].values["a/loss"] == math.inf
    assert events(found) == [(0, "diverged", "a")]


def test_starting_in_the_minimum_stays_there() -> None:
    found = observe({"a": sgd(0.01, [0.0, 0.0])}, steps=3)
    assert series(found, "a/distance") == [0, 0, 0, 0]
    assert math.isnan(found[3].values["a/rate"])
    assert events(found) == []


def test_converged_is_a_millionth_of_the_first_distance_and_told_once() -> None:
    found = observe({"a": sgd(0.5)}, {"name": "quadratic", "condition_number": 1.0}, steps=50)
    assert events(found) == [(20, "converged", "a")]  # 2**-20 < 1e-6 < 2**-19


@pytest.mark.parametrize("lr", [0.1, 0.05])
@pytest.mark.parametrize("offset", [1e-2, -1e-4, 1e-8])
def test_the_steps_it_takes_to_leave_a_saddle(offset: float, lr: float) -> None:
    found = observe({"a": sgd(lr, [0.5, offset])}, {"name": "saddle", "curvature": 2.0}, steps=250)
    expected = math.ceil(math.log(1 / abs(offset)) / math.log(1 + 2 * lr))
    assert [step for step, kind, _ in events(found) if kind == "escaped"] == [expected]


def test_the_landscape_holds_starts_and_minimum() -> None:
    found = observe({"a": sgd(0.01, [-3.0, 0.5]), "b": sgd(0.01, [1.0, 2.0])}, steps=2)
    heights, meta = found[0].frames["landscape"]
    assert heights.dtype == np.float32
    assert meta["minima"] == [[0.0, 0.0]]
    assert meta["x"][0] < -3.0 < 1.0 < meta["x"][1]
    assert meta["y"][0] < 0.5 < 2.0 < meta["y"][1]
    assert all("landscape" not in o.frames for o in found[1:])


def test_the_landscapes_rows_go_up_in_y_and_its_columns_in_x() -> None:
    surface = {"name": "saddle", "curvature": 2.0}
    heights, meta = observe({"a": sgd(0.1, [1.0, 0.1])}, surface, steps=0)[0].frames["landscape"]
    x, y = (np.linspace(*meta[axis], heights.shape[0]) for axis in "xy")
    np.testing.assert_allclose(heights, x[None, :] ** 2 - y[:, None] ** 2, atol=1e-6)
    turned = {"name": "quadratic", "condition_number": 100.0, "rotation": 30.0}
    bowl, _ = observe({"a": sgd(0.01)}, turned, steps=0)[0].frames["landscape"]
    assert bowl[-1, -1] > bowl[-1, 0], "steep towards 30 degrees: right and up is higher than left and up"


def test_a_changed_learning_rate_holds_from_the_next_step_and_keeps_the_velocity() -> None:
    arms = {"a": {"optimizer": {"name": "momentum", "lr": 0.01}, "start": [1.0, 2.0]}}
    plain = observe(arms, steps=4)
    turned = experiment(arms, steps=4)
    assert turned.tunables() == {
        "a/optimizer.lr": 0.01,
        "a/optimizer.momentum": 0.9,
        "a/optimizer.dampening": 0.0,
        "a/optimizer.weight_decay": 0.0,
    }
    assert [next(turned).values for _ in range(3)] == [o.values for o in plain[:3]]
    turned.tune("a/optimizer.lr", 0.02)
    third = next(turned).values["a/x"]
    # x ← x − lr·v with the velocity built up so far: twice the rate is twice the step.
    second, plainly = plain[2].values["a/x"], plain[3].values["a/x"]
    assert third - second == pytest.approx(2 * (plainly - second))


@pytest.mark.parametrize(
    ("key", "value", "error", "says"),
    [
        ("a/optimizer.rl", 0.1, KeyError, "did you mean a/optimizer.lr"),
        ("b/optimizer.lr", 0.1, KeyError, "a/optimizer.lr"),
        ("a/optimizer.name", 0.1, KeyError, "a/optimizer"),
        ("a/optimizer.lr", -1.0, ValueError, "greater than 0"),
        ("a/optimizer.lr", math.nan, ValueError, "finite"),
        ("a/optimizer.momentum", 1.0, ValueError, "less than 1"),
    ],
)
def test_what_cannot_be_tuned_is_said_in_a_sentence(
    key: str, value: float, error: type[Exception], says: str
) -> None:
    found = experiment({"a": {"optimizer": {"name": "momentum", "lr": 0.01}, "start": [1.0, 2.0]}})
    before = found.tunables()
    with pytest.raises(error, match=says):
        found.tune(key, value)
    assert found.tunables() == before


def test_the_shipped_saddle() -> None:
    found = events(list(build(load("saddle"), torch.device("cpu"))))
    escaped = {arm: step for step, kind, arm in found if kind == "escaped"}
    assert {arm: step for arm, step in escaped.items() if arm and arm.startswith("sgd")} == {
        "sgd-1e-2": 49,
        "sgd-1e-4": 97,
        "sgd-1e-8": 194,
        "sgd-1e-16": 387,
    }
    assert "exact" not in escaped


def test_the_shipped_valley() -> None:
    found = list(build(load("ill-conditioned"), torch.device("cpu")))
    assert found[-1].values["sgd/rate"] == pytest.approx(99 / 101)
    assert all(found[-1].values[f"{arm}/distance"] < 1e-3 for arm in ("momentum", "nesterov", "adam"))


def newton(**start: Any) -> dict[str, Any]:
    return {"optimizer": {"name": "newton"}, **start}


def test_newton_on_a_singular_hessian_stays_and_says_so_once() -> None:
    arms = {"a": newton(start=[0.0, 1.0]), "b": sgd(0.01, [0.0, 1.0])}
    found = observe(arms, {"name": "ravine", "curvature": 10.0}, steps=5)
    assert events(found) == [(1, "singular", "a")]
    assert series(found, "a/y") == [1.0] * 6
    assert series(found, "b/y")[1] == pytest.approx(0.9)


def test_newton_is_drawn_to_a_saddle_and_finds_a_bowls_minimum_in_one_step() -> None:
    found = observe({"a": newton(start=[1.0, 0.5])}, {"name": "saddle"}, steps=1)
    assert found[1].values["a/distance"] < 1e-15
    assert observe({"a": newton(start=[1.0, 0.5])}, steps=1)[1].values["a/distance"] < 1e-14


def test_a_surface_that_overflows_ends_one_arm_at_its_step_and_not_the_others() -> None:
    found = observe(
        {"wild": sgd(0.1, [4.0, 4.0]), "tame": sgd(1e-4, [1.0, 1.0])}, {"name": "beale"}, steps=20
    )
    ((step, kind, arm),) = events(found)
    assert (kind, arm) == ("diverged", "wild")
    assert 0 < step < 20
    assert np.isfinite(series(found, "tame/loss")).all()


def test_the_first_time_in_each_basin_is_told_with_its_minimum() -> None:
    arm = {"optimizer": {"name": "sgd", "lr": 0.01}, "start": [4.0, 3.0]}
    found = observe({"a": arm}, {"name": "himmelblau"}, steps=100)
    (basin,) = [(kind, data) for o in found for kind, _, data in o.events if kind == "basin"]
    assert basin[1] == {"minimum": 3, "x": pytest.approx(3.0), "y": pytest.approx(2.0)}
    assert (series(found, "a/basin")[0], series(found, "a/basin")[-1]) == (0, 3)
    assert found[-1].values["a/distance"] < 1e-6


def test_step_length_gain_and_way_on_a_constant_slope() -> None:
    arms = {"m": {"optimizer": {"name": "momentum", "lr": 0.1, "momentum": 0.5}, "start": [0.0, 0.0]}}
    found = observe(arms, {"name": "ravine", "slope": 2.0}, steps=30)
    assert series(found, "m/step.length")[:4] == pytest.approx([0, 0.2, 0.3, 0.35])
    assert series(found, "m/step.gain")[:4] == pytest.approx([0, 1, 1.5, 1.75])
    assert series(found, "m/travelled")[:4] == pytest.approx([0, 0.2, 0.5, 0.85])
    assert found[-1].values["m/step.gain"] == pytest.approx(2.0)


def test_theorys_slope_lies_beside_the_distance() -> None:
    found = observe({"a": sgd(2 / 101)}, steps=50)
    assert series(found, "a/distance.predicted") == pytest.approx(series(found, "a/distance"))
    saddle = observe({"a": sgd(0.1, [1.0, -1e-4])}, {"name": "saddle"}, steps=50)
    assert series(saddle, "a/y.predicted") == pytest.approx([abs(y) for y in series(saddle, "a/y")])
    arms = {"a": {"optimizer": {"name": "momentum", "lr": 0.1}, "start": [1.0, 1e-4]}}
    late = observe(arms, {"name": "saddle"}, steps=60)
    assert late[-1].values["a/y.predicted"] == pytest.approx(late[-1].values["a/y"], rel=1e-6)


@pytest.mark.parametrize("name", ["momentum", "nesterov", "nesterov_look_ahead"])
def test_the_arrows_add_up_to_the_step(name: str) -> None:
    arms = {"a": {"optimizer": {"name": name, "lr": 0.01}, "start": [1.0, 2.0]}}
    found = observe(arms, steps=10)
    (arrows, meta), (after, _) = (found[step].frames["a/vectors"] for step in (5, 6))
    drawn = dict(zip(meta["names"], arrows, strict=True))
    last = drawn["look-ahead" if name != "momentum" else "gradient"]
    np.testing.assert_allclose(drawn["step"][2:], drawn["momentum"][2:] + last[2:], atol=1e-15)
    np.testing.assert_allclose(after[0, :2], drawn["step"][:2] + drawn["step"][2:], atol=1e-15)


def test_both_forms_of_nesterov_draw_the_same_arrows() -> None:
    # Torch's form stands at the look-ahead point; at rest the two are one.
    arms = {
        name: {"optimizer": {"name": name, "lr": 0.01}, "start": [1.0, 2.0]}
        for name in ("nesterov", "nesterov_look_ahead")
    }
    frames = observe(arms, steps=8)[8].frames
    np.testing.assert_allclose(
        frames["nesterov/vectors"][0], frames["nesterov_look_ahead/vectors"][0], atol=1e-15
    )


def test_newtons_model_is_the_taylor_expansion_where_it_stands() -> None:
    found = observe({"a": newton(start=[-1.2, 1.0])}, {"name": "rosenbrock"}, steps=1)
    model, meta = found[0].frames["a/quadratic_model"]
    assert meta["kind"] == "quadratic_model"
    assert model == pytest.approx([-1.2, 1.0, 24.2, -215.6, -88.0, 1330.0, 480.0, 200.0])


def test_noise_is_the_same_alone_and_beside_others_and_another_by_seed() -> None:
    noisy = {**sgd(0.01), "noise": {"std": 1.0, "batch": 4}}
    alone, beside = observe({"a": noisy}), observe({"b": sgd(0.02), "a": noisy})
    assert series(alone, "a/x") == series(beside, "a/x")
    assert series(alone, "a/x") != series(observe({"a": sgd(0.01)}), "a/x")
    other = scenario({"a": noisy}).model_copy(update={"seed": 1})
    assert series(alone, "a/x") != series(list(build(other, torch.device("cpu"))), "a/x")


@pytest.mark.parametrize(
    ("surface", "arm", "says"),
    [
        ({"name": "himmelblau"}, sgd(0.1, [6.0, 0.0]), "arm a starts outside the surface"),
        ({"name": "sum", "terms": [{"surface": BOWL}], "reach": 1.0}, sgd(0.1, [2.0, 0.0]), "from -1 to 1"),
        (BOWL, sgd(0.0), "greater than 0"),
        (BOWL, sgd(-0.1), "greater than 0"),
        (BOWL, sgd(math.nan), "finite number"),
        (BOWL, {**sgd(0.1), "start": [math.nan, 0.0]}, "finite number"),
        ({"name": "quadratic", "condition_number": 0.5}, sgd(0.1), "greater than or equal to 1"),
        (
            BOWL,
            {
                **sgd(0.1),
                "crowd": {
                    "name": "settings",
                    "x": {"setting": "lr", "range": [0, 1]},
                    "y": {"setting": "momentum", "range": [0, 1]},
                },
            },
            "sgd has no setting 'momentum' to map; there are lr, weight_decay",
        ),
    ],
)
def test_bad_input_is_one_clear_sentence(surface: dict[str, Any], arm: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        scenario({"a": arm}, surface)
