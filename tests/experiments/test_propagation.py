"""Propagation against autograd, mean-field theory and the lecture's figures."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from tuilab.experiments.observation import Observation
from tuilab.experiments.propagation import PropagationExperiment
from tuilab.parts.convolution import Convolution
from tuilab.parts.dense import Dense
from tuilab.scenario.kinds.propagation import PropagationScenario
from tuilab.scenario.load import load

SMALL, XAVIER = {"name": "normal", "std": 0.02}, {"name": "xavier_normal"}


def scenario(
    arms: dict[str, Any], network: dict[str, Any] | None = None, batch: int = 16, **more: Any
) -> PropagationScenario:
    network = network or {"width": 64, "depth": 3}
    complete = {name: {"network": network, "batch": batch, **arm} for name, arm in arms.items()}
    base = {"kind": "propagation", "title": "t", "question": "q", "steps": 2, "arms": complete}
    return PropagationScenario.model_validate({**base, **more})


def observe(found: PropagationScenario) -> list[Observation]:
    return list(PropagationExperiment(found, torch.device("cpu")))


def layers(observation: Observation, arm: str, metric: str) -> np.ndarray:
    prefix = f"{arm}/{metric}/"
    return np.array([value for name, value in observation.values.items() if name.startswith(prefix)])


def test_every_metric_of_every_layer_at_every_step() -> None:
    asked = scenario({"small": {"init": SMALL}, "xavier": {"init": XAVIER}})
    found = observe(asked)
    assert [o.step for o in found] == [0, 1, 2]
    expected = {
        name
        for arm in ("small", "xavier")
        for metric, about in asked.metrics.items()
        if not metric.startswith(("jacobian", "weight.std"))
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


INITS = [
    {"name": "xavier_uniform", "gain": 2.0},
    {"name": "kaiming_normal"},
    {"name": "orthogonal"},
    {"name": "torch_default"},
]


@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu", {"name": "gpn", "of": "elu"}])
def test_theory_goes_with_the_measurement(activation: Any) -> None:
    arms = {str(init["name"]): {"init": init} for init in INITS}
    found = observe(scenario(arms, {"width": 512, "depth": 4, "activation": activation}, batch=64))
    for arm in arms:
        for metric, tolerance in (("activation.std", 0.05), ("gradient.norm", 0.08)):
            measured = np.mean([layers(o, arm, metric) for o in found], axis=0)
            np.testing.assert_allclose(
                measured,
                layers(found[0], arm, f"{metric}.predicted"),
                rtol=tolerance,
                err_msg=f"{arm} {metric}",
            )
        for metric in ("activation.ratio", "gradient.ratio"):
            measured = np.mean([o.values[f"{arm}/{metric}"] for o in found])
            assert measured == pytest.approx(found[0].values[f"{arm}/{metric}.predicted"], rel=0.1)


@pytest.mark.parametrize(
    "network",
    [
        {"width": 24, "depth": 4},
        {"width": 24, "depth": 3, "activation": "relu", "norm": "batch"},
        {"width": 5, "depth": 3, "activation": "relu", "kernel": 3, "size": 6},
    ],
)
def test_several_draws_are_as_many_networks_by_themselves(network: dict[str, Any]) -> None:
    setup = {"small": {"init": SMALL}, "xavier": {"init": XAVIER}}
    asked = scenario({name: arm | {"draws": 3} for name, arm in setup.items()}, network, steps=0)
    (found,) = observe(asked)
    for arm in setup:
        for metric in ("activation.std", "gradient.norm", "weight_gradient.norm", "activation.dead"):
            drawn, meta = found.frames[f"{arm}/{metric}.draws"]
            assert meta == {"kind": "draws"}
            np.testing.assert_allclose(layers(found, arm, metric), drawn.mean(0))
            np.testing.assert_allclose(layers(found, arm, f"{metric}.low"), drawn.min(0))
            np.testing.assert_allclose(layers(found, arm, f"{metric}.high"), drawn.max(0))
    drawn = {name: found.frames[f"xavier/{name}.draws"][0] for name in ("activation.std", "gradient.ratio")}
    assert len({tuple(row) for row in drawn["activation.std"]}) == 3
    for draw in range(3):
        spreads, ratio = by_autograd(asked, draw)
        np.testing.assert_allclose(drawn["activation.std"][draw], spreads, rtol=1e-4)
        np.testing.assert_allclose(drawn["gradient.ratio"][draw], [ratio], rtol=1e-4)


def by_autograd(asked: PropagationScenario, draw: int) -> tuple[list[float], float]:
    """One of several networks by itself in torch: spreads of its outputs, and what it makes of a gradient."""
    setup, experiment = asked.arms["xavier"], PropagationExperiment(asked, torch.device("cpu"))
    network, widths = setup.network, setup.network.layer_widths
    inputs = experiment._normal(setup, widths[0], "inputs", 0)[draw].requires_grad_()
    x, spreads = inputs, []
    for layer in experiment._weights.layers(network, [setup.init], setup.draws):
        assert isinstance(layer, Dense | Convolution)
        weight = (layer.scale * layer.unit)[draw].to(x.dtype)
        if network.kernel:
            x = torch.nn.functional.conv2d(torch.nn.functional.pad(x, [1] * 4, mode="circular"), weight)
        else:
            x = x @ weight
        if network.norm == "batch":
            x = torch.nn.functional.batch_norm(x, None, None, training=True)
        x = torch.relu(x) if network.activation == "relu" else torch.tanh(x)
        spreads.append(x.std(correction=0).item())
    gradient = experiment._normal(setup, widths[-1], "output gradients", 0)[draw]
    x.backward(gradient)  # type: ignore[no-untyped-call]
    assert inputs.grad is not None
    return spreads, float(inputs.grad.norm() / gradient.norm())


def test_constant_weights_make_all_units_one_and_have_no_theory() -> None:
    init = {"name": "constant", "value": 0.1}
    (found, *_) = observe(scenario({"a": {"init": init}}))
    assert not [name for name in found.values if "predicted" in name]
    squares = layers(found, "a", "activation.norm") ** 2 / (16 * 64)
    mean, std = layers(found, "a", "activation.mean"), layers(found, "a", "activation.std")
    np.testing.assert_allclose(mean**2 + std**2, squares)
    # The sum of 64 Gaussian inputs, times .1, at every unit; then 64 equal inputs.
    assert std[1] > std[0]


def test_norms_go_both_ways_and_stay_in_an_orthogonal_linear_network_of_depth_200() -> None:
    network = {"width": 64, "depth": 200, "activation": "identity"}
    (found, *_) = observe(scenario({"a": {"init": {"name": "orthogonal"}}}, network, steps=0))
    for metric in ("activation", "preactivation", "preactivation_gradient", "gradient"):
        norms = layers(found, "a", f"{metric}.norm")
        np.testing.assert_allclose(norms, norms[0], rtol=1e-5)
    assert found.values["a/activation.ratio"] == pytest.approx(1, abs=1e-5)
    assert found.values["a/gradient.ratio"] == pytest.approx(1, abs=1e-5)


def test_fading_for_200_layers_stays_a_number() -> None:
    network = {"width": 64, "depth": 200}
    (found, *_) = observe(
        scenario({"a": {"init": {"name": "normal", "std": 0.05}}}, network, batch=4, steps=0)
    )
    assert 0 < found.values["a/activation.ratio"] < 1e-60
    assert found.values["a/gradient.ratio"] > 0
    assert not found.events


def test_batch_norm_relu_gradients_grow_by_pi_over_pi_minus_1_a_layer() -> None:
    network = {"width": 256, "depth": 12, "activation": "relu", "norm": "batch"}
    (found, *_) = observe(scenario({"a": {"init": {"name": "kaiming_normal"}}}, network, batch=256, steps=0))
    norms = layers(found, "a", "gradient.norm") ** 2
    growth = (norms[1] / norms[-1]) ** (1 / 10)
    assert growth == pytest.approx(math.pi / (math.pi - 1), rel=0.02)


def test_convolutions_follow_the_same_theory_by_their_fan_in() -> None:
    network = {"width": 64, "depth": 3, "activation": "relu", "kernel": 3, "size": 8}
    arms = {"he": {"init": {"name": "kaiming_normal"}}, "xavier": {"init": {"name": "xavier_normal"}}}
    found = [observe(scenario(arms, network, steps=0, seed=seed))[0] for seed in range(8)]
    for arm in arms:
        measured = np.mean([layers(o, arm, "activation.std") ** 2 for o in found], axis=0) ** 0.5
        np.testing.assert_allclose(measured, layers(found[0], arm, "activation.std.predicted"), rtol=0.12)


def test_the_jacobians_figures_and_spectrum() -> None:
    arms = {
        "orthogonal": {"init": {"name": "orthogonal"}},
        "gaussian": {"init": XAVIER},
    }
    network = {"width": 200, "depth": 4, "activation": "identity"}
    found = observe(scenario(arms, network, probes={"jacobian": True}))
    values, meta = found[0].frames["gaussian/jacobian.spectrum"]
    assert values.shape == (1, 200)
    assert (meta["kind"], meta["x"]) == ("curves", [1, 200])
    assert found[0].values["gaussian/jacobian.max"] == values.max()
    assert found[0].values["orthogonal/jacobian.spread"] == pytest.approx(0, abs=1e-9)
    spread = np.mean([o.values["gaussian/jacobian.spread"] for o in found])
    assert spread == pytest.approx(found[0].values["gaussian/jacobian.spread.predicted"], rel=0.2)
    assert found[0].values["gaussian/jacobian.rms"] == pytest.approx(1, rel=0.1)


def test_weights_are_seen_and_what_was_predicted_of_them() -> None:
    arms = {str(init["name"]): {"init": init} for init in INITS}
    found = observe(scenario(arms, {"widths": [300, 500, 400]}, probes={"weights": True, "bins": 20}))
    for arm in arms:
        predicted = layers(found[0], arm, "weight.std.predicted")
        np.testing.assert_allclose(layers(found[0], arm, "weight.std"), predicted, rtol=0.01)
        shares, meta = found[2].frames[f"{arm}/weight.histogram"]
        assert shares.sum(1) == pytest.approx([1, 1], rel=1e-5)
        assert meta["high"] == pytest.approx(4 * predicted, rel=0.01)
    assert layers(found[0], "torch_default", "weight.std")[0] == pytest.approx(1 / 30, rel=0.01)


def test_a_normalised_activation_heals_a_signal_that_comes_in_too_large() -> None:
    def arm(root: int) -> dict[str, Any]:
        network = {"width": 300, "depth": 20, "activation": {"name": "gpn", "of": "relu", "root": root}}
        return {"network": network, "init": {"name": "orthogonal"}, "input": 2.0}

    (found, *_) = observe(scenario({"drifts": arm(1), "heals": arm(2)}))
    heals, drifts = (
        layers(found, name, "activation.norm") / math.sqrt(16 * 300) for name in ("heals", "drifts")
    )
    assert heals[-1] == pytest.approx(1, abs=0.05)
    assert drifts[-1] > 1.5
    predicted = layers(found, "heals", "activation.norm.predicted") / math.sqrt(16 * 300)
    np.testing.assert_allclose(heals[:6], predicted[:6], rtol=0.03)


def test_turning_the_scale_turns_theory_and_weights_too() -> None:
    turned = PropagationExperiment(
        scenario({"a": {"init": XAVIER}}, probes={"weights": True}), torch.device("cpu")
    )
    first = next(turned)
    turned.tune("a/init.gain", 2.0)
    second = next(turned)
    for metric in ("weight.std", "weight.std.predicted"):
        np.testing.assert_allclose(layers(second, "a", metric), 2 * layers(first, "a", metric), rtol=1e-5)
    assert second.values["a/gradient.ratio.predicted"] != first.values["a/gradient.ratio.predicted"]


@pytest.mark.parametrize(
    ("network", "complaint"),
    [
        ({"kernel": 4}, "no middle"),
        ({"kernel": 9, "size": 8}, "larger than pictures"),
        ({"width": 60_000}, "more than the"),
        ({"norm": "batch"}, "Jacobian"),
        ({"kernel": 3}, "Jacobian"),
        ({"width": 4096}, "widths of at most"),
    ],
)
def test_what_cannot_be_done_is_said(network: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        scenario({"a": {"init": XAVIER}}, network, probes={"jacobian": True})


def test_a_batch_too_large_is_said() -> None:
    with pytest.raises(ValidationError, match="at most 268,435,456 fit"):
        scenario({"a": {"init": XAVIER}}, {"width": 4096, "depth": 50}, batch=60_000)


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
    turned = PropagationExperiment(scenario(arms), torch.device("cpu"))
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
    network = {"width": 16, "depth": 120, "activation": "relu"}
    arms = {"wild": {"init": {"name": "normal", "std": 1000.0}}, "tame": {"init": {"name": "kaiming_normal"}}}
    found = observe(scenario(arms, network))
    assert [(o.step, *event) for o in found for event in o.events] == [(0, "diverged", "wild", {})]
    assert not np.isfinite(layers(found[2], "wild", "activation.std")).all()
    tame = [v for o in found for name, v in o.values.items() if name.startswith("tame/")]
    assert np.isfinite(tame).all()


def test_measuring_every_second_step_measures_the_same() -> None:
    arms = {"a": {"init": XAVIER}}
    every, second = observe(scenario(arms)), observe(scenario(arms, probes={"every": 2}))
    assert [bool(o.values) for o in second] == [True, False, True]
    assert second[2].values == every[2].values


def test_a_sample_says_so_and_comes_close() -> None:
    arms = {"a": {"init": XAVIER}}
    exact = scenario(arms, {"width": 512, "depth": 2})
    sampled = scenario(arms, {"width": 512, "depth": 2}, probes={"sample": 2048})
    assert PropagationExperiment(sampled, torch.device("cpu")).sampled == 2048
    np.testing.assert_allclose(
        layers(observe(sampled)[0], "a", "activation.std"),
        layers(observe(exact)[0], "a", "activation.std"),
        rtol=0.05,
    )


@pytest.fixture(scope="module")
def lecture() -> Observation:
    found = load("deep-tanh-init", ["steps=0"])
    assert isinstance(found, PropagationScenario)
    return next(PropagationExperiment(found, torch.device("cpu")))


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
