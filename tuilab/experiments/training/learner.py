"""One network of an arm, learning."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call

from tuilab.experiments.training.batches import Batch, Batches
from tuilab.experiments.training.sharing import SharedStatistics, led
from tuilab.experiments.training.updaters import updater
from tuilab.parts.losses import LOSSES
from tuilab.parts.models import MODELS
from tuilab.parts.optimizers import OPTIMIZERS, asks_surface
from tuilab.parts.randomness import restart
from tuilab.parts.regularizers import REGULARIZERS
from tuilab.parts.schedules import factor
from tuilab.scenario.kinds.training import TrainingScenario, TrainingSetup
from tuilab.scenario.strict import Strict

_SEED_APART = 1_000_003
"""Added to the seed for every further member of an ensemble: other weights, other masks."""


_FITTED = 5_000
"""Training examples that a network may fit a layer on before it learns."""


class Learner:
    """A network learning by its own optimiser and schedule.

    Args:
        scenario: whose seed draws the weights.
        setup: what to build.
        batches: for the shape of the inputs, and with whom they are shared.
        steps: updates in all, which the schedule is spread over.
        device: where the network lies.
        member: which of an ensemble's networks this is; the first is what an arm without ensemble has.
    """

    def __init__(
        self,
        scenario: TrainingScenario,
        setup: TrainingSetup,
        batches: Batches,
        steps: int,
        device: torch.device,
        member: int = 0,
    ) -> None:
        self.member = member
        self._world = batches.world
        self.diverged = False
        self._seed = scenario.seed + _SEED_APART * member
        self._steps = max(steps, 1)
        self._schedule = setup.schedule.model_dump()
        self._cycles = getattr(setup.average, "cycles", 1)
        regularizer = setup.regularizer.model_dump()
        self._regularizer = REGULARIZERS[regularizer.pop("name")](**regularizer)
        loss = setup.loss.model_dump()
        self._loss: Callable[[Tensor, Tensor], Tensor] = partial(LOSSES[loss.pop("name")], **loss)
        loss.pop("label_smoothing", None)
        self.judge: Callable[[Tensor, Tensor], Tensor] = partial(LOSSES[setup.loss.name], **loss)
        """The loss without label smoothing: what networks are judged by."""
        settings = setup.network.model_dump()
        self.network = MODELS[settings.pop("name")](batches.shape, len(batches.classes), **settings)
        init = setup.init.model_dump()
        self.network.start(self._seed, init.pop("name"), **init)
        self.network.to(device)
        self.network.prepare(batches.normalised(batches.inputs[:_FITTED]))
        if scenario.precision == "bf16" or (scenario.precision == "auto" and device.type == "cuda"):
            self.network.precision = torch.bfloat16
        self._batch: Batch
        self.own: Tensor
        """Loss and accuracy of this process's share of the batch looked at, (2,), if there are others."""
        self._statistics = SharedStatistics(self.network, self._world)
        self._masks = torch.Generator(device)
        self.network.drop_by(self._masks)
        self._updater = updater(self.network.rates(), setup.optimizer)
        self._searches = asks_surface(OPTIMIZERS[setup.optimizer.name])

    @property
    def optimizer(self) -> Strict:
        """Its settings now. Others count from the next update on; what it remembers is kept."""
        return self._updater.settings

    @optimizer.setter
    def optimizer(self, settings: Strict) -> None:
        self._updater.settings = settings

    def forward_backward(
        self, batch: Batch, step: int, watching: AbstractContextManager[None] | None = None
    ) -> Tensor:
        """Loss and accuracy of a batch, (2,) and not waited for; leaves the gradients for `update`.

        Args:
            batch: to learn from.
            step: its number, which draws dropout's masks.
            watching: around the pass forward and back.
        """
        if self.diverged:
            self.own = torch.full((2,), math.nan, device=batch.labels.device)
            return self.own
        self.network.train()
        self.network.zero_grad()
        self.draw_by("dropout", step)
        self._batch = batch
        share, several = 1.0, self._world.size > 1
        if several:
            whole, batch = len(batch.labels), batch.part(self._world.shard(len(batch.labels)))
            share = len(batch.labels) / whole
        with self._statistics.of_share() if several else nullcontext(), watching or nullcontext():
            scores = self.network(batch.inputs)
            loss = self._of(scores, batch)
            (loss * share if several else loss).backward()  # type: ignore[no-untyped-call]
        accuracy = (scores.argmax(1) == batch.labels).float().mean()
        found = torch.stack([loss.detach(), accuracy])
        return self._combined(found, share) if several else found

    @torch.no_grad()
    def _combined(self, found: Tensor, share: float) -> Tensor:
        """Figures, gradients and running averages as those of the whole batch, from all processes' shares.

        The gradients already are those of this process's share of the mean loss.
        """
        self.own, found = found, found * share
        gradients = [p.grad for p in self.network.parameters() if p.grad is not None]
        tables = self._statistics.table()
        self._world.all_reduce([found, *gradients, *tables])
        self._statistics.settle(tables)
        return found

    def loss_of(self, batch: Batch, step: int) -> Tensor:
        """The batch's loss as learning sees it, with its graph; leaves no trace in the network."""
        self.network.train()
        self.draw_by("dropout", step)
        state: dict[str, Tensor] = dict(self.network.named_parameters())
        state |= {name: buffer.clone() for name, buffer in self.network.named_buffers()}
        return self._of(functional_call(self.network, state, (batch.inputs,)), batch)

    def _of(self, scores: Tensor, batch: Batch) -> Tensor:
        """The loss of a batch's scores, mixed as its examples are."""
        loss = self._loss(scores, batch.labels)
        if batch.others is None:
            return loss
        return batch.share * loss + (1 - batch.share) * self._loss(scores, batch.others)

    def learning_rate(self, step: int) -> float:
        """That of the update which follows step `step`."""
        lr: float = self.optimizer.lr  # type: ignore[attr-defined]
        t = step * self._cycles / self._steps
        return lr * factor(self._schedule, t % 1 if step < self._steps else 1.0)

    def penalty(self) -> Tensor:
        """What the regulariser adds to the loss, not waited for."""
        return self._regularizer.penalty(self.network.weights)

    def update(self, step: int) -> None:
        """Learn from the batch looked at."""
        lr, weights = self.learning_rate(step), self.network.weights
        self._regularizer.add_gradient(weights)
        if self._world.size > 1 and self._searches:
            parameters = list(self.network.parameters())
            led(self._world, parameters, partial(self._updater.step, lr), lambda: self._again(step))
        else:
            self._updater.step(lr, lambda: self._again(step))
        self._regularizer.settle(weights, lr)

    def draw_by(self, purpose: str, step: int) -> None:
        """Dropout's next masks: the same whatever was drawn before, others in every process."""
        whose = (self._world.rank,) if self._world.rank else ()
        restart(self._masks, self._seed, purpose, step, *whose)

    def state(self) -> dict[str, Any]:
        """All that learning goes on from."""
        return {
            "network": self.network.state_dict(),
            "optimizer": self._updater.state(),
            "lost": self.diverged,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.network.load_state_dict(state["network"])
        self._updater.load(state["optimizer"])
        self.diverged = state["lost"]

    @torch.enable_grad()
    def _again(self, step: int) -> Tensor:
        """Loss and gradients of the batch looked at, with the weights as they are now."""
        loss = self.forward_backward(self._batch, step)[0]
        self._regularizer.add_gradient(self.network.weights)
        return loss + self.penalty()
