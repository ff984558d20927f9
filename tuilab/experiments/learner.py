"""One arm of a training run: a network, how it learns, and what is seen of it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from tuilab.experiments.batches import Batches
from tuilab.parts.activations import ACTIVATIONS
from tuilab.parts.models import MODELS
from tuilab.parts.schedules import SCHEDULES
from tuilab.probes.network import NetworkProbe
from tuilab.scenario.kinds.training import Training
from tuilab.scenario.parts import optimizers

_PER_LAYER = (
    "activation.mean",
    "activation.std",
    "activation.saturated",
    "activation.dead",
    "gradient.norm",
    "gradient.std",
)


class Learner:
    """A network learning by its own optimiser and schedule.

    Args:
        name: the arm's.
        scenario: what to build; the arm's weights are drawn from the scenario's seed.
        batches: for the shape of the pictures.
        steps: updates in all, which the schedule is spread over.
        device: where the network lies.
    """

    def __init__(
        self, name: str, scenario: Training, batches: Batches, steps: int, device: torch.device
    ) -> None:
        setup = scenario.arms[name]
        self.name = name
        self.diverged = False
        self.optimizer = setup.optimizer
        self._steps = max(steps, 1)
        self._smoothing = setup.label_smoothing
        self._schedule = setup.schedule.model_dump()
        self._factor = SCHEDULES[self._schedule.pop("name")]
        settings = setup.network.model_dump()
        self.network = MODELS[settings.pop("name")](batches.shape, batches.classes, **settings)
        init = setup.init.model_dump()
        self.network.start(scenario.seed, init.pop("name"), **init)
        self.network.to(device)
        self._rule = _rule(self.network.parameters(), setup.optimizer)
        activation = ACTIVATIONS[setup.network.activation]
        self._layers = len(self.network.activations)
        self._probe = NetworkProbe(
            self.network.activations,
            self.network.weights,
            setup.network.activation,
            bins=scenario.probes.bins,
            sample=scenario.probes.sample,
            low=activation.low,
            high=activation.high,
        )
        self._histogram = {
            "kind": "histogram",
            "low": [activation.low] * self._layers,
            "high": [activation.high] * self._layers,
            "layers": [f"layer {k}" for k in range(1, self._layers + 1)],
        }

    def look(self, images: Tensor, labels: Tensor, watched: bool) -> Tensor:
        """Loss and accuracy of a batch, (2,) and not waited for.

        Leaves the gradients for `update`, and when `watched` what `measured` needs.
        """
        if self.diverged:
            return torch.full((2,), math.nan, device=labels.device)
        self.network.train()
        self._rule.zero_grad()
        with self._probe.watching() if watched else nullcontext():
            scores = self.network(images)
            loss = cross_entropy(scores, labels, label_smoothing=self._smoothing)
            loss.backward()  # type: ignore[no-untyped-call]
        accuracy = (scores.argmax(1) == labels).float().mean()
        return torch.stack([loss.detach(), accuracy])

    def measured(self) -> tuple[dict[str, float], dict[str, tuple[np.ndarray, dict[str, Any]]]]:
        """The probe's figures and histogram of the batch looked at; NaN and no histogram once diverged."""
        weights = self._layers + 1
        if self.diverged:
            nothing = {key: np.full(self._layers, math.nan) for key in _PER_LAYER}
            lost = np.full(weights, math.nan)
            return self._named({**nothing, "weight_gradient.norm": lost, "weight.norm": lost}), {}
        found = self._probe.measure()
        outputs, gradients = found.outputs, found.gradients
        figures = (
            outputs.mean, outputs.std, outputs.saturated, outputs.dead, gradients.norm, gradients.std
        )  # fmt: skip
        values = dict(zip(_PER_LAYER, figures, strict=True))
        values["weight_gradient.norm"] = found.weight_gradient_norms
        values["weight.norm"] = found.weight_norms
        frames = {}
        if self._layers:
            shares = outputs.histogram.astype(np.float32)
            frames[f"{self.name}/activation.histogram"] = (shares, self._histogram)
        return self._named(values), frames

    def learning_rate(self, step: int) -> float:
        """That of the update which follows step `step`."""
        return self.optimizer.lr * self._factor(step / self._steps, **self._schedule)

    def update(self, step: int) -> None:
        """Learn from the batch looked at."""
        for group in self._rule.param_groups:
            group["lr"] = self.learning_rate(step)
        self._rule.step()

    def tune(self, optimizer: optimizers.Optimizer) -> None:
        """Use these settings from the next update on; what the optimiser remembers is kept."""
        self.optimizer = optimizer
        for group in self._rule.param_groups:
            group.update(_settings(optimizer))

    @torch.no_grad()
    def validate(self, batches: Batches) -> tuple[float, float]:
        """Loss and accuracy on the held-out pictures, by the network as it is used when not learning."""
        if self.diverged:
            return math.nan, math.nan
        self.network.eval()
        loss = correct = torch.zeros((), dtype=torch.float64, device=batches.device)
        count = 0
        for images, labels in batches.validation():
            scores = self.network(images)
            loss = loss + cross_entropy(scores, labels, reduction="sum").double()
            correct = correct + (scores.argmax(1) == labels).sum()
            count += len(labels)
        mean_loss, accuracy = (torch.stack([loss, correct]) / count).tolist()
        return mean_loss, accuracy

    def _named(self, figures: dict[str, np.ndarray]) -> dict[str, float]:
        return {
            f"{self.name}/{metric}/{layer}": value
            for metric, values in figures.items()
            for layer, value in enumerate(values.tolist(), 1)
        }


def _settings(optimizer: optimizers.Optimizer) -> dict[str, Any]:
    """The optimiser's settings as torch calls them."""
    settings = optimizer.model_dump(exclude={"name"})
    if isinstance(optimizer, optimizers.Adam):
        settings["betas"] = (settings.pop("beta1"), settings.pop("beta2"))
    return settings


def _rule(parameters: Iterable[Tensor], optimizer: optimizers.Optimizer) -> torch.optim.Optimizer:
    """Torch's optimiser: the rules of `parts.optimizers`, for all weights at once."""
    settings = _settings(optimizer)
    if isinstance(optimizer, optimizers.Adam):
        return torch.optim.Adam(parameters, foreach=True, **settings)
    return torch.optim.SGD(parameters, foreach=True, nesterov=optimizer.name == "nesterov", **settings)
