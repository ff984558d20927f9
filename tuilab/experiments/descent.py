"""Optimisers walking down a surface of two parameters, all arms in lockstep."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tuilab.experiments.observation import Observation
from tuilab.experiments.tuning import changed, numbers
from tuilab.parts.optimizers import OPTIMIZERS, Rule, State
from tuilab.parts.surfaces import SURFACES, Saddle, Surface
from tuilab.scenario.kinds.descent import Descent
from tuilab.scenario.strict import Strict

ESCAPED = 1.0
"""|y| at which a walker has left a saddle."""
CONVERGED = 1e-6
"""Share of the first distance below which a walker has arrived."""
_LANDSCAPE = 129
"""Points along each side of the landscape; odd, so that the centre is one of them."""


@dataclass(slots=True)
class _Walker:
    name: str
    rule: Rule
    point: Tensor
    gradient: Tensor
    """At the point; the next step goes down it."""
    state: State
    first_distance: float
    keys: tuple[str, ...]
    seen: set[str]
    """The events that have happened to it: each happens once."""


class DescentExperiment:
    """Every arm from its own start by its own rule, in float64, on the CPU."""

    sampled = 0

    def __init__(self, scenario: Descent) -> None:
        self.steps = scenario.steps or 0
        self._step = 0
        self._surface: Surface = _part(SURFACES, scenario.surface)
        self._settings: dict[str, Strict] = {
            f"{name}/optimizer": arm.optimizer for name, arm in scenario.arms.items()
        }
        self._walkers = []
        for name, arm in scenario.arms.items():
            rule: Rule = _part(OPTIMIZERS, arm.optimizer)
            point = torch.tensor(arm.start, dtype=torch.float64)
            distance = math.dist(arm.start, self._surface.center)
            keys = tuple(f"{name}/{m}" for m in ("loss", "distance", "rate", "gradient.norm", "x", "y"))
            self._walkers.append(
                _Walker(name, rule, point, torch.zeros_like(point), rule.start(point), distance, keys, set())
            )

    def __iter__(self) -> DescentExperiment:
        return self

    @torch.no_grad()
    def __next__(self) -> Observation:
        step = self._step
        if step > self.steps:
            raise StopIteration
        self._step += 1
        observation = Observation(step, {})
        if step == 0:
            observation.frames["landscape"] = self._landscape()
        for walker in self._walkers if step else []:
            if "diverged" not in walker.seen:
                walker.point, walker.state = walker.rule.step(walker.point, walker.gradient, walker.state)
        points = torch.stack([walker.point for walker in self._walkers])
        losses = self._surface.value(points).tolist()
        gradients = self._surface.gradient(points)
        rows = zip(self._walkers, losses, points.tolist(), gradients, gradients.tolist(), strict=True)
        for walker, loss, point, walker.gradient, slope in rows:
            self._observe(walker, observation, loss, point, slope)
        return observation

    def tunables(self) -> dict[str, float]:
        """Every number of every arm's optimiser."""
        return numbers(self._settings)

    def tune(self, key: str, value: float) -> None:
        """Change one from the next step on, velocities kept; raises KeyError or ValueError."""
        place, settings = changed(self._settings, key, value)
        self._settings[place] = settings
        for walker in self._walkers:
            if place == f"{walker.name}/optimizer":
                walker.rule = _part(OPTIMIZERS, settings)

    def _observe(
        self, walker: _Walker, observation: Observation, loss: float, point: list[float], slope: list[float]
    ) -> None:
        step, first = observation.step, walker.first_distance
        distance = math.dist(point, self._surface.center)
        if step == 0:
            rate = 1.0  # the mean of no factors, as a product of none is 1
        else:
            rate = (distance / first) ** (1 / step) if first else math.nan
        figures = (loss, distance, rate, math.hypot(*slope), *point)
        observation.values.update(zip(walker.keys, figures, strict=True))

        if "diverged" in walker.seen:
            return
        happened = {
            "diverged": not math.isfinite(loss) or not all(map(math.isfinite, point)),
            "escaped": isinstance(self._surface, Saddle) and abs(point[1]) >= ESCAPED,
            "converged": distance < CONVERGED * first,
        }
        for kind in [kind for kind, now in happened.items() if now and kind not in walker.seen]:
            walker.seen.add(kind)
            observation.events.append((kind, walker.name, {}))
        if "diverged" in walker.seen:
            walker.point = torch.full_like(walker.point, math.nan)

    def _landscape(self) -> tuple[np.ndarray, dict[str, Any]]:
        """Heights on a square around the surface's centre, with every start well inside."""
        cx, cy = self._surface.center
        starts = torch.stack([walker.point for walker in self._walkers])
        reach = (starts - torch.tensor(self._surface.center, dtype=starts.dtype)).abs().max().item()
        half = 1.4 * reach or 1.0
        across = torch.linspace(cx - half, cx + half, _LANDSCAPE, dtype=torch.float64)
        along = torch.linspace(cy - half, cy + half, _LANDSCAPE, dtype=torch.float64)
        grid = torch.stack(torch.meshgrid(across, along, indexing="xy"), dim=-1)
        meta = {
            "kind": "landscape",
            "x": [cx - half, cx + half],
            "y": [cy - half, cy + half],
            "minima": [list(minimum) for minimum in self._surface.minima],
        }
        return self._surface.value(grid).float().numpy(), meta


def _part(parts: dict[str, Any], settings: Strict) -> Any:
    """The part that the settings name, built with the rest of them."""
    given = settings.model_dump()
    return parts[given.pop("name")](**given)
