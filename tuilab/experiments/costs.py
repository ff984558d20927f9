"""What an optimiser's step costs as parameters get more, by the clock and by the byte."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from typing import Any

import torch
from torch import Tensor

from tuilab.experiments.observation import Observation
from tuilab.experiments.stepped import SteppedExperiment
from tuilab.parts.optimizers import Rule, SurfaceRule, advance, rule_of
from tuilab.parts.randomness import stream
from tuilab.scenario.kinds.costs import CostsScenario

_REPEATS = 3
"""Steps timed at the least, after a first that fetches memory and code; the fastest counts."""
_SECONDS, _ENOUGH = 0.05, 200
"""Time spent on one rule at one size, at the least, unless so many steps are enough."""


class CostsExperiment(SteppedExperiment):
    """Step k times every arm at its k-th number of parameters, in float64 on the CPU."""

    def __init__(self, scenario: CostsScenario) -> None:
        super().__init__(scenario.steps or 1)
        self._n = scenario.n
        self._seed = scenario.seed
        self._rules = {name: rule_of(arm.optimizer.model_dump()) for name, arm in scenario.arms.items()}
        self._seen: dict[str, list[tuple[float, float]]] = defaultdict(list)
        """Per series (N, cost) so far."""

    @torch.no_grad()
    def _observe(self, observation: Observation) -> None:
        step = observation.step
        first, last = self._n
        n = round(first * (last / first) ** (step / self.steps))
        for name, rule in self._rules.items():
            bowl = Bowl(n, self._seed)
            seconds, left, state = _timed(rule, bowl)
            observation.values |= {
                f"{name}/n": float(n),
                f"{name}/time": seconds,
                f"{name}/time.slope": self._slope(f"{name}/time", n, seconds),
                f"{name}/memory": float(state + bowl.largest),
                f"{name}/memory.slope": self._slope(f"{name}/memory", n, state + bowl.largest),
                f"{name}/left": left,
            }

    def state(self) -> dict[str, Any]:
        """The step and the costs so far, from which slopes are taken."""
        return {**super().state(), "seen": dict(self._seen)}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        super().restore(state)
        for series, pairs in state["seen"].items():
            self._seen[series] = [(float(x), float(y)) for x, y in pairs]

    def _slope(self, series: str, n: int, cost: float) -> float:
        """The exponent p of cost ∝ Nᵖ, by least squares over the last three doublings of N."""
        self._seen[series].append((math.log(n), math.log(cost)))
        near = [(x, y) for x, y in self._seen[series] if x >= math.log(n / 8.1)]
        x_mean = sum(x for x, _ in near) / len(near)
        y_mean = sum(y for _, y in near) / len(near)
        spread = sum((x - x_mean) ** 2 for x, _ in near)
        return sum((x - x_mean) * (y - y_mean) for x, y in near) / spread if spread else math.nan


class Bowl:
    """½Σdᵢxᵢ² + ½(u·x)²: curvatures d between 1 and 100, and one direction u across all parameters.

    Its gradient costs O(N), as a network's costs about as much as the network; its Hessian diag(d) + uuᵀ has
    no zeros.
    """

    def __init__(self, n: int, seed: int) -> None:
        generator = stream(seed, "bowl", n)
        self._d = 1 + 99 * torch.rand(n, dtype=torch.float64, generator=generator)
        self._u = torch.randn(n, dtype=torch.float64, generator=generator)
        self.start = torch.randn(n, dtype=torch.float64, generator=generator)
        self.largest = 0
        """Bytes of the largest thing that was asked for."""

    def value(self, p: Tensor) -> Tensor:
        """The height: (N,) → ()."""
        return 0.5 * ((self._d * p * p).sum() + (self._u @ p) ** 2)

    def gradient(self, p: Tensor) -> Tensor:
        """(N,) → (N,)."""
        return self._noted(self._d * p + self._u * (self._u @ p))

    def hessian(self, p: Tensor) -> Tensor:
        """(N,) → (N, N)."""
        hessian = self._u[:, None] * self._u
        hessian.diagonal().add_(self._d)
        return self._noted(hessian)

    def _noted(self, answer: Tensor) -> Tensor:
        self.largest = max(self.largest, answer.nbytes)
        return answer


def _timed(rule: Rule | SurfaceRule, bowl: Bowl) -> tuple[float, float, int]:
    """Several steps: seconds of the fastest, share of the distance left by the first, bytes remembered.

    Seconds of the processor, not of the wall, and on one thread: what else the machine does is not counted,
    nor what threads spend waiting for each other.
    """
    x, state = bowl.start, rule.start(bowl.start)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    times: list[float] = []
    left = math.nan
    while len(times) <= _REPEATS or (sum(times) < _SECONDS and len(times) < _ENOUGH):
        began = time.thread_time()
        x, state = advance(rule, x, bowl.gradient(x), state, bowl)
        times.append(time.thread_time() - began)
        if len(times) == 1:
            left = float(x.norm() / bowl.start.norm())
    torch.set_num_threads(threads)
    return min(times[1:]), left, sum(part.nbytes for part in state)
