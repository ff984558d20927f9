"""What an arm is after: a target to reach, and the best network to keep."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from tuilab.experiments.training.examining import LOST, Verdict
from tuilab.parts.models import Network
from tuilab.scenario.parts.judging import EarlyStopping, Target


class Goal:
    """Watches for a target, which is reached once."""

    def __init__(self, target: Target | None) -> None:
        self._target = target
        over = target.over if target is not None and target.on == "train" else 1
        self._recent: deque[Verdict] = deque(maxlen=over)

    def reached(self, on: str, found: Verdict) -> bool:
        """Whether the mean of the recent figures is there for the first time."""
        target = self._target
        if target is None or on != target.on:
            return False
        self._recent.append(found)
        if len(self._recent) < (self._recent.maxlen or 1):
            return False
        loss, accuracy = np.mean(self._recent, 0)
        # NaN, of a network that diverged, is no goal: so what has to hold is asked, not what must not.
        there = loss <= target.loss if target.loss is not None else accuracy >= (target.accuracy or 0)
        if there:
            self._target = None
        return bool(there)

    def state(self) -> dict[str, Any]:
        """What it remembers."""
        return {"recent": [list(verdict) for verdict in self._recent], "open": self._target is not None}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self._recent.extend(Verdict(*verdict) for verdict in state["recent"])
        self._target = self._target if state["open"] else None


class Best:
    """The best weights so far on the held-out examples, and whether it is time to give up."""

    def __init__(self, settings: EarlyStopping, networks: Sequence[Network]) -> None:
        self._settings, self._networks = settings, networks
        self._weights: list[dict[str, torch.Tensor]] = []
        self._waited = 0
        self.found, self.step = LOST, 0

    def consider(self, found: Verdict, step: int) -> bool:
        """Take note of a validation; True if the networks are the best so far, which are then kept."""
        sign = 1 if self._settings.metric == "accuracy" else -1
        new, best = (sign * getattr(verdict, self._settings.metric) for verdict in (found, self.found))
        if math.isnan(new) or new <= best:
            self._waited += 1
            return False
        self.found, self.step, self._waited = found, step, 0
        self._weights = [
            {name: value.clone() for name, value in network.state_dict().items()}
            for network in self._networks
        ]
        return True

    @property
    def over(self) -> bool:
        """Whether patience has run out."""
        return 0 < self._settings.patience <= self._waited

    def restore_weights(self) -> None:
        """Back to the best networks."""
        for network, weights in zip(self._networks, self._weights, strict=True):
            network.load_state_dict(weights)

    def state(self) -> dict[str, Any]:
        """What it remembers."""
        return {
            "weights": self._weights,
            "waited": self._waited,
            "found": list(self.found),
            "step": self.step,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self._weights, self._waited, self.step = state["weights"], state["waited"], state["step"]
        self.found = Verdict(*state["found"])
