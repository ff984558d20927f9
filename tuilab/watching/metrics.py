"""What is measured of a watched network, and the panels that it is seen with."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from typing import Any

from tuilab.scenario.metrics import ENGINE_METRICS, LAYER_METRICS, Metric

WATCHED_METRICS: dict[str, Metric] = LAYER_METRICS | {
    "activation.nan": Metric("share of a layer's outputs that are NaN", "share", True, True),
    "activation.inf": Metric("share of a layer's outputs that are infinite", "share", True, True),
    "weight.norm": Metric("Euclidean norm of a layer's weights", per_layer=True),
    "update.ratio": Metric("norm of a layer's update ÷ norm of its weights", per_layer=True, sampled=True),
    "gradient.global_norm": Metric("Euclidean norm of all gradients together, before clipping"),
    "gradient.global_norm.clipped": Metric("the same after clipping, as the optimiser gets them"),
    "learning_rate": Metric("learning rate of the last update, by parameter group where there are several"),
}
"""By their names; besides there is whatever is logged."""

WATCH_METRICS: dict[str, Metric] = {
    "seconds": ENGINE_METRICS["seconds"],
    "probe_share": Metric("share of the time that watching takes", "share", clock=True),
    "steps_per_second": Metric("steps a second, pauses left out", "1/s", clock=True),
}
"""Readings of the clock."""

SAMPLED_FRAMES = ("activation.histogram", "weight.histogram")


def described(sample: int) -> dict[str, Any]:
    """The metrics and which of them come from a sample, as a recording's header has them."""
    metrics = WATCHED_METRICS | {f"engine/{name}": metric for name, metric in WATCH_METRICS.items()}
    sampled = [*(name for name, metric in metrics.items() if metric.sampled), *SAMPLED_FRAMES]
    return {
        "metrics": {
            name: {"meaning": metric.meaning, "unit": metric.unit, "per_layer": metric.per_layer}
            for name, metric in metrics.items()
        },
        "sampled": dict.fromkeys(sampled, sample),
    }


def panels(logged: Iterable[str], inside: bool) -> list[dict[str, Any]]:
    """How a watched run likes to be seen.

    Args:
        logged: the figures logged so far.
        inside: whether anything is measured layer by layer.
    """
    losses = ["*/*loss*", "*/*perplexity*"]
    others = [f"*/{glob.escape(name)}" for name in logged if "loss" not in name and "perplexity" not in name]
    layers: list[dict[str, Any]] = [
        {"type": "heatmap", "title": "spread of activations", "metric": "activation.std", "scale": "log"},
        {"type": "histograms", "title": "activations", "frame": "activation.histogram"},
        {"type": "heatmap", "title": "weights' gradients", "metric": "weight_gradient.norm", "scale": "log"},
        {"type": "heatmap", "title": "update ÷ weights", "metric": "update.ratio", "scale": "log"},
        {
            "type": "curves",
            "title": "norm of the gradient",
            "series": ["*/gradient.global_norm*"],
            "scale": "log",
        },
        {"type": "ridgeline", "title": "activations over time", "frame": "activation.histogram"},
        {"type": "ridgeline", "title": "weights over time", "frame": "weight.histogram"},
        {"type": "curves", "title": "learning rate", "series": ["*/learning_rate*"]},
    ]
    return [
        {"type": "curves", "title": "loss", "series": losses},
        {"type": "curves", "title": "figures", "series": [*others[:8], "*/*acc*"]},
        *(layers if inside else []),
        {"type": "values", "title": "latest", "series": ["engine/*", *losses, *others[:8]]},
    ]
