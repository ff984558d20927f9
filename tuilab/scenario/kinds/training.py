"""Scenarios of networks that learn."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from tuilab.scenario.kinds.base import ArmName, Probes, Scenario
from tuilab.scenario.metrics import LAYER_METRICS, Metric
from tuilab.scenario.parts.data import Data
from tuilab.scenario.parts.initializers import Init, KaimingNormal
from tuilab.scenario.parts.networks import Network
from tuilab.scenario.parts.optimizers import Optimizer
from tuilab.scenario.parts.schedules import Constant, Schedule
from tuilab.scenario.strict import Strict


class TrainingProbes(Probes):
    """In a training run, where measuring competes with learning for the time."""

    every: int = Field(default=20, ge=0, le=1_000_000, description="steps between two measurements; 0: never")
    sample: int = Field(default=4096, ge=0, description="values taken a layer; 0 measures all of them")


class TrainingSetup(Strict):
    """One network, how it starts and how it learns."""

    network: Network
    init: Init = KaimingNormal(name="kaiming_normal")
    optimizer: Optimizer
    schedule: Schedule = Constant(name="constant")
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)


class Training(Scenario):
    """Networks learning to classify. Step 0 is before the first update; arms see the same batches."""

    kind: Literal["training"]
    data: Data = Data()
    batch: int = Field(default=128, ge=2, le=65_536)
    epochs: float = Field(
        default=1, gt=0, le=10_000, description="passes over the training set, unless steps is given"
    )
    evaluate: float = Field(default=1, gt=0, description="epochs between two validations")
    probes: TrainingProbes = TrainingProbes()
    arms: dict[ArmName, TrainingSetup] = Field(min_length=1, max_length=32)
    SETUP: ClassVar[type[Strict]] = TrainingSetup
    METRICS: ClassVar[dict[str, Metric]] = {
        "train.loss": Metric("loss of the batch, before the update", "nats"),
        "train.accuracy": Metric("share of the batch classified correctly, before the update", "share"),
        "validation.loss": Metric("loss on the held-out pictures", "nats"),
        "validation.accuracy": Metric("share of the held-out pictures classified correctly", "share"),
        "learning_rate": Metric("learning rate of the next update"),
        "weight.norm": Metric("Euclidean norm of a layer's weights", per_layer=True),
        **LAYER_METRICS,
    }
    EVENTS: ClassVar[dict[str, str]] = {
        "diverged": "a figure became NaN or infinite",
    }
    PANELS: ClassVar[list[dict[str, Any]]] = [
        {
            "type": "curves",
            "title": "loss",
            "series": ["*/train.loss", "*/validation.loss"],
            "scale": "linear",
        },
        {
            "type": "curves",
            "title": "accuracy",
            "series": ["*/train.accuracy", "*/validation.accuracy"],
            "scale": "linear",
        },
        {"type": "layers", "title": "spread of activations", "metric": "activation.std", "scale": "linear"},
        {"type": "histograms", "title": "activations, layer by layer", "frame": "activation.histogram"},
        {"type": "layers", "title": "gradient norm", "metric": "gradient.norm", "scale": "log"},
        {"type": "curves", "title": "learning rate", "series": ["*/learning_rate"], "scale": "linear"},
        {
            "type": "values",
            "title": "now",
            "series": ["engine/images_per_second", "engine/probe_share", "*/validation.accuracy"],
        },
    ]
