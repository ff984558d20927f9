"""Networks learning to classify, all arms in lockstep on the same batches."""

from __future__ import annotations

import math
import time
from typing import cast

import torch

from tuilab.experiments.batches import Batches
from tuilab.experiments.learner import Learner
from tuilab.experiments.observation import Observation
from tuilab.experiments.tuning import changed, numbers
from tuilab.probes.cost import ProbeSchedule
from tuilab.scenario.kinds.training import Training
from tuilab.scenario.parts.optimizers import Optimizer
from tuilab.scenario.strict import Strict

_SPEED_EVERY = 20
"""Steps over which images per second are averaged."""


class TrainingExperiment:
    """Step k looks at batch k, validates when that is due, and then updates every arm with batch k.

    Args:
        scenario: what to compare.
        device: where pictures and networks lie. What is random is drawn on the CPU, so a seed means the
            same on every device.

    Raises:
        tuilab.data.DataError: the data set isn't there.
    """

    def __init__(self, scenario: Training, device: torch.device) -> None:
        self._batches = Batches(scenario, device)
        per_epoch = self._batches.per_epoch
        self.steps = round(scenario.epochs * per_epoch) if scenario.steps is None else scenario.steps
        self.sampled = scenario.probes.sample
        self._device = device
        self._evaluate = scenario.evaluate * per_epoch
        """Steps between two validations, not always a whole number."""
        self._probes = ProbeSchedule(scenario.probes.every, self.steps, scenario.probes.budget)
        self._learners = [
            Learner(name, scenario, self._batches, self.steps, device) for name in scenario.arms
        ]
        self._step = 0
        self._timed_steps, self._timed_seconds = 0, 0.0

    def __iter__(self) -> TrainingExperiment:
        return self

    def __next__(self) -> Observation:
        step = self._step
        if step > self.steps:
            raise StopIteration
        self._step += 1
        observation = Observation(step, {})
        if self._validates(step):
            for learner in self._learners:
                loss, accuracy = learner.validate(self._batches)
                observation.values[f"{learner.name}/validation.loss"] = loss
                observation.values[f"{learner.name}/validation.accuracy"] = accuracy

        began = time.perf_counter()
        measuring = self._learn(observation)
        self._account(observation, measuring, time.perf_counter() - began)
        return observation

    def tunables(self) -> dict[str, float]:
        """Every number of every arm's optimiser; the schedule multiplies the learning rate set here."""
        return numbers(self._optimizers)

    def tune(self, key: str, value: float) -> None:
        """Change one from the next update on, velocities and moments kept; raises KeyError or ValueError."""
        place, settings = changed(self._optimizers, key, value)
        for learner in self._learners:
            if place == f"{learner.name}/optimizer":
                learner.tune(cast(Optimizer, settings))

    @property
    def _optimizers(self) -> dict[str, Strict]:
        return {f"{learner.name}/optimizer": learner.optimizer for learner in self._learners}

    def _validates(self, step: int) -> bool:
        """At the start, at the end and at the first step after every so many epochs."""
        return step in (0, self.steps) or step // self._evaluate > (step - 1) // self._evaluate

    def _learn(self, observation: Observation) -> float | None:
        """Look, measure, update; returns the seconds that measuring took, None if it was not due."""
        step, due = observation.step, self._probes.due(observation.step)
        images, labels = self._batches.training(step)
        seen = torch.stack([learner.look(images, labels, due) for learner in self._learners]).tolist()
        for learner, (loss, accuracy) in zip(self._learners, seen, strict=True):
            observation.values[f"{learner.name}/train.loss"] = loss
            observation.values[f"{learner.name}/train.accuracy"] = accuracy
            observation.values[f"{learner.name}/learning_rate"] = learner.learning_rate(step)
        measuring = self._measure(observation) if due else None
        for learner, (loss, _) in zip(self._learners, seen, strict=True):
            if not learner.diverged and not math.isfinite(loss):
                learner.diverged = True
                observation.events.append(("diverged", learner.name, {}))
            if not learner.diverged and step < self.steps:
                learner.update(step)
        return measuring

    def _measure(self, observation: Observation) -> float:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)  # or the device's arrears would be taken for the cost
        began = time.perf_counter()
        for learner in self._learners:
            values, frames = learner.measured()
            observation.values.update(values)
            observation.frames.update(frames)
        return time.perf_counter() - began

    def _account(self, observation: Observation, measuring: float | None, seconds: float) -> None:
        """Speed and the probes' share of the time, and the schedule thinned if they took too much."""
        self._timed_steps += 1
        self._timed_seconds += seconds
        if observation.step % _SPEED_EVERY == 0 and observation.step:
            pictures = self._timed_steps * self._batches.size * len(self._learners)
            observation.values["engine/images_per_second"] = pictures / self._timed_seconds
            self._timed_steps, self._timed_seconds = 0, 0.0
        broken = self._probes.spent(measuring, seconds)
        if measuring is not None:
            observation.values["engine/probe_share"] = self._probes.share
        if broken is not None:
            thinned = {"every": self._probes.every, "share": broken}
            observation.events.append(("probes-thinned", None, thinned))
