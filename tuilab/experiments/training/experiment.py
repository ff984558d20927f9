"""Networks learning to classify, all arms in lockstep on the same batches."""

from __future__ import annotations

import time
from typing import Any

import torch

from tuilab.experiments.memory import room, smaller
from tuilab.experiments.observation import Observation
from tuilab.experiments.state import counted
from tuilab.experiments.training.arm import Arm
from tuilab.experiments.training.batches import Batches
from tuilab.experiments.training.frames import points, schedule
from tuilab.experiments.tuning import changed, numbers
from tuilab.experiments.world import ALONE, World
from tuilab.probes.cost import ProbeSchedule
from tuilab.scenario.kinds.training import TrainingScenario
from tuilab.scenario.strict import Strict

_SPEED_EVERY = 20
"""Steps over which images per second are averaged."""


class TrainingExperiment:
    """Step k looks at batch k, validates when that is due, and then updates every arm with batch k.

    Args:
        scenario: what to compare.
        device: where examples and networks lie. What is random is drawn on the CPU, dropout's masks
            excepted, so a seed means the same on every device.
        world: the processes that learn together, each from its share of every batch. Only the leader judges
            and measures; what the others observe is how their own share does.

    Raises:
        tuilab.data.DataError: the data set isn't there.
        tuilab.experiments.world.DistributedError: a batch has fewer examples than there are processes.
    """

    def __init__(self, scenario: TrainingScenario, device: torch.device, world: World = ALONE) -> None:
        self._scenario, self._world = scenario, world
        self._batches = Batches(scenario, device, world)
        self.data = self._batches.fingerprint
        per_epoch = self._batches.per_epoch
        self.steps = round(scenario.epochs * per_epoch) if scenario.steps is None else scenario.steps
        self.sampled = scenario.probes.sample
        self._device = device
        self._evaluate = scenario.evaluate * per_epoch
        """Steps between two validations, not always a whole number."""
        self._probes = ProbeSchedule(scenario.probes.every, self.steps, scenario.probes.budget)
        self._exactly = ProbeSchedule(scenario.probes.exact, self.steps, 1)
        self._curvature = ProbeSchedule(scenario.probes.curvature, self.steps, 1)
        self._arms = [Arm(name, scenario, self._batches, self.steps, device) for name in scenario.arms]
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
        if step == 0:
            self._introduce(observation)
        arms = [arm for arm in self._arms if not arm.stopped]
        with room("judging the network does not fit into memory; make it smaller"):
            self._judge(observation, arms)
        began = time.perf_counter()
        learning = [arm for arm in arms if not arm.stopped]
        with room(smaller(self._batches.size)):
            measuring = self._learn(observation, learning) if learning else None
        self._account(observation, measuring, time.perf_counter() - began)
        for arm in arms:
            if arm.stopped or step == self.steps:
                arm.conclude(observation)
        return observation if self._world.leader else self._own(observation)

    def _own(self, observation: Observation) -> Observation:
        """What the leader does not know: how this process's share did."""
        values = observation.values
        own = {name: value for name, value in values.items() if name.endswith(f"/{self._world.rank}")}
        return Observation(observation.step, {name: own[name] for name in own if "/rank." in name})

    def tunables(self) -> dict[str, float]:
        """Every number of every arm's optimiser; the schedule multiplies the learning rate set here."""
        return numbers(self._optimizers)

    def tune(self, key: str, value: float) -> None:
        """Change one from the next update on, velocities and moments kept; raises KeyError or ValueError."""
        place, settings = changed(self._optimizers, key, value)
        for arm in self._arms:
            if place == f"{arm.name}/optimizer":
                arm.tune(settings)

    def state(self) -> dict[str, Any]:
        """All that the run goes on from: nested dicts and lists of tensors and plain data.

        What is random is drawn anew for every step from the seed, so no generator is in it.
        """
        arms = {arm.name: arm.state() for arm in self._arms}
        return {"step": self._step, "every": self._probes.every, "arms": arms}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave, as the same run would have."""
        self._step, self._probes.every = counted(state["step"], self.steps + 1), state["every"]
        for arm in self._arms:
            arm.restore(state["arms"][arm.name])

    @property
    def _optimizers(self) -> dict[str, Strict]:
        return {f"{arm.name}/optimizer": arm.optimizer for arm in self._arms}

    def _introduce(self, observation: Observation) -> None:
        """Which data these are, where the scenario leaves it open; the points to draw, and the schedules."""
        for arm in self._arms:
            observation.frames[f"{arm.name}/schedule"] = schedule(arm.learning_rate, self.steps)
        if self._scenario.data.name != self._batches.name:
            observation.events.append(("data", None, {"name": self._batches.name}))
        for split, classes in self._batches.missing.items():
            if classes:
                told = ", ".join(classes[:20]) + ", …" * (len(classes) > 20)
                observation.events.append(("missing", None, {"split": split, "classes": told}))
        if not self._batches.pictures:
            observation.frames["points"] = points(self._batches)

    def _validates(self, step: int) -> bool:
        """At the start, at the end and at the first step after every so many epochs."""
        return step in (0, self.steps) or step // self._evaluate > (step - 1) // self._evaluate

    def _judge(self, observation: Observation, arms: list[Arm]) -> None:
        """Whatever looks at more than this step's batch, and at the loss's curvature, where that is due."""
        if self._validates(observation.step):
            for arm in arms:
                arm.validate(observation)
        if not self._world.leader:
            return
        if self._exactly.due(observation.step):
            for arm in arms:
                arm.measure_exactly(observation)
        if self._curvature.due(observation.step):
            for arm in arms:
                arm.measure_sharpness(observation)

    def _learn(self, observation: Observation, arms: list[Arm]) -> float | None:
        """Look, measure, update; returns the seconds that measuring took, None if it was not due."""
        step, due = observation.step, self._world.leader and self._probes.due(observation.step)
        looks = torch.stack([arm.look(step, due) for arm in arms]).tolist()
        measuring = self._measure(observation, arms) if due else None
        for arm, found in zip(arms, looks, strict=True):
            arm.seen(observation, *found)
            if step < self.steps:
                arm.update(observation, due)
        return measuring

    def _measure(self, observation: Observation, arms: list[Arm]) -> float:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)  # or the device's arrears would be taken for the cost
        began = time.perf_counter()
        for arm in arms:
            arm.measure(observation)
        return time.perf_counter() - began

    def _account(self, observation: Observation, measuring: float | None, seconds: float) -> None:
        """Speed and the probes' share of the time, and the schedule thinned if they took too much."""
        self._timed_steps += 1
        self._timed_seconds += seconds
        if observation.step % _SPEED_EVERY == 0 and observation.step:
            examples = self._timed_steps * sum(arm.setup.batch * arm.setup.members for arm in self._arms)
            observation.values["engine/images_per_second"] = examples / self._timed_seconds
            self._timed_steps, self._timed_seconds = 0, 0.0
        broken = self._probes.spent(measuring, seconds)
        if measuring is not None:
            observation.values["engine/probe_share"] = self._probes.share
        if broken is not None:
            thinned = {"every": self._probes.every, "share": broken}
            observation.events.append(("probes-thinned", None, thinned))
