"""Every part that a scenario can name is there, takes the settings it offers, and the other way round."""

from __future__ import annotations

import inspect
from typing import Any, get_args

import pytest

from tuilab.parts.activations import ACTIVATIONS
from tuilab.parts.datasets import DATASETS
from tuilab.parts.initializers import INITIALIZERS
from tuilab.parts.models import MODELS
from tuilab.parts.optimizers import OPTIMIZERS
from tuilab.parts.schedules import SCHEDULES
from tuilab.parts.surfaces import SURFACES
from tuilab.scenario import parts

ROOMS: dict[str, tuple[Any, dict[str, Any], set[str]]] = {
    "init": (parts.Init, INITIALIZERS, {"fan_in", "fan_out"}),
    "optimizer": (parts.Optimizer, OPTIMIZERS, set()),
    "surface": (parts.Surface, SURFACES, set()),
    "network": (parts.Network, MODELS, {"shape", "classes"}),
    "schedule": (parts.Schedule, SCHEDULES, {"t"}),
}


def settings(union: Any) -> dict[str, type[parts.Strict]]:
    models = get_args(get_args(union)[0])
    return {get_args(model.model_fields["name"].annotation)[0]: model for model in models}


def test_activations() -> None:
    assert set(get_args(parts.ActivationName)) == set(ACTIVATIONS)


def test_data_sets() -> None:
    assert set(get_args(parts.Data.model_fields["name"].annotation)) == set(DATASETS)


@pytest.mark.parametrize("room", ROOMS)
def test_both_rooms_know_the_same_names_settings_and_defaults(room: str) -> None:
    union, built, given = ROOMS[room]
    models = settings(union)
    assert set(models) == set(built)
    for name, model in models.items():
        parameters = inspect.signature(built[name]).parameters
        assert set(parameters) - given == set(model.model_fields) - {"name"}, name
        for key, field in model.model_fields.items():
            if key != "name" and not field.is_required():
                default = parameters[key].default
                assert (list(default) if isinstance(default, tuple) else default) == field.default, (
                    f"{name}.{key}"
                )
