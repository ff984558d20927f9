"""A network's training, seen on a plane through its parameter space."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from tuilab.experiments.observation import Frame, Observation
from tuilab.experiments.stepped import SteppedExperiment
from tuilab.parts.optimizers import advance, rule_of
from tuilab.parts.randomness import stream
from tuilab.parts.surfaces.network import NetworkLoss, path_plane, random_plane
from tuilab.parts.toys import TOYS
from tuilab.scenario.kinds.slice import SliceScenario, SliceSetup

_MARGIN = 0.3
"""What is shown beyond the paths on every side, as a share of their extent."""


class SliceExperiment(SteppedExperiment):
    """Trains every arm in float64 on the CPU, lays the plane, and then tells the training step by step."""

    def __init__(self, scenario: SliceScenario) -> None:
        super().__init__(scenario.steps)
        data, network = scenario.data, scenario.network
        points, labels = TOYS[data.name](scenario.seed, data.examples, 2, data.noise)
        activation = torch.tanh if network.activation == "tanh" else torch.relu
        widths = [2, *[network.width] * network.depth, 2]
        self._loss = NetworkLoss(points.double(), labels, widths, activation)
        self._paths = {
            name: trained(self._loss, arm, self.steps, scenario.seed) for name, arm in scenario.arms.items()
        }
        whole = [path[path.isfinite().all(-1)] for path in self._paths.values()]
        self._plane = (
            path_plane(whole)
            if scenario.plane == "path"
            else random_plane(self._loss, whole[0][-1], scenario.seed)
        )
        self._side = scenario.side
        self._random = scenario.plane == "random"
        self._figures = {name: self._measured(path) for name, path in self._paths.items()}

    @torch.no_grad()
    def _observe(self, observation: Observation) -> None:
        step = observation.step
        if step == 0:
            observation.frames["landscape"] = self._landscape()
        for name, figures in self._figures.items():
            observation.values.update({f"{name}/{metric}": row[step] for metric, row in figures.items()})
            loss = figures["loss"]
            if not math.isfinite(loss[step]) and (step == 0 or math.isfinite(loss[step - 1])):
                observation.events.append(("diverged", name, {}))

    def tune(self, key: str, value: float) -> None:
        """Raises KeyError."""
        raise KeyError(f"{key} can't be changed: the network was trained before its path could be drawn")

    def _measured(self, path: Tensor) -> dict[str, list[float]]:
        """Every metric at every step of a path."""
        places = self._plane.places(path)
        shadows = self._plane.lift(places)
        right = self._loss.scores(path).argmax(-1) == self._loss.labels
        figures = {
            "loss": self._loss.value(path),
            "accuracy": right.double().mean(-1),
            "gradient.norm": self._loss.gradient(path).norm(dim=-1),
            "x": places[:, 0],
            "y": places[:, 1],
            "plane.loss": self._loss.value(shadows),
            "plane.missed": self._plane.missed(path),
            "plane.distance": (path - shadows).norm(dim=-1),
            "travelled": (path - path[0]).norm(dim=-1),
        }
        return {name: values.tolist() for name, values in figures.items()}

    def _landscape(self) -> Frame:
        """The loss over the plane, with all paths inside."""
        places = torch.cat([self._plane.places(path) for path in self._paths.values()])
        low, high = _extent(places[places.isfinite().all(-1)], self._random)
        x, y = (torch.linspace(low[axis], high[axis], self._side, dtype=torch.float64) for axis in (0, 1))
        heights = self._loss.over(self._plane, x, y)
        meta = {"kind": "landscape", "x": [low[0], high[0]], "y": [low[1], high[1]], "minima": []}
        return heights.float().numpy(), meta


def _extent(places: Tensor, random: bool) -> tuple[list[float], list[float]]:
    """The square to show; on a random plane at least ±1, where a direction is as long as the weights are."""
    low, high = places.amin(0), places.amax(0)
    if random:
        low, high = low.clamp(max=-1), high.clamp(min=1)
    middle, half = (low + high) / 2, (high - low).max() * (0.5 if random else 0.5 + _MARGIN)
    return (middle - half).tolist(), (middle + half).tolist()


@torch.no_grad()
def trained(loss: NetworkLoss, arm: SliceSetup, steps: int, seed: int) -> Tensor:
    """The path of a training through parameter space, (steps + 1, P); NaN once it has diverged."""
    rule = rule_of(arm.optimizer.model_dump())
    theta = loss.start(seed)
    memory, path = rule.start(theta), [theta]
    n = len(loss.labels)
    for step in range(1, steps + 1):
        batch = loss
        if arm.batch is not None and arm.batch < n:
            batch = loss.on(torch.randperm(n, generator=stream(seed, "batch", step))[: arm.batch])
        theta, memory = advance(rule, theta, batch.gradient(theta), memory, batch)
        path.append(theta)
    found = torch.stack(path)
    gone = (~found.isfinite()).any(-1).cumsum(0) > 0
    return torch.where(gone[:, None], torch.nan, found)
