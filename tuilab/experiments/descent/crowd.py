"""Many walkers at once by one arm's rule: from many starts, or with many settings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from tuilab.experiments.descent.places import to_goals
from tuilab.experiments.descent.theory import Spread, motions
from tuilab.experiments.descent.walker import drawn
from tuilab.experiments.state import alike
from tuilab.parts.optimizers import Rule, State, SurfaceRule, advance, rule_of
from tuilab.parts.randomness import stream
from tuilab.parts.surfaces import Minibatch, Surface
from tuilab.parts.surfaces.surface import Point, vector
from tuilab.scenario.kinds.descent import DescentSetup, Noise
from tuilab.scenario.parts.crowds import Axis, Copies, Grid, Random, Settings

_CHUNK = 8192
"""Walkers that go together: few enough for their numbers to stay in the processor's cache."""


@dataclass(slots=True)
class _Chunk:
    """Some of the crowd, walking by tensors of their own."""

    numbers: Tensor
    """(n,): who they are; the arm's own walker is 0."""
    settings: dict[str, Tensor]
    """(n, 1) each: the numbers of the rule in which they differ."""
    rule: Rule | SurfaceRule
    points: Tensor
    """(n, 2)."""
    state: State

    def advance(self, surface: Surface, noise: Noise | None, seed: int, first: int, last: int) -> None:
        """Take the steps from `first` to `last`."""
        for step in range(first, last + 1):
            seen = surface
            if noise is not None:
                seen = Minibatch(surface, drawn(noise, seed, step, self.numbers))
            gradient = seen.gradient(self.points)
            self.points, self.state = advance(self.rule, self.points, gradient, self.state, seen)


class Crowd:
    """Walkers that only their pictures ask for, so they catch up with the run just before one is due.

    Between pictures each chunk of them takes all its steps at once: the order of the work differs from that
    of the steps, the numbers do not.
    """

    def __init__(self, setup: DescentSetup, surface: Surface, seed: int, view: tuple[Point, Point]) -> None:
        assert setup.crowd is not None
        self.kind = setup.crowd
        self._surface, self._noise, self._seed = surface, setup.noise, seed
        self._step = 0
        self.settings = setup.optimizer.model_dump()
        """The arm's rule and its settings now."""
        moves = motions(surface, self.settings) if setup.noise and isinstance(setup.crowd, Copies) else []
        self._spread = Spread(moves, setup.noise.std**2 / setup.noise.batch if setup.noise else 0.0)
        starts, settings = _starts(setup, seed, view)
        self.first = to_goals(surface, starts)
        """(n,): every walker's first distance."""
        self._chunks = []
        for low in range(0, len(starts), _CHUNK):
            part = slice(low, low + _CHUNK)
            own = {key: values[part, None] for key, values in settings.items()}
            points = vector(*starts[part].unbind(-1))
            rule = rule_of(self.settings, **own)
            numbers = torch.arange(low, low + len(points)) + 1
            self._chunks.append(_Chunk(numbers, own, rule, points, rule.start(points)))

    @property
    def points(self) -> Tensor:
        """Where everybody stands, (n, 2)."""
        return torch.cat([chunk.points for chunk in self._chunks])

    @property
    def predicted(self) -> float | None:
        """The variance that theory expects of the crowd, where it has one."""
        return self._spread.variance

    def follow(self, settings: Mapping[str, Any]) -> None:
        """Go on by these settings, but for those in which the crowd differs."""
        self.settings = dict(settings)
        self._spread.follow(motions(self._surface, self.settings))
        for chunk in self._chunks:
            chunk.rule = rule_of(self.settings, **chunk.settings)

    @torch.no_grad()
    def catch_up(self, step: int) -> None:
        """Take all steps up to and including this one."""
        for chunk in self._chunks:
            chunk.advance(self._surface, self._noise, self._seed, self._step + 1, step)
        self._spread.advance(step - self._step)
        self._step = step

    def state(self) -> dict[str, Any]:
        """All that the crowd goes on from."""
        chunks = [{"points": chunk.points, "state": list(chunk.state)} for chunk in self._chunks]
        return {"step": self._step, "chunks": chunks, "spread": self._spread.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self._step = state["step"]
        self._spread.restore(state["spread"])
        for chunk, saved in zip(self._chunks, state["chunks"], strict=True):
            chunk.points = alike(chunk.points, saved["points"])
            chunk.state = tuple(map(alike, chunk.state, saved["state"]))


def _starts(setup: DescentSetup, seed: int, view: tuple[Point, Point]) -> tuple[Tensor, dict[str, Tensor]]:
    """Every walker's start (n, 2), and the settings (n,) in which they differ."""
    crowd, here = setup.crowd, torch.tensor(setup.start, dtype=torch.float64)
    match crowd:
        case Settings():
            y, x = torch.meshgrid(cells(crowd.y, crowd.side), cells(crowd.x, crowd.side), indexing="ij")
            differ = {crowd.x.setting: x.reshape(-1), crowd.y.setting: y.reshape(-1)}
            return here.expand(crowd.side**2, 2), differ
        case Grid():
            across, up = place(crowd, view)
            y, x = torch.meshgrid(middles(up, crowd.side), middles(across, crowd.side), indexing="ij")
            return torch.stack((x.reshape(-1), y.reshape(-1)), dim=-1), {}
        case Random():
            low, high = torch.tensor(place(crowd, view), dtype=torch.float64).unbind(-1)
            shares = torch.rand(crowd.n, 2, dtype=torch.float64, generator=stream(seed, "starts"))
            return low + (high - low) * shares, {}
        case Copies():
            return here.expand(crowd.n, 2), {}
    raise TypeError(f"no starts for {crowd}")


def place(crowd: Grid | Random, view: tuple[Point, Point]) -> tuple[Point, Point]:
    """The ranges of x and y that starts are taken from."""
    x, y = crowd.x or view[0], crowd.y or view[1]
    return (x[0], x[1]), (y[0], y[1])


def cells(axis: Axis, n: int) -> Tensor:
    """The settings in the middle of n cells."""
    low, high = axis.range
    if axis.scale == "log":
        return middles((math.log(low), math.log(high)), n).exp()
    return middles((low, high), n)


def middles(ends: Point, n: int) -> Tensor:
    """The middles of n cells over a range."""
    low, high = ends
    return low + (high - low) * (torch.arange(n, dtype=torch.float64) + 0.5) / n
