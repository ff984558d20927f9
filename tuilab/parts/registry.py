"""Every part by its family and name: where a scenario's names are looked up, and own parts are put."""

from __future__ import annotations

from typing import Any

from tuilab.parts.activations import KINDS
from tuilab.parts.datasets import DATASETS
from tuilab.parts.initializers import INITIALIZERS
from tuilab.parts.losses import LOSSES
from tuilab.parts.models import MODELS
from tuilab.parts.normalization import NORMALIZATIONS
from tuilab.parts.optimizers import OPTIMIZERS
from tuilab.parts.regularizers import REGULARIZERS
from tuilab.parts.schedules import SCHEDULES
from tuilab.parts.surfaces import SURFACES

FAMILIES: dict[str, dict[str, Any]] = {
    "optimizer": OPTIMIZERS,
    "activation": KINDS,
    "init": INITIALIZERS,
    "schedule": SCHEDULES,
    "surface": SURFACES,
    "network": MODELS,
    "loss": LOSSES,
    "data": DATASETS,
    "normalization": NORMALIZATIONS,
    "regularizer": REGULARIZERS,
}
"""The families by the keys that scenarios use, each with its parts by their names. The very tables that
experiments look parts up in: what is put here is found everywhere."""

GIVEN = {"init": 2, "schedule": 1, "network": 2, "loss": 2, "data": 2, "normalization": 1}
"""Arguments that a family's parts are given before their settings; none where it does not stand here."""
