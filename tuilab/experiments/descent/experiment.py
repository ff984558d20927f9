"""All arms down one surface, a step of each at a time."""

from __future__ import annotations

from typing import Any

import torch

from tuilab.experiments.descent.census import Census
from tuilab.experiments.descent.crowd import Crowd
from tuilab.experiments.descent.pictures import arrows, landscape, quadratic_model, view_of
from tuilab.experiments.descent.walker import Walker
from tuilab.experiments.observation import Observation
from tuilab.experiments.stepped import SteppedExperiment
from tuilab.parts.surfaces import make
from tuilab.scenario.kinds.descent import DescentScenario
from tuilab.scenario.strict import Strict

_DRAWN = 1000
"""Steps of a run, about, at which arrows are recorded."""
_PICTURES = 40
"""Pictures of a crowd in a run."""


class DescentExperiment(SteppedExperiment):
    """Every arm from its own start by its own rule, in float64, on the CPU."""

    def __init__(self, scenario: DescentScenario) -> None:
        super().__init__(
            scenario.steps, {f"{name}/optimizer": arm.optimizer for name, arm in scenario.arms.items()}
        )
        self._surface = make(scenario.surface.model_dump())
        self._view = view_of(self._surface, [arm.start for arm in scenario.arms.values()])
        self._walkers = [
            Walker(name, arm, self._surface, scenario.seed) for name, arm in scenario.arms.items()
        ]
        self._crowds = {
            name: Crowd(arm, self._surface, scenario.seed, self._view)
            for name, arm in scenario.arms.items()
            if arm.crowd is not None
        }
        self._censuses = {
            name: Census(name, crowd, self._surface, self._view) for name, crowd in self._crowds.items()
        }

    @torch.no_grad()
    def _observe(self, observation: Observation) -> None:
        step = observation.step
        if step == 0:
            observation.frames["landscape"] = landscape(self._surface, self._view)
        for walker in self._walkers if step else []:
            walker.step(step)
        points = torch.stack([walker.point for walker in self._walkers])
        losses = self._surface.value(points).tolist()
        gradients = self._surface.gradient(points)
        rows = zip(self._walkers, losses, gradients, gradients.tolist(), strict=True)
        for walker, loss, walker.gradient, slope in rows:
            walker.observe(observation, loss, slope)
        if step % max(1, self.steps // _DRAWN) == 0:
            self._draw(observation)
        self._look_at_crowds(observation)

    def _follow(self, place: str, settings: Strict) -> None:
        """Another rule for a walker and its crowd, velocities kept."""
        for walker in self._walkers:
            if place == f"{walker.name}/optimizer":
                walker.follow(settings)
                if walker.name in self._crowds:
                    self._crowds[walker.name].catch_up(max(self._step - 1, 0))
                    self._crowds[walker.name].follow(walker.settings)

    def state(self) -> dict[str, Any]:
        """Where every walker stands and what it remembers."""
        return {
            **super().state(),
            "walkers": {walker.name: walker.state() for walker in self._walkers},
            "crowds": {name: crowd.state() for name, crowd in self._crowds.items()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there; raises KeyError or ValueError for a state of another experiment."""
        for walker in self._walkers:
            walker.restore(state["walkers"][walker.name])
        for name, crowd in self._crowds.items():
            crowd.restore(state["crowds"][name])
        super().restore(state)

    def _draw(self, observation: Observation) -> None:
        """The arrows of every arm's next step."""
        for walker in self._walkers:
            if walker.diverged:
                continue
            observation.frames[f"{walker.name}/vectors"] = arrows(walker, self._surface)
            model = quadratic_model(walker, self._surface)
            if model is not None:
                observation.frames[f"{walker.name}/quadratic_model"] = model

    def _look_at_crowds(self, observation: Observation) -> None:
        step = observation.step
        for name, crowd in self._crowds.items():
            every = crowd.kind.every or max(1, self.steps // _PICTURES)
            if step % every == 0 or step == self.steps:
                crowd.catch_up(step)
                self._censuses[name].observe(observation)
