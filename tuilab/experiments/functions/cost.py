"""What activation functions cost, by the clock."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import torch

from tuilab.experiments.observation import Observation
from tuilab.parts.activations import ACTIVATIONS, Activation
from tuilab.parts.randomness import stream

T = TypeVar("T")


class Cost:
    """Every step times each function once more, forward and backward; figures are medians so far.

    The functions take turns, so that whatever else the machine does falls on all of them alike. Ratios are to
    the arm that is a ReLU; where none is, one is timed with them.
    """

    def __init__(
        self, functions: Mapping[str, Activation], elements: int, seed: int, device: torch.device
    ) -> None:
        relus = [name for name, phi in functions.items() if phi is ACTIVATIONS["relu"]]
        self._reference = relus[0] if relus else ""
        self._functions = dict(functions) if relus else {"": ACTIVATIONS["relu"], **functions}
        generator = stream(seed, "cost")
        self._h = torch.randn(elements, generator=generator).to(device).requires_grad_()
        self._gradient = torch.ones_like(self._h)
        self._times: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def __call__(self, step: int, observation: Observation) -> None:
        """Time every function once more."""
        for name, phi in self._functions.items():
            # The first pass of a step fetches memory and code for the second.
            self._time(phi)
            self._times[name].append(self._time(phi))
        forward, backward = self._medians(self._reference)
        for name in self._functions:
            if name:
                ours = self._medians(name)
                observation.values.update(
                    {
                        f"{name}/forward": ours[0],
                        f"{name}/backward": ours[1],
                        f"{name}/forward.ratio": ours[0] / forward,
                        f"{name}/backward.ratio": ours[1] / backward,
                    }
                )

    def state(self) -> dict[str, Any]:
        """All timings, (n, 2) a function."""
        return {name: torch.tensor(times, dtype=torch.float64) for name, times in self._times.items()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        for name, times in state.items():
            self._times[name] = [(forward, backward) for forward, backward in times.tolist()]

    def _time(self, phi: Activation) -> tuple[float, float]:
        with torch.enable_grad():
            # A view of h even for the identity, which would otherwise have no backward pass to time.
            h = self._h.view_as(self._h)
            x, forward = self._clocked(lambda: phi(h))
            _, backward = self._clocked(lambda: torch.autograd.grad(x, h, self._gradient))
        return forward / self._h.numel(), backward / self._h.numel()

    def _clocked(self, work: Callable[[], T]) -> tuple[T, float]:
        self._wait()
        began = time.perf_counter_ns()
        result = work()
        self._wait()
        return result, float(time.perf_counter_ns() - began)

    def _wait(self) -> None:
        if self._h.is_cuda:
            torch.cuda.synchronize(self._h.device)

    def _medians(self, name: str) -> tuple[float, float]:
        forward, backward = zip(*self._times[name], strict=True)
        return statistics.median(forward), statistics.median(backward)
