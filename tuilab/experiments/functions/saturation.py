"""What gets through an activation function when preactivations spread."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from tuilab.experiments.observation import Frame, Observation
from tuilab.parts.activations import Activation
from tuilab.parts.gaussian import gaussian_nodes

_QUANTILES = 20_001


class Saturation:
    """What gets through when the preactivation is Gaussian, ever wider."""

    def __init__(self, functions: Mapping[str, Activation], spread: list[float], steps: int) -> None:
        self._functions = functions
        self._spread, self._steps = spread, max(steps, 1)
        places = (torch.arange(_QUANTILES, dtype=torch.float64) + 0.5) / _QUANTILES
        self._normal = torch.special.ndtri(places)
        """Equally probable values of a unit Gaussian."""

    def __call__(self, step: int, observation: Observation) -> None:
        """Figures and output histograms at this step's spread."""
        first, last = self._spread
        spread = first * (last / first) ** (step / self._steps)
        h = spread * self._normal
        for name, phi in self._functions.items():
            x, derivative = phi(h), phi.derivative(h)
            places, weights = gaussian_nodes(spread, phi.kinks)
            outputs = phi(places)
            mean = outputs @ weights
            observation.values.update(
                {
                    f"{name}/spread": spread,
                    f"{name}/flat": (derivative.abs() < 0.01).double().mean().item(),
                    f"{name}/passed_back": float(phi.derivative(places).square() @ weights) ** 0.5,
                    f"{name}/output.mean": float(mean),
                    f"{name}/output.std": float((outputs - mean).square() @ weights) ** 0.5,
                }
            )
            observation.frames[f"{name}/activation.histogram"] = _histogram(x, phi)

    def state(self) -> dict[str, Any]:
        """Nothing: every step stands for itself."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Nothing."""


def _histogram(x: torch.Tensor, phi: Activation, bins: int = 64) -> Frame:
    """Shares of the outputs over the span they are pictured in; what lies beyond counts at its ends."""
    counts, _ = np.histogram(np.clip(x.numpy(), phi.low, phi.high), bins, (phi.low, phi.high))
    meta = {"kind": "histogram", "low": [phi.low], "high": [phi.high], "layers": ["φ(h)"]}
    return (counts / len(x)).astype(np.float32)[None], meta
