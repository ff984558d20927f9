"""One arm of a training run: its networks, how they are judged and what is seen of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tuilab.experiments.observation import Observation
from tuilab.experiments.training import frames
from tuilab.experiments.training.batches import Batch, Batches
from tuilab.experiments.training.examining import LOST, Verdict, answers, verdict
from tuilab.experiments.training.goals import Best, Goal
from tuilab.experiments.training.learner import Learner
from tuilab.experiments.training.observing import Found, Observer
from tuilab.experiments.training.sharpness import edge, sharpness
from tuilab.parts.augmentation import Augmentation
from tuilab.parts.ensembles import AVERAGES, refresh
from tuilab.parts.models import Network
from tuilab.probes.cost import Stopwatch
from tuilab.probes.pending import Pending
from tuilab.scenario.kinds.training import TrainingScenario
from tuilab.scenario.parts.judging import Test
from tuilab.scenario.strict import Strict

_REFRESHING = 20
"""Batches that averaged weights' batch-norm statistics are found on."""


class Arm:
    """Looks at each batch, is measured and validated when that is due, and learns.

    Args:
        name: the arm's.
        scenario: what to build.
        batches: what to learn from.
        steps: updates in all.
        device: where the networks lie.
        watch: runs while the networks are observed.
    """

    def __init__(
        self,
        name: str,
        scenario: TrainingScenario,
        batches: Batches,
        steps: int,
        device: torch.device,
        watch: Stopwatch,
    ) -> None:
        self.name, self.setup = name, scenario.arms[name]
        self.stopped = False
        """Whether the arm has learned enough and is out of the race."""
        self._scenario, self._batches, self._steps, self._watch = scenario, batches, steps, watch
        self._members = [
            Learner(scenario, self.setup, batches, steps, device, member)
            for member in range(self.setup.members)
        ]
        self._networks = [member.network for member in self._members]
        self._observer = Observer(name, self._networks[0], scenario.probes, watch, batches.world)
        augment = self.setup.augment.model_dump()
        crop = augment.pop("crop")
        self.augmentation = Augmentation(crop=None if crop is None else tuple(crop), **augment)
        self._goal = Goal(self.setup.target)
        stopping = self.setup.early_stopping
        self._best = None if stopping is None else Best(stopping, self._networks)
        average = self.setup.average.model_dump()
        self._average = AVERAGES[average.pop("name")](**average)

    @property
    def diverged(self) -> bool:
        """Whether a network was lost."""
        return self._members[0].diverged

    @property
    def weights(self) -> list[Tensor]:
        """All that the networks have learned and remember."""
        return [t for net in self._networks for t in (*net.parameters(), *net.buffers())]

    @property
    def optimizer(self) -> Strict:
        """Its settings now."""
        return self._members[0].optimizer

    def learning_rate(self, step: int) -> float:
        """That of the update which follows a step."""
        return self._members[0].learning_rate(step)

    def tune(self, optimizer: Strict) -> None:
        """Other settings from the next update on."""
        for member in self._members:
            member.optimizer = optimizer

    # -- learning -----------------------------------------------------------------------------------

    def forward_backward(self, step: int, watched: bool) -> Tensor:
        """Loss, accuracy and penalty of batch `step`, means over the members, (3,) and not waited for.

        With several processes then the loss and accuracy of this one's share of it, (5,).
        """
        found = []
        for member in self._members:
            batch = self._batch(step, member)
            watching = self._observer.watching() if watched and member is self._members[0] else None
            figures = member.forward_backward(batch, step, watching)
            own = [member.own] if self._batches.world.size > 1 else []
            found.append(torch.cat([figures, member.penalty().to(figures)[None], *own]))
        return torch.stack(found).mean(0)

    def _batch(self, step: int, member: Learner) -> Batch:
        """What a member learns from at a step."""
        how = self.augmentation.at(step / max(self._steps, 1))
        return self._batches.training(step, how, member.member).first(self.setup.batch)

    def seen(
        self, observation: Observation, loss: float, accuracy: float, penalty: float, *own: float
    ) -> None:
        """Take note of what `forward_backward` found."""
        values, step = observation.values, observation.step
        values[f"{self.name}/train.loss"] = loss
        values[f"{self.name}/train.accuracy"] = accuracy
        if self.setup.regularizer.name != "none":
            values[f"{self.name}/train.penalty"] = penalty
        for figure, value in zip(("loss", "accuracy"), own, strict=False):
            values[f"{self.name}/rank.{figure}/{self._batches.world.rank}"] = value
        values[f"{self.name}/learning_rate"] = self._members[0].learning_rate(step)
        self._aim(observation, "train", Verdict(loss, accuracy))
        if not self.diverged and not math.isfinite(loss):
            for member in self._members:
                member.diverged = True
            observation.events.append(("diverged", self.name, {}))

    def measure_sharpness(self, observation: Observation) -> None:
        """The curvature that the first member's next batch sees, and what its optimiser could bear."""
        step, first = observation.step, self._members[0]
        batch, lr = self._batch(step, first), first.learning_rate(step)
        with self._watch:
            observation.values[f"{self.name}/sharpness"] = sharpness(first, batch, step)
            observation.values[f"{self.name}/sharpness.predicted"] = edge(first.optimizer, lr)

    def measure(self) -> list[Pending[Found]]:
        """What the probes saw of the batch looked at."""
        if self.diverged:
            return [Pending((), self._observer.lost)]
        with self._watch:
            pending = self._observer.measured()
            if self._batches.planar:
                drawn = frames.boundary(self._networks, self._batches)
                pending.append(drawn.then(lambda frame: Found({}, {f"{self.name}/boundary": frame})))
        return pending

    def measure_exactly(self, observation: Observation) -> None:
        """What takes a pass over all training examples."""
        if not self.diverged:
            with self._watch:
                observation.values.update(self._observer.exact(self._batches))

    def update(self, step: int, watched: bool) -> list[Pending[Found]]:
        """Learn from the batch looked at; how far that went, if it is watched."""
        if self.diverged:
            return []
        if watched:
            self._observer.before_update()
        for member in self._members:
            member.update(step)
        moved = [self._observer.after_update()] if watched else []
        self._average.gather(self._networks[0], step + 1, self._steps)
        return moved

    # -- judging ------------------------------------------------------------------------------------

    def validate(self, observation: Observation) -> None:
        """Judge the networks on the held-out examples, in every way the scenario asks for."""
        step = observation.step
        plain = self._judged(step, show=observation)
        self._record(observation, "validation", plain)
        self._aim(observation, "validation", plain)
        for name, test in self._scenario.tests.items():
            tested = self._judged(step, test)
            self._record(observation, "validation", tested, f".{name}")
            observation.values[f"{self.name}/gain.{name}"] = tested.accuracy - plain.accuracy
        if count := min(self._scenario.probes.gap, len(self._batches.labels)):
            fit = self._judged(step, count=count)
            self._record(observation, "fit", fit)
            gap = Verdict(plain.loss - fit.loss, fit.accuracy - plain.accuracy)
            self._record(observation, "gap", gap)
        alone = self._poll(observation, plain) if len(self._members) > 1 else plain.accuracy
        if self._average.networks:
            averaged = self._judged_average(step)
            self._record(observation, "averaged", averaged)
            observation.values[f"{self.name}/averaged.gain"] = averaged.accuracy - alone
        if self._best is not None:
            self._compare(self._best, observation, plain)

    def _judged(
        self,
        step: int,
        test: Test | None = None,
        count: int = 0,
        networks: Sequence[Network] | None = None,
        show: Observation | None = None,
    ) -> Verdict:
        """On the held-out examples, or on `count` training examples; pictures of it, if there is where to."""
        if self.diverged:
            return LOST
        b = self._batches
        if not b.world.leader:
            return Verdict(*b.world.broadcast(None))
        for member in self._members:
            member.draw_by("test", step)
        inputs, labels = (b.inputs[:count], b.labels[:count]) if count else (b.held_inputs, b.held_labels)
        found = answers(self._networks if networks is None else networks, inputs, labels, b, test)
        if show is not None:
            self._show(show, *found)
        return Verdict(*b.world.broadcast(verdict(*found, self._members[0].judge)))

    def _show(self, observation: Observation, scores: Tensor, labels: Tensor) -> None:
        """Pictures of what the networks see and say."""
        drawn: dict[str, frames.Frame] = {}
        watch, step = self._scenario.watch, observation.step
        if "confusion" in watch:
            drawn["confusion"] = frames.confusion(scores, labels, self._batches)
        if "mistakes" in watch and self._batches.pictures:
            drawn["mistakes"], drawn["mistakes.captions"] = frames.mistakes(scores, labels, self._batches)
        if "filters" in watch and self._batches.pictures:
            drawn["filters"] = frames.filters(self._networks[0], self._batches)
        if "samples" in watch and self._batches.pictures:
            drawn["samples"] = frames.samples(self._batch(step, self._members[0]), self._batches)
        observation.frames.update({f"{self.name}/{name}": frame for name, frame in drawn.items()})

    def _poll(self, observation: Observation, together: Verdict) -> float:
        """Each member alone, and what voting gains; returns the accuracy of the first, which is averaged."""
        alone = [self._judged(observation.step, networks=[network]).accuracy for network in self._networks]
        for number, accuracy in enumerate(alone, 1):
            observation.values[f"{self.name}/member.accuracy/{number}"] = accuracy
        observation.values[f"{self.name}/members.accuracy"] = float(np.mean(alone))
        observation.values[f"{self.name}/ensemble.gain"] = together.accuracy - float(np.mean(alone))
        return alone[0]

    def _judged_average(self, step: int) -> Verdict:
        networks = [network for network in self._average.networks if isinstance(network, Network)]
        if self.setup.average.name == "swa" and self._batches.world.leader:
            steps = range(min(_REFRESHING, self._batches.per_epoch))
            self._members[0].draw_by("refresh", step)
            refresh(networks[0], (self._batches.training(k, self.augmentation).inputs for k in steps))
        return self._judged(step, networks=networks)

    def _compare(self, best: Best, observation: Observation, found: Verdict) -> None:
        """Keep the best networks; stop when patience is at its end."""
        step = observation.step
        if best.consider(found, step):
            observation.events.append(("best", self.name, found._asdict()))
        self._record(observation, "best", best.found)
        if best.over and step < self._steps:
            self.stopped = True
            observation.events.append(("stopped", self.name, {"best_step": best.step}))

    def conclude(self, observation: Observation) -> None:
        """After the last look at the data: back to the best networks, if they were kept."""
        if self._best is not None and not self.diverged:
            self._best.restore_weights()
            observation.events.append(("restored", self.name, {"from_step": self._best.step}))
            again = self._judged(observation.step)
            self._record(observation, "restored", again)
            observation.values[f"{self.name}/restored.shift"] = again.accuracy - self._best.found.accuracy

    def _record(self, observation: Observation, what: str, found: Verdict, test: str = "") -> None:
        observation.values[f"{self.name}/{what}.loss{test}"] = found.loss
        observation.values[f"{self.name}/{what}.accuracy{test}"] = found.accuracy

    def _aim(self, observation: Observation, on: str, found: Verdict) -> None:
        if self._goal.reached(on, found):
            observation.events.append(("reached", self.name, found._asdict()))

    # -- going on later -----------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """All that the arm goes on from."""
        return {
            "members": [member.state() for member in self._members],
            "goal": self._goal.state(),
            "best": None if self._best is None else self._best.state(),
            "average": self._average.state(),
            "stopped": self.stopped,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        for member, kept in zip(self._members, state["members"], strict=True):
            member.restore(kept)
        self._goal.restore(state["goal"])
        if self._best is not None:
            self._best.restore(state["best"])
        self._average.restore(state["average"], self._networks[0])
        self.stopped = state["stopped"]
