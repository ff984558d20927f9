"""What each kind of experiment measures: the names that expectations, panels and series share.

A series is called ARM/METRIC or ARM/METRIC/LAYER, layers counted from 1; the engine's own are engine/METRIC.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metric:
    """One measured quantity: what it means, its unit, and whether every layer has one."""

    meaning: str
    unit: str = ""
    per_layer: bool = False


_LAYERS = {
    "activation.mean": Metric("mean of a layer's outputs", per_layer=True),
    "activation.std": Metric("standard deviation of a layer's outputs", per_layer=True),
    "activation.saturated": Metric(
        "share of outputs on a flat part of the activation", "share", per_layer=True
    ),
    "activation.dead": Metric("share of units that are zero for the whole batch", "share", per_layer=True),
    "gradient.norm": Metric("Euclidean norm of the loss gradient at a layer's outputs", per_layer=True),
    "gradient.std": Metric("standard deviation of the loss gradient at a layer's outputs", per_layer=True),
    "weight_gradient.norm": Metric(
        "Euclidean norm of the loss gradient of a layer's weights", per_layer=True
    ),
}

METRICS: dict[str, dict[str, Metric]] = {
    "propagation": {
        **_LAYERS,
        "gradient.ratio": Metric("gradient norm at the network's input ÷ at its output"),
    },
    "descent": {
        "loss": Metric("height of the surface"),
        "distance": Metric(
            "Euclidean distance to the minimum, or to the saddle point where there is no minimum"
        ),
        "rate": Metric(
            "mean factor by which a step multiplies the distance, (distance ÷ first distance)^(1/step)"
        ),
        "gradient.norm": Metric("Euclidean norm of the gradient"),
        "x": Metric("first parameter"),
        "y": Metric("second parameter"),
    },
    "training": {
        "train.loss": Metric("loss of the batch, before the update", "nats"),
        "train.accuracy": Metric("share of the batch classified correctly, before the update", "share"),
        "validation.loss": Metric("loss on the held-out pictures", "nats"),
        "validation.accuracy": Metric("share of the held-out pictures classified correctly", "share"),
        "learning_rate": Metric("learning rate of the next update"),
        "weight.norm": Metric("Euclidean norm of a layer's weights", per_layer=True),
        **_LAYERS,
    },
}

ENGINE_METRICS: dict[str, Metric] = {
    "seconds": Metric("time since the run began, pauses left out", "s"),
    "images_per_second": Metric("training pictures a second, all arms together, evaluations left out", "1/s"),
    "probe_share": Metric("share of the run's time spent measuring", "share"),
}
"""Series of the engine itself. They are clock readings: the only series that two equal runs may differ in."""

EVENTS: dict[str, list[str]] = {
    "propagation": ["diverged"],
    "descent": ["diverged", "escaped", "converged"],
    "training": ["diverged"],
}
"""What can happen to an arm. diverged: a figure became NaN or infinite; escaped: |y| reached 1 on a saddle;
converged: the distance fell below 1e-6 of the first."""
