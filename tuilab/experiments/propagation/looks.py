"""Looks at an arm's weights and at its Jacobian: the series and the frame of each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from tuilab.experiments.activations import activation
from tuilab.experiments.observation import Frame
from tuilab.experiments.propagation.weights import standardize
from tuilab.parts.convolution import Convolution
from tuilab.parts.dense import Dense, Layer
from tuilab.probes.jacobian import jacobian, spectrum
from tuilab.probes.statistics import weight_histogram
from tuilab.scenario.parts.dense import DenseNetwork

Look = tuple[dict[str, float], Frame]
"""Figures by the rest of their series' names, and a frame."""


@torch.no_grad()
def at_weights(layers: Sequence[Layer], bins: int, reach: Sequence[float]) -> Look:
    """Each layer's standard deviation, over all weights, and histogram.

    Args:
        layers: of one arm.
        bins: of the histogram.
        reach: layer by layer, the histogram spans −reach … reach.
    """
    weights = _weights(layers)
    values = {f"weight.std/{k}": w.double().std(correction=0).item() for k, w in enumerate(weights, 1)}
    shares, _ = weight_histogram(weights, reach, bins)
    meta = {
        "kind": "histogram",
        "low": [-r for r in reach],
        "high": list(reach),
        "layers": [f"layer {k}" for k in range(1, len(weights) + 1)],
    }
    return values, (shares.astype(np.float32), meta)


def reach_of(layers: Sequence[Layer]) -> list[float]:
    """How far a layer's histogram goes: four times the root mean square of its weights."""
    squares = [w.double().square().mean().sqrt().item() for w in _weights(layers)]
    return [4 * square or 1.0 for square in squares]


def at_jacobian(network: DenseNetwork, layers: Sequence[Layer], x: Tensor) -> Look:
    """The singular values at one example, (width of the input,)."""
    found = spectrum(jacobian(x, layers, activation(network.activation), standardize(network)))
    values = {
        "jacobian.max": float(found.values[0]),
        "jacobian.min": float(found.values[-1]),
        "jacobian.rms": found.rms,
        "jacobian.spread": found.spread,
    }
    meta = {
        "kind": "curves",
        "x": [1, len(found.values)],
        "x_scale": "linear",
        "x_name": "singular values, largest first",
        "names": ["singular value"],
    }
    return values, (found.values[None], meta)


def _weights(layers: Sequence[Layer]) -> list[Tensor]:
    return [layer.scale * layer.unit for layer in layers if isinstance(layer, Dense | Convolution)]
