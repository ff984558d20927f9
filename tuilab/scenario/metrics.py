"""What each kind of experiment measures: the names that expectations, panels and series share.

A series is called ARM/METRIC or ARM/METRIC/LAYER, layers counted from 1; the engine's own are engine/METRIC.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metric:
    """One measured quantity: what it means, its unit, whether every layer has one and may be sampled."""

    meaning: str
    unit: str = ""
    per_layer: bool = False
    sampled: bool = False
    """Whether it comes from a sample of a layer's values where the probes are told to; else it is exact."""
    clock: bool = False
    """Whether it was read from a clock: equal runs differ in these metrics, and in no others."""


LAYER_METRICS: dict[str, Metric] = {
    "activation.mean": Metric("mean of a layer's outputs", per_layer=True, sampled=True),
    "activation.std": Metric("standard deviation of a layer's outputs", per_layer=True, sampled=True),
    "activation.saturated": Metric(
        "share of outputs on a flat part of the activation", "share", per_layer=True, sampled=True
    ),
    "activation.dead": Metric("share of units that are zero for the whole batch", "share", per_layer=True),
    "gradient.norm": Metric("Euclidean norm of the loss gradient at a layer's outputs", per_layer=True),
    "gradient.std": Metric(
        "standard deviation of the loss gradient at a layer's outputs", per_layer=True, sampled=True
    ),
    "weight_gradient.norm": Metric(
        "Euclidean norm of the loss gradient of a layer's weights", per_layer=True
    ),
}
"""What probes measure inside any network, layer by layer."""

ENGINE_METRICS: dict[str, Metric] = {
    "seconds": Metric("time since the run began, pauses left out", "s", clock=True),
    "images_per_second": Metric(
        "training pictures a second, all arms together, evaluations left out", "1/s", clock=True
    ),
    "rank.seconds": Metric(
        "time since the run began, in one process of several", "s", per_layer=True, clock=True
    ),
    "probe_share": Metric(
        "share of the time, validations left out, that observing takes", "share", clock=True
    ),
}
"""Series of the engine itself, all of them readings of the clock."""

SAMPLED_FRAMES = ("activation.histogram", "preactivation.histogram")
"""Frames that come from the same sample as the sampled metrics."""
