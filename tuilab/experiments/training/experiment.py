"""Networks learning to classify, all arms in lockstep on the same batches."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import torch

from tuilab.experiments.memory import room, smaller
from tuilab.experiments.observation import Observation
from tuilab.experiments.state import counted
from tuilab.experiments.training.arm import Arm
from tuilab.experiments.training.batches import Batches
from tuilab.experiments.training.frames import points, schedule
from tuilab.experiments.training.sharing import checksum
from tuilab.experiments.tuning import changed, numbers, patched
from tuilab.experiments.world import ALONE, PeerFailed, World
from tuilab.probes.cost import ProbeSchedule, Stopwatch
from tuilab.probes.pending import fetch
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
            and records what is measured; what the others observe is how their own share does.
        clock: seconds.

    Raises:
        tuilab.data.DataError: the data set isn't there.
        tuilab.experiments.world.DistributedError: a batch has fewer examples than there are processes; or,
            later, another process has gone, or has come to have other weights.
    """

    def __init__(
        self,
        scenario: TrainingScenario,
        device: torch.device,
        world: World = ALONE,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._scenario, self._world = scenario, world
        self._batches = Batches(scenario, device, world)
        self.data = self._batches.fingerprint
        per_epoch = self._batches.per_epoch
        self.steps = round(scenario.epochs * per_epoch) if scenario.steps is None else scenario.steps
        self.sampled = scenario.probes.sample
        self._evaluate = scenario.evaluate * per_epoch
        """Steps between two validations, not always a whole number."""
        self.probes = ProbeSchedule(scenario.probes.every, self.steps, scenario.probes.budget)
        """When the batch looked at is measured."""
        self._exactly = ProbeSchedule(scenario.probes.exact, self.steps, 1)
        self._curvature = ProbeSchedule(scenario.probes.curvature, self.steps, 1)
        self._clock, self._watch = clock, Stopwatch(device, clock)
        self._arms = [
            Arm(name, scenario, self._batches, self.steps, device, self._watch) for name in scenario.arms
        ]
        self._step = 0
        self._agreed = False
        self._examples, self._seconds = 0, 0.0
        """What was learned from since the speed was last told, and how long it took."""

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
        if self._world.size > 1:
            self._agree(step, arms)
        with room("judging the network does not fit into memory; make it smaller"):
            if self._validates(step):
                for arm in arms:
                    arm.validate(observation)
            began = self._clock()
            self._look_closely(observation, arms)
        closely = self._watch.read()
        if learning := [arm for arm in arms if not arm.stopped]:
            with room(smaller(self._batches.size)):
                self._learn(observation, learning)
        self._account(observation, self._clock() - began, closely)
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
        self._change(*changed(self._optimizers, key, value))

    def patch(self, at: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change several of one optimiser, all or none; returns what they were."""
        place, settings = patched(self._optimizers, at, changes)
        was = {name: getattr(self._optimizers[place], name) for name in changes}
        self._change(place, settings)
        return was

    def _change(self, place: str, settings: Strict) -> None:
        for arm in self._arms:
            if place == f"{arm.name}/optimizer":
                arm.tune(settings)

    def state(self) -> dict[str, Any]:
        """All that the run goes on from: nested dicts and lists of tensors and plain data.

        What is random is drawn anew for every step from the seed, so no generator is in it.
        """
        arms = {arm.name: arm.state() for arm in self._arms}
        return {"step": self._step, "every": self.probes.every, "arms": arms}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave, as the same run would have."""
        self._step, self.probes.every = counted(state["step"], self.steps + 1), state["every"]
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

    def _agree(self, step: int, arms: list[Arm]) -> None:
        """Start from the leader's networks; raise PeerFailed when a process has come to have others."""
        if not self._agreed:
            self._world.broadcast_tensors([t for arm in self._arms for t in arm.weights])
            self._agreed = True
        if not self._validates(step):
            return
        alive = [arm for arm in arms if not arm.diverged]
        own = torch.stack([checksum(arm.weights) for arm in alive]).tolist() if alive else []
        leaders = self._world.broadcast(own)
        apart = [arm.name for arm, mine, wanted in zip(alive, own, leaders, strict=True) if mine != wanted]
        problem = (
            f"at step {step} process {self._world.rank} has other weights than process 0 in arm "
            f"{', '.join(apart)}; processes learn together only where hardware and libraries round alike"
        )
        if problem := self._world.gather_first(problem if apart else ""):
            raise PeerFailed(problem)

    def _look_closely(self, observation: Observation, arms: list[Arm]) -> None:
        """At more than this step's batch, and at the loss's curvature, where that is due."""
        exactly, sharpness = self._exactly.due(observation.step), self._curvature.due(observation.step)
        if self._world.leader:
            for arm in arms if exactly else ():
                arm.measure_exactly(observation)
            for arm in arms if sharpness else ():
                arm.measure_sharpness(observation)
        if exactly or sharpness:
            self._world.broadcast(None)  # here the others wait for as long as it takes

    def _learn(self, observation: Observation, arms: list[Arm]) -> None:
        """Forward and backward, measure, update."""
        step, due = observation.step, self.probes.due(observation.step)
        self._examples += sum(arm.setup.batch * arm.setup.members for arm in arms if not arm.diverged)
        figures = torch.stack([arm.forward_backward(step, due) for arm in arms]).tolist()
        pending = [found for arm in arms for found in arm.measure()] if due else []
        for arm, found in zip(arms, figures, strict=True):
            arm.seen(observation, *found)
            if step < self.steps:
                pending += arm.update(step, due)
        if due and self._world.leader:
            with self._watch:
                for measured in fetch(pending):
                    observation.values.update(measured.values)
                    observation.frames.update(measured.frames)

    def _account(self, observation: Observation, seconds: float, closely: float) -> None:
        """Speed and the probes' share of the time, and the schedule thinned if they took too much.

        Args:
            observation: of the step.
            seconds: that the step took, validations left out.
            closely: how many of them looks took that no budget thins.
        """
        self._seconds += seconds - closely
        if observation.step % _SPEED_EVERY == 0 and observation.step:
            observation.values["engine/images_per_second"] = self._examples / self._seconds
            self._examples, self._seconds = 0, 0.0
        due, measuring = self.probes.due(observation.step), self._watch.read()
        broken = self.probes.spent(measuring if due else None, seconds - closely, closely)
        if due:
            observation.values["engine/probe_share"] = self.probes.share
            # One process's clock decides, or they would not look at the same steps.
            self.probes.every = self._world.broadcast(self.probes.every)
        if broken is not None:
            thinned = {"every": self.probes.every, "share": broken}
            observation.events.append(("probes-thinned", None, thinned))
