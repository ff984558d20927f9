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
from tuilab.probes.statistics import Floats, weight_histogram
from tuilab.scenario.parts.dense import DenseNetwork

Look = tuple[dict[str, float], Frame]
"""Figures by the rest of their series' names, and a frame."""


@torch.no_grad()
def at_weights(layers: Sequence[Layer], bins: int, reach: Sequence[float]) -> Look:
    """Each layer's standard deviation, over all weights of all draws, and histogram.

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


def at_jacobian(network: DenseNetwork, layers: Sequence[Layer], x: Tensor) -> tuple[dict[str, Floats], Frame]:
    """The singular values at an example of each draw, x being (draws, inputs); the spectrum is their mean."""
    matrices = jacobian(x, layers, activation(network.activation), standardize(network))
    found = [spectrum(matrix) for matrix in matrices]
    values = {
        "jacobian.max": np.array([one.values[0] for one in found]),
        "jacobian.min": np.array([one.values[-1] for one in found]),
        "jacobian.rms": np.array([one.rms for one in found]),
        "jacobian.spread": np.array([one.spread for one in found]),
    }
    mean = np.mean([one.values for one in found], axis=0)
    meta = {
        "kind": "curves",
        "x": [1, len(mean)],
        "x_scale": "linear",
        "x_name": "singular values, largest first",
        "names": ["singular value"],
    }
    return values, (mean[None], meta)


def _weights(layers: Sequence[Layer]) -> list[Tensor]:
    return [layer.scale * layer.unit for layer in layers if isinstance(layer, Dense | Convolution)]
