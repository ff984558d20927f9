"""One arm of a training run: its network, how it is judged and what is seen of it."""

from __future__ import annotations

import math
from collections import deque

import numpy as np
import torch
from torch import Tensor

from tuilab.experiments.observation import Observation
from tuilab.experiments.training.batches import Batches
from tuilab.experiments.training.examining import LOST, Verdict, examine
from tuilab.experiments.training.frames import boundary
from tuilab.experiments.training.learner import Learner
from tuilab.experiments.training.observing import Observer
from tuilab.scenario.kinds.training import Target, Test, Training
from tuilab.scenario.strict import Strict


class Arm:
    """Looks at each batch, is measured and validated when that is due, and learns.

    Args:
        name: the arm's.
        scenario: what to build.
        batches: what to learn from.
        steps: updates in all.
        device: where the network lies.
    """

    def __init__(
        self, name: str, scenario: Training, batches: Batches, steps: int, device: torch.device
    ) -> None:
        self.name, self.setup = name, scenario.arms[name]
        self._scenario, self._batches, self._last = scenario, batches, steps
        self.learner = Learner(scenario, self.setup, batches, steps, device)
        self._observer = Observer(name, self.learner.network, self.setup.network.activation, scenario.probes)
        self._goal = None if self.setup.target is None else _Goal(self.setup.target)

    @property
    def diverged(self) -> bool:
        """Whether the network was lost."""
        return self.learner.diverged

    @property
    def optimizer(self) -> Strict:
        """Its settings now."""
        return self.learner.optimizer

    def tune(self, optimizer: Strict) -> None:
        """Other settings from the next update on."""
        self.learner.tune(optimizer)

    def look(self, step: int, watched: bool) -> Tensor:
        """Loss and accuracy of batch `step`, (2,) and not waited for."""
        batch = self._batches.training(step, self.setup.augment).first(self.setup.batch)
        return self.learner.look(batch, step, self._observer.watching() if watched else None)

    def seen(self, observation: Observation, loss: float, accuracy: float) -> None:
        """Take note of what `look` found."""
        values, step = observation.values, observation.step
        values[f"{self.name}/train.loss"] = loss
        values[f"{self.name}/train.accuracy"] = accuracy
        values[f"{self.name}/learning_rate"] = self.learner.learning_rate(step)
        self._aim(observation, "train", Verdict(loss, accuracy))
        if not self.diverged and not math.isfinite(loss):
            self.learner.diverged = True
            observation.events.append(("diverged", self.name, {}))

    def measure(self, observation: Observation) -> None:
        """What the probes saw of the batch looked at."""
        if self.diverged:
            observation.values.update(self._observer.lost())
            return
        values, frames = self._observer.measured()
        observation.values.update(values)
        observation.frames.update(frames)
        if len(self._batches.shape) == 1 and self._batches.shape[0] == 2:
            observation.frames[f"{self.name}/boundary"] = boundary([self.learner.network], self._batches)

    def measure_exactly(self, observation: Observation) -> None:
        """What takes a pass over all training examples."""
        if not self.diverged:
            observation.values.update(self._observer.exact(self._batches))

    def update(self, observation: Observation, watched: bool) -> None:
        """Learn from the batch looked at."""
        if self.diverged:
            return
        if watched:
            self._observer.before_update()
        self.learner.update(observation.step)
        if watched:
            observation.values.update(self._observer.after_update())

    def validate(self, observation: Observation) -> None:
        """Judge the network on the held-out examples, in every way the scenario asks for."""
        plain = self._judged()
        self._record(observation, "validation", plain)
        self._aim(observation, "validation", plain)
        for name, test in self._scenario.tests.items():
            self._record(observation, "validation", self._judged(test), f".{name}")
        if count := min(self._scenario.probes.gap, len(self._batches.labels)):
            fit = self._judged(count=count)
            self._record(observation, "fit", fit)
            gap = Verdict(plain.loss - fit.loss, fit.accuracy - plain.accuracy)
            self._record(observation, "gap", gap)

    def _judged(self, test: Test | None = None, count: int = 0) -> Verdict:
        """On the held-out examples, or on `count` training examples."""
        if self.diverged:
            return LOST
        b = self._batches
        inputs, labels = (b.inputs[:count], b.labels[:count]) if count else (b.held_inputs, b.held_labels)
        return examine([self.learner.network], inputs, labels, b, self.learner.judge, test)

    def _record(self, observation: Observation, what: str, found: Verdict, test: str = "") -> None:
        observation.values[f"{self.name}/{what}.loss{test}"] = found.loss
        observation.values[f"{self.name}/{what}.accuracy{test}"] = found.accuracy

    def _aim(self, observation: Observation, on: str, found: Verdict) -> None:
        if self._goal is not None and self._goal.reached(on, found):
            self._goal = None
            observation.events.append(
                ("reached", self.name, {"loss": found.loss, "accuracy": found.accuracy})
            )


class _Goal:
    """Watches for a target."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._recent: deque[Verdict] = deque(maxlen=target.over if target.on == "train" else 1)

    def reached(self, on: str, found: Verdict) -> bool:
        """Whether the mean of the recent figures is there."""
        if on != self._target.on:
            return False
        self._recent.append(found)
        loss, accuracy = np.mean(self._recent, 0)
        if len(self._recent) < (self._recent.maxlen or 1):
            return False
        if self._target.loss is not None:
            return bool(loss <= self._target.loss)
        return self._target.accuracy is not None and bool(accuracy >= self._target.accuracy)
