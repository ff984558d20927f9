"""Activation functions by themselves: figures against closed forms."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from tuilab.experiments import Observation, build
from tuilab.experiments.functions.signs import same_sign
from tuilab.scenario.errors import ScenarioError
from tuilab.scenario.kinds.functions import FunctionsScenario
from tuilab.scenario.load import load

ARMS = """
kind = "functions"
title = "Functions"
question = "Which?"
[arms.sigmoid]
activation = "sigmoid"
[arms.tanh]
activation = "tanh"
[arms.relu]
activation = "relu"
[arms.leaky]
activation = { name = "leaky_relu", slope = 0.1 }
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "functions.toml").write_text(ARMS)
    return tmp_path / "functions.toml"


def observe(file: Path, *overrides: str) -> list[Observation]:
    scenario = load(file, overrides)
    found = list(build(scenario, torch.device("cpu")))
    arms = {name.split("/")[0] for name in found[-1].values}
    wanted = {f"{arm}/{metric}" for arm in arms for metric in scenario.metrics}
    seen = {name for observation in found for name in observation.values}
    assert seen == wanted
    return found


def test_values_derivatives_and_curves(file: Path) -> None:
    first = observe(file, "steps=0")[0]
    for arm in ("sigmoid", "tanh", "relu", "leaky"):
        assert first.values[f"{arm}/autograd.error"] < 1e-12
    assert first.values["sigmoid/derivative.max"] == 0.25
    assert [first.values[f"relu/derivative({h})"] for h in (-10, 0, 10)] == [0, 0, 1]
    assert first.values["leaky/value(-10)"] == -1.0
    curve, meta = first.frames["leaky/value"]
    assert curve.shape == (1, 401)
    assert (meta["kind"], meta["x"]) == ("curves", [-5.0, 5.0])
    assert curve[0, [0, 200, 400]].tolist() == pytest.approx([-0.5, 0.0, 5.0])
    assert first.frames["leaky/derivative"][0][0, [0, 400]].tolist() == pytest.approx([0.1, 1.0])


def test_saturation_grows_with_the_spread(file: Path) -> None:
    found = observe(file, "steps=10", "spread=[0.1,100.0]")
    values = [observation.values for observation in found]
    assert [v["relu/spread"] for v in values[::5]] == pytest.approx([0.1, 10**0.5, 100])
    for v in values:
        assert v["relu/flat"] == pytest.approx(0.5, abs=1e-4)
        assert v["relu/passed_back"] == pytest.approx(math.sqrt(0.5))
        assert v["relu/output.mean"] == pytest.approx(v["relu/spread"] / math.sqrt(2 * math.pi))
        assert v["leaky/flat"] == 0
        assert v["sigmoid/output.mean"] == pytest.approx(0.5)
        # σ'(h) < .01 beyond |h| = ln(p/(1−p)) with p(1−p) = .01
        p = (1 + math.sqrt(0.96)) / 2
        edge = math.log(p / (1 - p)) / v["sigmoid/spread"]
        assert v["sigmoid/flat"] == pytest.approx(math.erfc(edge / math.sqrt(2)), abs=1e-4)
    # E[σ'²] of a flat density over a bump whose square has area 1/6
    wide = math.sqrt(1 / 6 / (100 * math.sqrt(2 * math.pi)))
    assert values[-1]["sigmoid/passed_back"] == pytest.approx(wide, rel=1e-3)
    histogram, meta = found[-1].frames["sigmoid/activation.histogram"]
    assert histogram.shape == (1, 64)
    assert histogram.sum() == pytest.approx(1)
    assert histogram[0, 0] + histogram[0, -1] > 0.9
    assert (meta["low"], meta["high"]) == ([0.0], [1.0])


def test_costs_are_medians_by_the_clock_and_ratios_to_relu(file: Path) -> None:
    last = observe(file, "measure=cost", "steps=4", "elements=1000")[-1].values
    for arm in ("sigmoid", "tanh", "relu", "leaky"):
        assert last[f"{arm}/forward"] > 0
        assert last[f"{arm}/forward.ratio"] == last[f"{arm}/forward"] / last["relu/forward"]


def test_signs_agree_for_one_example_and_fall_to_the_limit(file: Path) -> None:
    found = observe(file, "measure=signs", "steps=40")
    first, last = found[0].values, found[-1].values
    assert (first["sigmoid/same_sign"], first["relu/same_sign"]) == (1.0, 1.0)
    assert first["tanh/same_sign"] == pytest.approx(0.5, abs=0.02)
    assert last["sigmoid/batch"] == 41
    limits = {"sigmoid": 0.8744, "relu": 0.5 + math.atan((math.pi - 1) ** -0.5) / math.pi, "tanh": 0.5}
    for arm, limit in limits.items():
        assert last[f"{arm}/same_sign.predicted"] == pytest.approx(limit, abs=1e-4)
        late = np.mean([observation.values[f"{arm}/same_sign"] for observation in found[20:]])
        assert late == pytest.approx(limit, abs=0.02)


def test_positive_inputs_take_the_longer_way(file: Path) -> None:
    found = observe(file, "measure=signs", "steps=60")
    steps = [(o.values["sigmoid/x"], o.values["sigmoid/y"]) for o in found]
    for (x, y), (next_x, next_y) in pairwise(steps):
        assert (next_x - x) * (next_y - y) >= 0, "two weights of one unit never part ways"
    last = found[-1].values
    assert last["sigmoid/detour"] > 2 * last["tanh/detour"]
    assert last["sigmoid/distance"] > 100 * last["tanh/distance"]
    heights, meta = found[0].frames["landscape"]
    assert heights[32, 32] == heights.min() == 0
    assert meta["minima"] == [[1.0, -1.0]]


def test_same_sign_by_hand() -> None:
    gradients = torch.tensor([[1.0, 2.0, -1.0, 0.0], [-1.0, -1.0, -1.0, -1.0]])
    assert same_sign(gradients) == pytest.approx((2 / 3 + 1) / 2)


def test_two_builds_give_the_same_figures(file: Path) -> None:
    for measure in ("saturation", "signs"):
        one, two = (observe(file, f"measure={measure}", "steps=3") for _ in range(2))
        assert [o.values for o in one] == [o.values for o in two]


def test_what_a_file_may_not_say(file: Path) -> None:
    for override, words in {
        "arms.sigmoid.activation=sigmod": "sigmod",
        "x=[1.0,1.0]": "smaller number first",
        "arms.leaky.activation.slop=1.0": "did you mean slope",
        "measure=price": "saturation",
    }.items():
        with pytest.raises(ScenarioError) as caught:
            load(file, [override])
        assert words in str(caught.value)
        assert "[name]" not in str(caught.value)
        assert "[table]" not in str(caught.value)


def test_a_metric_belongs_to_what_is_measured(file: Path) -> None:
    file.write_text(ARMS + '[[expect]]\narm = "relu"\nmetric = "forward"\nbetween = [0, 1]\n')
    with pytest.raises(ScenarioError, match="forward"):
        load(file)
    assert isinstance(load(file, ["measure=cost"]), FunctionsScenario)
