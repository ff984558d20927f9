"""Every part that a scenario can name is there, takes the settings it offers, and the other way round."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any, get_args

import pytest

from tuilab.parts.activations import ACTIVATIONS, KINDS
from tuilab.parts.augmentation import Augmentation
from tuilab.parts.datasets import DATASETS
from tuilab.parts.ensembles import AVERAGES
from tuilab.parts.initializers import INITIALIZERS
from tuilab.parts.losses import LOSSES
from tuilab.parts.models import MODELS
from tuilab.parts.normalization import NORMALIZATIONS
from tuilab.parts.optimizers import OPTIMIZERS
from tuilab.parts.preprocessing import PREPROCESSINGS
from tuilab.parts.regularizers import REGULARIZERS
from tuilab.parts.schedules import SCHEDULES
from tuilab.parts.surfaces import SURFACES
from tuilab.scenario.parts import (
    activations,
    augmentation,
    data,
    ensembles,
    initializers,
    losses,
    networks,
    normalization,
    optimizers,
    preprocessing,
    regularizers,
    schedules,
    surfaces,
)
from tuilab.scenario.strict import Strict

ROOMS: dict[str, tuple[Any, dict[str, Any], set[str]]] = {
    "activation": (
        activations.ActivationTable,
        {**KINDS, "gpn": lambda of, root=1: None},
        set(),
    ),
    "init": (
        initializers.OurInit,
        {name: initializer.scale for name, initializer in INITIALIZERS.items()},
        {"fan_in", "fan_out"},
    ),
    "optimizer": (optimizers.OurOptimizer, OPTIMIZERS, set()),
    "surface": (surfaces.OurSurface, SURFACES, set()),
    "network": (networks.OurNetwork, MODELS, {"shape", "classes"}),
    "normalization": (
        normalization.Normalization,
        {name: norm for name, norm in NORMALIZATIONS.items() if name != "none"},
        {"channels", "by_hand"},
    ),
    "preprocessing": (preprocessing.Preprocessing, PREPROCESSINGS, {"moments"}),
    "regularizer": (regularizers.Regularizer, REGULARIZERS, set()),
    "average": (ensembles.Average, AVERAGES, set()),
    "loss": (losses.OurLoss, LOSSES, {"scores", "labels"}),
    "schedule": (schedules.OurSchedule, SCHEDULES, {"t"}),
}


def settings(union: Any) -> dict[str, type[Strict]]:
    models = get_args(get_args(union)[0])
    return {name: model for model in models for name in get_args(model.model_fields["name"].annotation)}


def test_activations() -> None:
    assert set(get_args(activations.ActivationName)) == {name for name in ACTIVATIONS if ":" not in name}


def test_data_sets() -> None:
    assert set(settings(data.OurData)) == {name for name in DATASETS if ":" not in name}


@pytest.mark.parametrize("room", ROOMS)
def test_both_rooms_know_the_same_names_settings_and_defaults(room: str) -> None:
    union, built, given = ROOMS[room]
    models = settings(union)
    # A person's own parts, which other tests bring, are called FILE:NAME.
    assert set(models) == {name for name in built if ":" not in name}
    for name, model in models.items():
        parameters = inspect.signature(built[name]).parameters
        assert set(parameters) - given == set(model.model_fields) - {"name"}, name
        for key, field in model.model_fields.items():
            if key != "name" and not field.is_required():
                default = parameters[key].default
                assert (list(default) if isinstance(default, tuple) else default) == field.default, (
                    f"{name}.{key}"
                )


def test_augmentations() -> None:
    ours = {field.name: field.default for field in dataclasses.fields(Augmentation)}
    theirs = {name: field.default for name, field in augmentation.Augment.model_fields.items()}
    assert ours == theirs
