"""Normalisation scenarios: torch's layers, running averages, the identity, folding, what shares a mean."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from tuilab.experiments.normalization import NormalizationExperiment
from tuilab.experiments.observation import Observation
from tuilab.scenario.kinds.normalization import NormalizationScenario
from tuilab.scenario.parts.networks import Network

BATCH = {"norm": {"name": "batch"}, "batch": 256}


def experiment(arms: dict[str, Any], steps: int = 20, **changes: Any) -> NormalizationExperiment:
    given = {"kind": "normalization", "title": "test", "question": "test?", "steps": steps, "arms": arms}
    return NormalizationExperiment(NormalizationScenario.model_validate({**given, **changes}))


def last(arms: dict[str, Any], steps: int = 20, **changes: Any) -> Observation:
    return list(experiment(arms, steps, **changes))[-1]


def test_the_running_mean_is_what_twenty_batches_make_of_it() -> None:
    values = last({"a": BATCH}).values
    assert values["a/running.mean.predicted"] == pytest.approx(4.392, abs=5e-4)
    assert values["a/running.mean"] == pytest.approx(4.392, abs=0.02)
    assert values["a/running.var"] == pytest.approx(1, abs=0.05)
    # In test mode what is still missing of the mean is left over.
    assert values["a/test.mean"] == pytest.approx(5 - values["a/running.mean"], abs=0.05)
    assert abs(values["a/train.mean"]) < 1e-12


@pytest.mark.parametrize("side", [1, 3])
@pytest.mark.parametrize("name", ["batch", "layer", "instance", "group", "rms"])
def test_every_layer_is_torchs(name: str, side: int) -> None:
    if name == "instance" and side == 1:
        return
    arm = {"norm": {"name": name}, "side": side, "channels": 16, "batch": 8}
    assert last({"a": arm}, steps=3).values["a/torch.difference"] < 1e-10


def test_gamma_sigma_and_beta_mu_give_the_batch_back() -> None:
    values = last({"a": {**BATCH, "affine": "identity"}, "b": BATCH}, steps=2).values
    assert values["a/identity.difference"] < 1e-10
    assert values["b/identity.difference"] > 1


def test_which_values_share_a_mean() -> None:
    arm = {"batch": 3, "channels": 4, "side": 2}
    norms = {"batch": {}, "layer": {}, "instance": {}, "rms": {}, "group": {"groups": 2}}
    arms = {name: {**arm, "norm": {"name": name, **more}} for name, more in norms.items()}
    frames = last(arms, steps=0).frames
    columns, rows = np.arange(4), np.arange(3)[:, None]
    expected = {
        "batch": columns + 0 * rows,
        "layer": rows + 0 * columns,
        "rms": rows + 0 * columns,
        "instance": 4 * rows + columns,
        "group": 2 * rows + columns // 2,
    }
    for name, numbers in expected.items():
        _, found = np.unique(frames[f"{name}/shares"][0], return_inverse=True)
        _, wanted = np.unique((numbers + 1) * 0.618034 % 1, return_inverse=True)
        assert np.array_equal(found.reshape(3, 4), wanted.reshape(3, 4)), name


def test_folded_into_the_convolution() -> None:
    arm = {"norm": {"name": "batch"}, "kernel": 3, "side": 8, "channels": 4, "batch": 16}
    values = last({"a": arm}, steps=3).values
    assert values["a/fused.difference"] < 1e-5
    assert values["a/time.fused"] > 0


def test_momentum_can_be_turned() -> None:
    running = experiment({"a": BATCH})
    next(running)
    running.tune("a/norm.momentum", 1.0)
    values = next(running).values
    assert values["a/running.mean"] == pytest.approx(5, abs=0.1)
    assert values["a/running.mean.predicted"] == 5
    assert values["a/torch.difference"] < 1e-10


@pytest.mark.parametrize(
    ("arm", "why"),
    [
        ({"norm": {"name": "instance"}}, "give side"),
        ({"norm": {"name": "layer"}, "kernel": 3, "side": 8}, "wants batch norm"),
        ({**BATCH, "batch": 60_000, "channels": 4_000}, "values are more"),
    ],
)
def test_what_makes_no_sense_is_said(arm: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        experiment({"a": arm})


@pytest.mark.parametrize(
    "network",
    [
        {"name": "mlp", "norm": "instance"},
        {"name": "convnet", "channels": [4] * 5, "norm": "instance"},
    ],
)
def test_networks_refuse_instance_norm_without_pixels(network: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"group|pixels"):
        TypeAdapter(Network).validate_python(network)
