"""Scenarios of a small network's training, seen on a plane through its parameter space."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from tuilab.scenario.kinds.base import ArmName, Scenario
from tuilab.scenario.metrics import Metric
from tuilab.scenario.parts.optimizers import Optimizer
from tuilab.scenario.strict import Strict


class Points(Strict):
    """Labelled points in the plane."""

    name: Literal["spirals", "rings", "moons", "checkerboard", "blobs"] = "spirals"
    examples: int = Field(default=200, ge=10, le=10_000)
    noise: float = Field(default=0.03, ge=0, le=10, description="standard deviation of every point's place")


class Perceptron(Strict):
    """A perceptron with two inputs and two class scores."""

    width: int = Field(default=16, ge=1, le=64)
    depth: int = Field(default=2, ge=0, le=8, description="hidden layers")
    activation: Literal["tanh", "relu"] = "tanh"


class SliceSetup(Strict):
    """One optimiser and how many examples it sees a step."""

    optimizer: Optimizer
    batch: int | None = Field(default=None, ge=1, le=10_000, description="none: all examples")


class SliceScenario(Scenario):
    """A network learns in its whole parameter space; seen is a plane. All arms start at the same weights.

    The training is done when the run begins, since the plane is laid through its end; the steps then tell it.
    """

    kind: Literal["slice"]
    data: Points = Points()
    network: Perceptron = Perceptron()
    plane: Literal["path", "random"] = Field(
        default="path",
        description="path: the two principal components of the paths; "
        "random: two random directions, filter-normalised, about the first arm's end",
    )
    side: int = Field(default=65, ge=5, le=257, description="points along each side of the landscape")
    steps: int | None = Field(default=300, ge=1, le=10_000)
    arms: dict[ArmName, SliceSetup] = Field(min_length=1, max_length=8)
    SETUP: ClassVar[type[Strict]] = SliceSetup
    METRICS: ClassVar[dict[str, Metric]] = {
        "loss": Metric("mean loss over all examples where the network is", "nats"),
        "accuracy": Metric("share of the examples classified correctly", "share"),
        "gradient.norm": Metric("Euclidean norm of the loss gradient of all parameters"),
        "x": Metric("place on the plane, first direction"),
        "y": Metric("place on the plane, second direction"),
        "plane.loss": Metric(
            "mean loss at the plane's nearest point: the height that the picture shows", "nats"
        ),
        "plane.missed": Metric("share of the path's variance so far that the plane misses", "share"),
        "plane.distance": Metric("Euclidean distance of the network from the plane"),
        "travelled": Metric("Euclidean distance from the start"),
    }
    EVENTS: ClassVar[dict[str, str]] = {"diverged": "a figure became NaN or infinite"}
    PANELS: ClassVar[list[dict[str, Any]]] = [
        {"type": "landscape", "title": "loss on the plane, the paths' shadows", "frame": "landscape"},
        {
            "type": "curves",
            "title": "loss: network, and shadow on the plane",
            "series": ["*/loss", "*/plane.loss"],
            "scale": "log",
        },
        {
            "type": "curves",
            "title": "share of the path the plane misses",
            "series": ["*/plane.missed"],
            "scale": "linear",
        },
        {
            "type": "values",
            "title": "now",
            "series": ["*/loss", "*/plane.loss", "*/plane.missed", "*/accuracy"],
        },
    ]
