"""A function's curve and derivative, and figures of both."""

from __future__ import annotations

import torch

from tuilab.experiments.observation import Frame
from tuilab.parts.activations import Activation
from tuilab.scenario.kinds.functions import POINTS

_CURVE = 401
"""Points a curve; odd, so that a span around zero has its kink drawn."""


def curves(phi: Activation, x: list[float]) -> dict[str, Frame]:
    """φ and φ' over a span, as frames."""
    low, high = x
    h = torch.linspace(low, high, _CURVE, dtype=torch.float64)
    return {
        kind: (
            f(h)[None].float().numpy(),
            {"kind": "curves", "x": list(x), "x_scale": "linear", "x_name": "h", "names": [name]},
        )
        for kind, name, f in (("value", "φ", phi), ("derivative", "φ'", phi.derivative))
    }


def facts(phi: Activation) -> dict[str, float]:
    """Values and derivatives at the named points, the largest derivative, and how far autograd's differ."""
    h = torch.tensor(POINTS, dtype=torch.float64, requires_grad=True)
    with torch.enable_grad():
        (autograd,) = torch.autograd.grad(phi(h).sum(), h)
    h = h.detach()
    derivative = phi.derivative(h)
    line = torch.linspace(-20, 20, 40_001, dtype=torch.float64)
    return {
        **{f"value({h})": value for h, value in zip(POINTS, phi(h).tolist(), strict=True)},
        **{f"derivative({h})": value for h, value in zip(POINTS, derivative.tolist(), strict=True)},
        "derivative.max": phi.derivative(line).max().item(),
        "autograd.error": (derivative - autograd).abs().max().item(),
    }
