"""Activation functions by themselves: curves and derivatives, and what a scenario measures of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from tuilab.experiments.activations import activation
from tuilab.experiments.functions_cost import Cost
from tuilab.experiments.functions_signs import Signs
from tuilab.experiments.observation import Observation
from tuilab.parts.activations import Activation
from tuilab.parts.activations.gaussian_poincare import gaussian_mean
from tuilab.scenario.kinds.functions import POINTS, Functions

_CURVE = 401
"""Points a curve; odd, so that a span around zero has its kink drawn."""
_QUANTILES = 20_001
Measurement = Callable[[int, Observation], None]
"""Adds the figures of a step to its observation."""


class FunctionsExperiment:
    """Every arm's function, in float64 but for the cost, which is of float32 and of the device."""

    sampled = 0

    def __init__(self, scenario: Functions, device: torch.device) -> None:
        self.steps = scenario.steps or 0
        self._x = scenario.x
        self._step = 0
        self._functions = {name: activation(arm.activation) for name, arm in scenario.arms.items()}
        self._measure: Measurement
        match scenario.measure:
            case "cost":
                self._measure = Cost(self._functions, scenario.elements, scenario.seed, device)
            case "signs":
                self._measure = Signs(self._functions, scenario.inputs, scenario.units, scenario.seed)
            case _:
                self._measure = Saturation(self._functions, scenario.spread, self.steps)

    def __iter__(self) -> FunctionsExperiment:
        return self

    def __next__(self) -> Observation:
        step = self._step
        if step > self.steps:
            raise StopIteration
        self._step += 1
        observation = Observation(step, {})
        if step == 0:
            for name, phi in self._functions.items():
                observation.values.update({f"{name}/{key}": value for key, value in facts(phi).items()})
                for kind, frame in curves(phi, self._x).items():
                    observation.frames[f"{name}/{kind}"] = frame
        self._measure(step, observation)
        return observation

    def tunables(self) -> dict[str, float]:
        """None: nothing here learns."""
        return {}

    def tune(self, key: str, value: float) -> None:
        """Raises KeyError: there is nothing to turn."""
        raise KeyError(f"{key} is not a number that can be changed here; there are none")


def curves(phi: Activation, x: list[float]) -> dict[str, tuple[np.ndarray, dict[str, Any]]]:
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
            # Also where φ bends, which a wide preactivation makes narrow.
            kinks = [place / spread for place in (*phi.kinks, *range(-8, 9))]
            x, derivative = phi(h), phi.derivative(h)
            mean = gaussian_mean(lambda z, phi=phi: phi(spread * z), kinks)  # type: ignore[misc]
            square = gaussian_mean(lambda z, phi=phi, m=mean: (phi(spread * z) - m) ** 2, kinks)  # type: ignore[misc]
            back = gaussian_mean(lambda z, phi=phi: phi.derivative(spread * z) ** 2, kinks)  # type: ignore[misc]
            observation.values.update(
                {
                    f"{name}/spread": spread,
                    f"{name}/flat": (derivative.abs() < 0.01).double().mean().item(),
                    f"{name}/passed_back": back**0.5,
                    f"{name}/output.mean": mean,
                    f"{name}/output.std": square**0.5,
                }
            )
            observation.frames[f"{name}/activation.histogram"] = _histogram(x, phi)


def _histogram(x: torch.Tensor, phi: Activation, bins: int = 64) -> tuple[np.ndarray, dict[str, Any]]:
    """Shares of the outputs over the span they are pictured in; what lies beyond counts at its ends."""
    counts, _ = np.histogram(np.clip(x.numpy(), phi.low, phi.high), bins, (phi.low, phi.high))
    meta = {"kind": "histogram", "low": [phi.low], "high": [phi.high], "layers": ["φ(h)"]}
    return (counts / len(x)).astype(np.float32)[None], meta
