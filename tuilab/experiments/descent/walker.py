"""One walker: an arm's own, whose every step is recorded."""

from __future__ import annotations

import math
from collections import deque
from typing import Any

import torch
from torch import Tensor

from tuilab.experiments.descent.places import Basins
from tuilab.experiments.descent.theory import Motion, motions
from tuilab.experiments.observation import Observation
from tuilab.parts.optimizers import Newton, advance, rule_of
from tuilab.parts.surfaces import Minibatch, MonkeySaddle, Quadratic, Saddle, Surface, minibatch_noise
from tuilab.scenario.kinds.descent import DescentSetup, Noise
from tuilab.scenario.strict import Strict

ESCAPED = 1.0
"""|y| at which a walker has left a saddle; on a monkey saddle the depth."""
CONVERGED = 1e-6
"""Share of the first distance below which a walker has arrived."""
RECENT = 50
"""Steps that the recent rate is the mean of."""


class Walker:
    """Where an arm stands, and what becomes of it."""

    def __init__(self, name: str, setup: DescentSetup, surface: Surface, seed: int) -> None:
        self.name = name
        self._surface = surface
        self._minima = Basins(surface)
        self._noise = setup.noise
        self._seed = seed
        self.point = torch.tensor(setup.start, dtype=torch.float64)
        self.gradient = torch.zeros_like(self.point)
        """At the point, of the surface itself; a minibatch's noise comes to it when a step is taken."""
        self.diverged = False
        self._start = setup.start
        self._first = self._distance(setup.start)
        self._distances = deque([self._first], RECENT)
        self._seen: set[str] = set()
        self._basins: set[int] = set()
        self._place = setup.start
        self._slope = 0.0
        self.follow(setup.optimizer)
        self.memory = self.rule.start(self.point)
        self._predicted = self._first
        self._y = abs(setup.start[1])

    def follow(self, settings: Strict) -> None:
        """Go on by these settings of the rule, velocities kept."""
        self.settings: dict[str, Any] = settings.model_dump()
        self.rule = rule_of(self.settings)
        self.moves = [] if self._noise else motions(self._surface, self.settings)

    def step(self, number: int) -> None:
        """Take step `number`, from 1, down the gradient."""
        if self.diverged:
            return
        surface, gradient = self._surface, self.gradient
        if self._noise is not None:
            noise = drawn(self._noise, self._seed, number, torch.zeros(1, dtype=torch.int64))[0]
            surface, gradient = Minibatch(surface, noise), gradient + noise
        self.point, self.memory = advance(self.rule, self.point, gradient, self.memory, surface)

    def observe(self, observation: Observation, loss: float, slope: list[float]) -> None:
        """Record where it stands after a step, and what happened there.

        Args:
            observation: to write into.
            loss: height of the point.
            slope: gradient there.
        """
        step, point = observation.step, self.point.tolist()
        distance, basin = self._distance(point), self._minima.near(point)
        length = math.dist(point, self._place)
        plain = self.settings.get("lr", math.nan) * self._slope
        norm = math.hypot(*slope)
        observation.values.update(
            {
                f"{self.name}/loss": loss,
                f"{self.name}/distance": distance,
                f"{self.name}/rate": _mean_factor(self._first, distance, step),
                f"{self.name}/rate.recent": _mean_factor(
                    self._distances[0], distance, len(self._distances) if step else 0
                ),
                f"{self.name}/gradient.norm": norm,
                f"{self.name}/x": point[0],
                f"{self.name}/y": point[1],
                f"{self.name}/step.length": length,
                f"{self.name}/step.gain": length / plain if plain else math.nan if step else 0.0,
                f"{self.name}/travelled": math.dist(point, self._start),
                f"{self.name}/basin": math.nan if math.isnan(distance) else basin,
            }
        )
        self._predict(observation)
        if step:
            self._distances.append(distance)
        self._place, self._slope = point, norm
        self._tell(observation, loss, point, distance, basin)

    def state(self) -> dict[str, Any]:
        """All that it goes on from."""
        return {
            "point": self.point,
            "gradient": self.gradient,
            "memory": list(self.memory),
            "diverged": self.diverged,
            "seen": sorted(self._seen),
            "basins": sorted(self._basins),
            "distances": list(self._distances),
            "place": list(self._place),
            "slope": self._slope,
            "predicted": {"distance": self._predicted, "y": self._y},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.point, self.gradient, self.memory = state["point"], state["gradient"], tuple(state["memory"])
        self.diverged = state["diverged"]
        self._seen, self._basins = set(state["seen"]), set(state["basins"])
        self._distances = deque(state["distances"], RECENT)
        x, y = state["place"]
        self._place = [x, y]
        self._slope = state["slope"]
        self._predicted, self._y = state["predicted"]["distance"], state["predicted"]["y"]

    def _tell(
        self, observation: Observation, loss: float, point: list[float], distance: float, basin: int
    ) -> None:
        """The events of this step: each happens once."""
        if self.diverged:
            return
        self.diverged = not math.isfinite(loss) or not all(map(math.isfinite, point))
        happened = {
            "diverged": self.diverged,
            "escaped": self._escaped(loss, point),
            "converged": distance < CONVERGED * self._first,
            "singular": isinstance(self.rule, Newton) and bool(self.rule.singular(self.memory)),
        }
        for kind in [kind for kind, now in happened.items() if now and kind not in self._seen]:
            self._seen.add(kind)
            observation.events.append((kind, self.name, {}))
        if basin and basin not in self._basins and len(self._surface.minima) > 1:
            self._basins.add(basin)
            x, y = self._surface.minima[basin - 1]
            observation.events.append(("basin", self.name, {"minimum": basin, "x": x, "y": y}))
        if self.diverged:
            self.point = torch.full_like(self.point, math.nan)

    def _escaped(self, loss: float, point: list[float]) -> bool:
        if isinstance(self._surface, Saddle):
            return abs(point[1]) >= ESCAPED
        return isinstance(self._surface, MonkeySaddle) and loss <= -ESCAPED

    def _distance(self, point: list[float]) -> float:
        if math.isnan(point[0]) or math.isnan(point[1]):
            return math.nan
        return min(math.dist(point, goal) for goal in self._surface.goals)

    def _predict(self, observation: Observation) -> None:
        """Record the slope that theory gives: straight lines on a log axis, drawn beside what is measured."""
        if not self.moves:
            return
        step = observation.step
        if isinstance(self._surface, Quadratic):
            rate = max(move.rate for move in self.moves)
            self._predicted *= rate if step else 1.0
            observation.values[f"{self.name}/distance.predicted"] = self._predicted
            observation.values[f"{self.name}/rate.recent.predicted"] = rate
        elif isinstance(self._surface, Saddle):
            ridge: Motion = self.moves[-1]
            self._y *= ridge.rate if step else ridge.share
            observation.values[f"{self.name}/y.predicted"] = self._y


def drawn(noise: Noise, seed: int, step: int, walkers: Tensor) -> Tensor:
    """What each walker's minibatch adds to its gradient at a step: (n) → (n, 2)."""
    return minibatch_noise(seed, step, walkers, noise.std, noise.batch)


def _mean_factor(before: float, now: float, steps: int) -> float:
    """By which each of so many steps multiplied a distance; 1 for no steps, as a product of none is 1."""
    if steps == 0:
        return 1.0
    return (now / before) ** (1 / steps) if before else math.nan
