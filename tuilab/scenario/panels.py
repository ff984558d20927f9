"""The panels a kind likes to be seen with when its scenario declares none."""

from __future__ import annotations

from typing import Any

DEFAULT_PANELS: dict[str, list[dict[str, Any]]] = {
    "propagation": [
        {"type": "layers", "title": "spread of activations", "metric": "activation.std", "scale": "linear"},
        {"type": "histograms", "title": "activations, layer by layer", "frame": "activation.histogram"},
        {"type": "layers", "title": "gradient norm", "metric": "gradient.norm", "scale": "log"},
        {"type": "layers", "title": "weight-gradient norm", "metric": "weight_gradient.norm", "scale": "log"},
        {"type": "layers", "title": "saturated outputs", "metric": "activation.saturated", "scale": "linear"},
        {"type": "values", "title": "gradient, input ÷ output", "series": ["*/gradient.ratio"]},
    ],
    "descent": [
        {"type": "landscape", "title": "the surface and the paths", "frame": "landscape"},
        {"type": "curves", "title": "loss", "series": ["*/loss"], "scale": "log"},
        {"type": "curves", "title": "distance", "series": ["*/distance"], "scale": "log"},
        {
            "type": "values",
            "title": "where each arm stands",
            "series": ["*/loss", "*/distance", "*/rate", "*/x", "*/y"],
        },
    ],
    "training": [
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
    ],
}
