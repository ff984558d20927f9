"""Training runs on a few small pictures, for the tests beside."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch

from tuilab.experiments.observation import Observation
from tuilab.experiments.training import TrainingExperiment
from tuilab.experiments.world import ALONE, World
from tuilab.scenario.kinds.training import TrainingScenario
from tuilab.scenario.load import expand

SMALL = {"name": "convnet", "channels": [4, 6]}
SGD = {"name": "sgd", "lr": 0.05}
ARM = {"network": SMALL, "optimizer": SGD}


def experiment(
    arms: dict[str, Any] | None = None,
    device: str = "cpu",
    world: World = ALONE,
    clock: Callable[[], float] = time.perf_counter,
    **changes: Any,
) -> TrainingExperiment:
    settings = {
        "kind": "training",
        "title": "test",
        "question": "test?",
        "data": {"name": "shapes10", "validation": 30, "train": 50},
        "batch": 10,
        "steps": 12,
        "probes": {"every": 5, "sample": 0, "bins": 8},
        "arms": arms or {"one": ARM},
        **changes,
    }
    expanded = expand(settings, TrainingScenario.SETUP.model_fields)
    scenario = TrainingScenario.model_validate(expanded)
    return TrainingExperiment(scenario, torch.device(device), world, clock)


def figures(observations: list[Observation], leave_out: str = "engine/") -> list[dict[str, float]]:
    return [{k: v for k, v in o.values.items() if not k.startswith(leave_out)} for o in observations]


def series(observations: list[Observation], name: str) -> dict[int, float]:
    return {o.step: o.values[name] for o in observations if name in o.values}
