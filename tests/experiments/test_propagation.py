"""Propagation against autograd, mean-field theory and the lecture's figures."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from tuilab.experiments import Observation, build
from tuilab.scenario.kinds.propagation import Propagation
from tuilab.scenario.load import load

SMALL, XAVIER = {"name": "normal", "std": 0.02}, {"name": "xavier_normal"}


def scenario(arms: dict[str, Any], network: dict[str, Any] | None = None, **more: Any) -> Propagation:
    network = network or {"width": 64, "depth": 3}
    complete = {name: {"network": network, **arm} for name, arm in arms.items()}
    base = {"kind": "propagation", "title": "t", "question": "q", "steps": 2, "arms": complete}
    return Propagation.model_validate({**base, **more})


def observe(found: Propagation) -> list[Observation]:
    return list(build(found, torch.device("cpu")))


def layers(observation: Observation, arm: str, metric: str) -> np.ndarray:
    prefix = f"{arm}/{metric}/"
    return np.array([value for name, value in observation.values.items() if name.startswith(prefix)])


def test_every_metric_of_every_layer_at_every_step() -> None:
    found = observe(scenario({"small": {"init": SMALL}, "xavier": {"init": XAVIER}}))
    assert [o.step for o in found] == [0, 1, 2]
    expected = {
        name
        for arm in ("small", "xavier")
        for metric, about in Propagation.METRICS.items()
        for name in ([f"{arm}/{metric}/{k}" for k in (1, 2, 3)] if about.per_layer else [f"{arm}/{metric}"])
    }
    assert all(set(o.values) == expected for o in found)
    assert len({tuple(o.values) for o in found}) == 1


def test_two_builds_give_the_same_figures_and_another_seed_others() -> None:
    arms = {"small": {"init": SMALL}, "xavier": {"init": XAVIER}}
    first, again, other = (observe(scenario(arms, seed=seed)) for seed in (0, 0, 1))
    assert [o.values for o in first] == [o.values for o in again]
    assert first[0].values != other[0].values


def test_arms_are_the_same_draw_at_another_scale_and_see_the_same_batches() -> None:
    found = observe(
        scenario(
            {"a": {"init": XAVIER}, "b": {"init": {"name": "normal", "std": 1 / 8}}, "c": {"init": SMALL}}
        )
    )
    for o in found:
        for metric in ("activation.std", "gradient.norm", "weight_gradient.norm"):
            np.testing.assert_allclose(layers(o, "a", metric), layers(o, "b", metric), rtol=1e-5)
    assert found[0].values["a/activation.mean/1"] != found[1].values["a/activation.mean/1"]


def test_arms_of_different_networks_share_weights_where_shapes_allow() -> None:
    deep = {"network": {"width": 64, "depth": 5, "activation": "identity"}, "init": XAVIER}
    shallow = {"network": {"width": 64, "depth": 2, "activation": "identity"}, "init": XAVIER}
    narrow = {"network": {"widths": [64, 64, 10], "activation": "identity"}, "init": XAVIER}
    (found, *_) = observe(scenario({"deep": deep, "shallow": shallow, "narrow": narrow}))
    for arm in ("shallow", "narrow"):
        np.testing.assert_allclose(
            layers(found, arm, "activation.std")[0], layers(found, "deep", "activation.std")[0], rtol=1e-5
        )
    assert layers(found, "narrow", "activation.std").shape == (2,)


@pytest.mark.parametrize("std", [0.02, 0.1])
def test_spread_and_gradient_follow_mean_field_theory(std: float) -> None:
    width, depth = 1024, 6
    found = observe(
        scenario(
            {"a": {"init": {"name": "normal", "std": std}}},
            {"width": width, "depth": depth},
            batch=64,
            steps=3,
        )
    )
    z = np.linspace(-10, 10, 20_001)
    weight = np.exp(-z * z / 2) / np.exp(-z * z / 2).sum()
    square, spreads, growth = 1.0, [], 1.0
    for _ in range(depth):
        h = np.sqrt(width * std**2 * square) * z
        square = (weight * np.tanh(h) ** 2).sum()
        spreads.append(math.sqrt(square))
        growth *= width * std**2 * (weight * (1 - np.tanh(h) ** 2) ** 2).sum()
    measured = np.mean([layers(o, "a", "activation.std") for o in found], axis=0)
    np.testing.assert_allclose(measured, spreads, rtol=0.02)
    ratio = np.mean([o.values["a/gradient.ratio"] for o in found])
    assert ratio == pytest.approx(math.sqrt(growth), rel=0.06)


def test_a_linear_layers_figures_by_hand() -> None:
    network = {"widths": [5, 400], "activation": "relu"}
    (found, *_) = observe(scenario({"a": {"init": {"name": "normal", "std": 1.0}}}, network, batch=3))
    dead, saturated = found.values["a/activation.dead/1"], found.values["a/activation.saturated/1"]
    assert saturated == pytest.approx(0.5, abs=0.1)
    assert dead == pytest.approx(1 / 8, abs=0.08)
    assert found.values["a/gradient.std/1"] == pytest.approx(1, abs=0.1)
    assert found.values["a/gradient.norm/1"] == pytest.approx(math.sqrt(1200), rel=0.1)


def test_histograms_are_shares_over_the_activations_span() -> None:
    found = observe(scenario({"a": {"init": XAVIER}}, probes={"bins": 16}))
    shares, meta = found[0].frames["a/activation.histogram"]
    assert shares.shape == (3, 16)
    assert shares.sum(1) == pytest.approx([1, 1, 1], rel=1e-5)
    assert (meta["kind"], meta["low"], meta["high"]) == ("histogram", [-1] * 3, [1] * 3)
    assert meta["layers"] == ["layer 1", "layer 2", "layer 3"]


def test_turning_the_scale_changes_that_arm_from_the_next_step_on() -> None:
    arms = {"a": {"init": XAVIER}, "b": {"init": XAVIER}}
    plain = observe(scenario(arms))
    turned = build(scenario(arms), torch.device("cpu"))
    assert turned.tunables() == {"a/init.gain": 1.0, "b/init.gain": 1.0}
    first = next(turned)
    turned.tune("a/init.gain", 3.0)
    second = next(turned)
    assert first.values == plain[0].values
    assert (layers(second, "a", "activation.std") > 1.3 * layers(plain[1], "a", "activation.std")).all()
    np.testing.assert_array_equal(
        layers(second, "b", "activation.std"), layers(plain[1], "b", "activation.std")
    )


def test_explosion_is_recorded_as_it_is_and_told_once() -> None:
    network = {"width": 16, "depth": 30, "activation": "relu"}
    arms = {"wild": {"init": {"name": "normal", "std": 1000.0}}, "tame": {"init": {"name": "kaiming_normal"}}}
    found = observe(scenario(arms, network))
    assert [(o.step, *event) for o in found for event in o.events] == [(0, "diverged", "wild", {})]
    assert not np.isfinite(layers(found[2], "wild", "activation.std")).all()
    assert np.isfinite([v for o in found for name, v in o.values.items() if name.startswith("tame/")]).all()


def test_measuring_every_second_step_measures_the_same() -> None:
    arms = {"a": {"init": XAVIER}}
    every, second = observe(scenario(arms)), observe(scenario(arms, probes={"every": 2}))
    assert [bool(o.values) for o in second] == [True, False, True]
    assert second[2].values == every[2].values


def test_a_sample_says_so_and_comes_close() -> None:
    arms = {"a": {"init": XAVIER}}
    exact = scenario(arms, {"width": 512, "depth": 2})
    sampled = scenario(arms, {"width": 512, "depth": 2}, probes={"sample": 2048})
    assert build(sampled, torch.device("cpu")).sampled == 2048
    np.testing.assert_allclose(
        layers(observe(sampled)[0], "a", "activation.std"),
        layers(observe(exact)[0], "a", "activation.std"),
        rtol=0.05,
    )


@pytest.fixture(scope="module")
def lecture() -> Observation:
    return next(build(load("deep-tanh-init", ["steps=0"]), torch.device("cpu")))


@pytest.mark.parametrize(
    ("arm", "spread", "ratio"),
    [
        ("small", [0.493, 0.289, 0.180, 0.114, 0.072, 0.046, 0.030], 0.031),
        ("large", [0.872, 0.853, 0.850, 0.850, 0.850, 0.850, 0.850], 9.6),
        ("xavier", [0.629, 0.486, 0.409, 0.359, 0.323, 0.295, 0.274], 0.32),
    ],
)
def test_the_lectures_networks(lecture: Observation, arm: str, spread: list[float], ratio: float) -> None:
    np.testing.assert_allclose(layers(lecture, arm, "activation.std"), spread, rtol=0.03)
    assert lecture.values[f"{arm}/gradient.ratio"] == pytest.approx(ratio, rel=0.1)


def test_a_third_is_saturated_and_the_gradient_grows_all_the_same(lecture: Observation) -> None:
    saturated = layers(lecture, "large", "activation.saturated")
    assert saturated.min() > 0.32
    assert saturated.max() < 0.42
    assert (np.diff(layers(lecture, "large", "gradient.norm")) < 0).all()


def test_weight_gradients_of_small_weights_are_small_and_level(lecture: Observation) -> None:
    small, xavier = (layers(lecture, arm, "weight_gradient.norm") for arm in ("small", "xavier"))
    assert small.max() / small.min() < 1.1
    assert (xavier / small).min() > 5.5
