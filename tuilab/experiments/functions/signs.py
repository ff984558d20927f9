"""What outputs that are not zero-centred do to the weights of the next layer.

A unit of the next layer sees x = φ(z) and gets ∂L/∂w = δ·x from an example, δ being what comes back to it.
Where all x are positive, every weight's gradient has the sign of δ: weights can only rise together or fall
together. Averaged over B examples a weight gets (1/B)·Σ δ_b·x_b. With x of mean m and standard deviation s
that is a common part m·Σδ and a part of the weight's own, s·Σδξ, and both grow like √B: the share that agrees
in sign does *not* fall to one half, but to ½ + atan(m/s)/π.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from tuilab.experiments.observation import Frame, Observation
from tuilab.parts.activations import Activation
from tuilab.parts.gaussian import gaussian_mean
from tuilab.parts.randomness import stream

_BELONG = (1.0, -1.0)
"""Where the two weights have to go: one up, one down."""
_RATE = 0.5
"""Of the two weights: the learning rate × the inputs' mean square length."""


class Signs:
    """Step k: gradients of `units` units averaged over k + 1 examples, and update k of as many pairs."""

    def __init__(self, functions: Mapping[str, Activation], inputs: int, units: int, seed: int) -> None:
        self._functions = functions
        self._inputs, self._units, self._seed = inputs, units, seed
        self._limits = {name: _limit(phi) for name, phi in functions.items()}
        self._paths = {name: _Pairs(phi, units) for name, phi in functions.items()}

    def __call__(self, step: int, observation: Observation) -> None:
        """Signs of the gradients of a larger batch, and another update of the pairs."""
        batch = step + 1
        generator = stream(self._seed, "signs", step)
        z = torch.randn(batch, self._inputs, generator=generator, dtype=torch.float64)
        errors = torch.randn(batch, self._units, generator=generator, dtype=torch.float64)
        examples = torch.randn(
            self._units, 2, generator=stream(self._seed, "examples", step), dtype=torch.float64
        )
        if step == 0:
            observation.frames["landscape"] = _landscape()
        for name, phi in self._functions.items():
            path = self._paths[name]
            if step:
                path.learn(phi(examples))
            observation.values.update(
                {
                    f"{name}/batch": float(batch),
                    f"{name}/same_sign": same_sign(errors.T @ phi(z) / batch),
                    f"{name}/same_sign.predicted": self._limits[name],
                    f"{name}/distance": path.distance,
                    f"{name}/detour": path.detour,
                    f"{name}/x": path.w[0, 0].item(),
                    f"{name}/y": path.w[0, 1].item(),
                }
            )

    def state(self) -> dict[str, Any]:
        """How far every pair of weights has come."""
        return {name: {"w": path.w, "length": path.length} for name, path in self._paths.items()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        for name, path in self._paths.items():
            path.w, path.length = state[name]["w"], state[name]["length"]


def same_sign(gradients: Tensor) -> float:
    """The share of a row's gradients, zeros left out, with its commoner sign; the mean over rows."""
    positive, negative = (gradients > 0).sum(1), (gradients < 0).sum(1)
    return (torch.maximum(positive, negative) / (positive + negative).clamp(min=1)).mean().item()


def _limit(phi: Activation) -> float:
    """½ + atan(|m|/s)/π: the share for batches without end."""
    mean = gaussian_mean(phi, phi.kinks)
    std = gaussian_mean(lambda z: (phi(z) - mean).square(), phi.kinks) ** 0.5
    return 0.5 + math.atan2(abs(mean), std) / math.pi


def _landscape() -> Frame:
    """Squared distance from where the two weights belong: the ground that their paths are drawn on."""
    (goal_x, goal_y), half = _BELONG, 1.5
    across, along = (torch.linspace(goal - half, goal + half, 65) for goal in _BELONG)
    y, x = torch.meshgrid(along - goal_y, across - goal_x, indexing="ij")
    meta = {
        "kind": "landscape",
        "x": [goal_x - half, goal_x + half],
        "y": [goal_y - half, goal_y + half],
        "minima": [list(_BELONG)],
    }
    return (x.square() + y.square()).numpy(), meta


class _Pairs:
    """Pairs of weights that learn the linear map (1, −1) from an example each at a time, from (0, 0)."""

    def __init__(self, phi: Activation, pairs: int) -> None:
        self.w = torch.zeros(pairs, 2, dtype=torch.float64)
        self._goal = torch.tensor(_BELONG, dtype=torch.float64)
        self._rate = _RATE / (2 * gaussian_mean(lambda z: phi(z).square(), phi.kinks))
        self.length = torch.zeros(pairs, dtype=torch.float64)

    def learn(self, x: Tensor) -> None:
        """One step down the squared error of an example x for each pair, (pairs, 2)."""
        error = ((self.w - self._goal) * x).sum(1, keepdim=True)
        update = -self._rate * error * x
        self.w = self.w + update
        self.length += update.norm(dim=1)

    @property
    def distance(self) -> float:
        """To where they belong, mean over pairs."""
        return float((self.w - self._goal).norm(dim=1).mean())

    @property
    def detour(self) -> float:
        """Length of a pair's path ÷ distance covered; the median, since some end where they began."""
        covered = self.w.norm(dim=1)
        return float(torch.where(covered > 0, self.length / covered, 1.0).median())
