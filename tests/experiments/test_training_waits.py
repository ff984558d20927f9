"""A step waits for the device once, and a measurement once more, whatever there is to train and to see."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from training_runs import ARM, SMALL, experiment

from tests.far_device import FarDevice
from tuilab.experiments.observation import Observation

EVERYTHING = {
    "flip": True,
    "translate": 2,
    "crop": [0.6, 1.0],
    "rotate": 5.0,
    "color": 0.2,
    "noise": 0.01,
    "cutout": 4,
    "mixup": 0.2,
}
NORMED = {**SMALL, "dropout": 0.1}
PICTURES = {
    "plain": ARM,
    "changed": {**ARM, "augment": EVERYTHING, "network": NORMED, "members": 2},
    "adam": {**ARM, "optimizer": {"name": "adam", "lr": 0.01}, "average": {"name": "ema"}, "batch": 7},
    "by hand": {
        **ARM,
        "optimizer": {"name": "rmsprop", "lr": 0.01},
        "regularizer": {"name": "l2", "strength": 0.1},
    },
    "window": {**ARM, "network": {"name": "resnet", "channels": [4], "blocks": 1}, "augment": {"window": 20}},
    "lost": {
        **ARM,
        "network": {**SMALL, "norm": "none", "activation": "identity"},
        "optimizer": {"name": "sgd", "lr": 1e6},
    },
}
MLP = {"name": "mlp", "width": 6, "depth": 3, "activation": "sigmoid"}
POINTS = {
    "two": {**ARM, "network": MLP, "augment": {"noise": 0.1, "mixup": 0.3}},
    "deep": {**ARM, "network": {**MLP, "depth": 9}},
}
SPIRALS = {"data": {"name": "spirals", "train": 60, "validation": 20}}
PROBES = {"every": 3, "weights": True, "units": True, "preactivations": True, "budget": 1.0}


def seen(device: str, **settings: Any) -> list[Observation]:
    return [
        observation for observation, _ in zip(experiment(device=device, **settings), range(6), strict=False)
    ]


@pytest.mark.parametrize(
    ("arms", "changes"),
    [(PICTURES, {}), ({"plain": ARM}, {}), (POINTS, SPIRALS)],
    ids=["many", "one", "points"],
)
def test_a_step_waits_once_and_a_measurement_once_more(arms: dict[str, Any], changes: dict[str, Any]) -> None:
    settings = {"arms": arms, "evaluate": 1e9, "probes": PROBES, "steps": 12, **changes}
    with FarDevice() as device:
        run = experiment(device="meta", **settings)
        next(run)  # with a validation, and what is made once
        augmented = len({str(arm.get("augment")) for arm in arms.values()}) + 1
        found = []
        for step in range(1, 6):
            device.waits.clear()
            device.sent.clear()
            found.append(next(run))
            assert len(device.waits) == 1 + (step % 3 == 0), device.waits
            assert len(device.sent) <= 2 * augmented, device.sent
    # And the device has come to what the CPU comes to.
    for there, here in zip(found, seen("cpu", **settings)[1:], strict=True):
        assert there.values.keys() == here.values.keys()
        for name, value in here.values.items():
            if not name.startswith("engine/"):
                np.testing.assert_allclose(there.values[name], value, rtol=1e-5, err_msg=name)
        for name, (frame, _) in here.frames.items():
            np.testing.assert_allclose(there.frames[name][0], frame, rtol=1e-5)
