"""The examples of a training run: split, on the device, handed out batch by batch, the same to every arm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from tuilab.data import DataError
from tuilab.experiments.world import ALONE, DistributedError, World
from tuilab.parts.augmentation import Augmentation
from tuilab.parts.datasets import DATASETS
from tuilab.parts.randomness import stream
from tuilab.parts.transfer import sent
from tuilab.scenario.kinds.training import TrainingScenario

_EVALUATION_BATCH = 500
_COUNTED = 1_000


class Batch(NamedTuple):
    """Examples to learn from."""

    inputs: Tensor
    """(batch, channels, height, width) or (batch, features) float32, normalised."""
    labels: Tensor
    """(batch,) int64."""
    others: Tensor | None = None
    """The labels of what was mixed in by mixup, (batch,) int64."""
    share: float = 1.0
    """Of the labels, against that of the others."""

    def first(self, count: int) -> Batch:
        """The first `count` examples."""
        return self if count == len(self.labels) else self.part(slice(count))

    def part(self, which: slice) -> Batch:
        """Some of the examples."""
        others = None if self.others is None else self.others[which]
        return Batch(self.inputs[which], self.labels[which], others, self.share)


class Batches:
    """Batch k is the same whatever was drawn before: order and augmentation come from streams of their own.

    Pictures stay bytes on the device until they are used; then they are normalised by the mean and standard
    deviation that each channel has over the training split. Points are taken as they are.

    Args:
        scenario: which examples, how many, how split.
        device: where they are to lie.
        world: the processes that share each batch; all of them draw the whole of it.

    Raises:
        tuilab.data.DataError: the examples aren't there, or too few for the split, or the pictures too small
            for what is to be done to them.
        tuilab.experiments.world.DistributedError: a batch has fewer examples than there are processes.
    """

    def __init__(self, scenario: TrainingScenario, device: torch.device, world: World = ALONE) -> None:
        self._seed, self.device, self.world = scenario.seed, device, world
        fewest = min(arm.batch for arm in scenario.arms.values())
        if fewest < world.size:
            raise DistributedError(f"a batch of {fewest} can't be shared by {world.size} processes")
        settings = scenario.data.model_dump(exclude={"name", "train", "validation"})
        train, validation = scenario.data.train, scenario.data.validation
        wanted = None if train is None else train + (validation or 0)
        examples = DATASETS[scenario.data.name](scenario.seed, wanted, **settings)
        self.name, self.classes, self.pictures = examples.name, examples.classes, examples.pictures
        self.fingerprint = examples.fingerprint
        inputs, labels = examples.inputs, examples.labels
        if validation is None:
            validation = max(1, min(len(labels) // 10, 5_000))
        train = len(labels) - validation if train is None else train
        if train < 2 or train + validation > len(labels):
            raise DataError(
                f"data: {examples.name} has {len(labels):,} examples; {validation:,} for validation leave "
                f"{max(0, len(labels) - validation):,} to train on, {max(train, 2):,} are wanted: "
                "lower data.validation or data.train"
            )
        order = torch.randperm(len(labels), generator=stream(scenario.seed, "split"))
        held, kept = order[:validation], order[validation : validation + train]
        learned = inputs[kept]
        self.inputs, self.labels = learned.to(device), labels[kept].to(device)
        """What is learned from, as it was read."""
        self.held_inputs, self.held_labels = inputs[held].to(device), labels[held].to(device)
        """What is held out."""
        self.missing = {"train": self._missing(labels[kept]), "validation": self._missing(labels[held])}
        """Classes without an example, by split."""
        mean, std = _channel_statistics(learned) if self.pictures else (torch.zeros(1), torch.ones(1))
        self._mean, self._std = mean.to(device), std.to(device)
        self.shape = tuple(inputs.shape[1:])
        """Of one input as networks take it: (channels, height, width) or (features,)."""
        if self.pictures:
            self.shape = (inputs.shape[3], inputs.shape[1], inputs.shape[2])
            _fits(scenario, *self.shape[1:])
        else:
            try:
                scenario.take_points(examples.name)
            except ValueError as error:  # of a data set of the user's own only now
                raise DataError(str(error)) from None
        self.planar = not self.pictures and self.shape == (2,)
        """Whether the inputs are points in the plane."""
        self.size = max(arm.batch for arm in scenario.arms.values())
        if self.size > train:
            raise DataError(
                f"a batch of {self.size:,} is more than the {train:,} training examples; "
                f"-s batch={train} would take all of them at once"
            )
        self.per_epoch = train // self.size
        """Batches an epoch; what is left over of a shuffled epoch is left out."""
        self._orders: dict[int, tuple[int, Tensor]] = {}
        self._drawn: dict[tuple[int, Augmentation], Batch] = {}
        self._step = -1

    def training(self, step: int, how: Augmentation, member: int = 0) -> Batch:
        """Batch number `step`, augmented: the same tensors for all who ask for the same.

        Args:
            step: the batch's number.
            how: the augmentation.
            member: whose order of the examples; an ensemble's members each have their own.
        """
        if step != self._step:
            self._step = step
            self._drawn.clear()
        batch = self._drawn.get((member, how))
        if batch is None:
            batch = self._drawn[member, how] = self._draw(step, how, member)
        return batch

    def evaluation(self, inputs: Tensor, labels: Tensor, size: int = _EVALUATION_BATCH) -> Iterator[Batch]:
        """Examples as they were read, without augmentation, in batches."""
        for start in range(0, len(labels), size):
            part = slice(start, start + size)
            yield Batch(self.normalised(inputs[part]), labels[part])

    def validation(self, size: int = _EVALUATION_BATCH) -> Iterator[Batch]:
        """The held-out examples in batches."""
        return self.evaluation(self.held_inputs, self.held_labels, size)

    def normalised(self, inputs: Tensor) -> Tensor:
        """Bytes with channels last to floats of the shape networks take; in memory the channels stay last."""
        if not self.pictures:
            return inputs
        return inputs.float().sub_(self._mean).div_(self._std).permute(0, 3, 1, 2)

    def _missing(self, labels: Tensor) -> list[str]:
        counts = labels.bincount(minlength=len(self.classes)).tolist()
        return [name for name, count in zip(self.classes, counts, strict=True) if not count]

    def _draw(self, step: int, how: Augmentation, member: int) -> Batch:
        epoch, place = divmod(step, self.per_epoch)
        shuffled_in, order = self._orders.get(member, (-1, self.labels))
        if shuffled_in != epoch:
            purpose = ("order", epoch, member) if member else ("order", epoch)
            shuffled = torch.randperm(len(self.labels), generator=stream(self._seed, *purpose))
            (order,) = sent([shuffled], self.device)
            self._orders[member] = epoch, order
        which = order[place * self.size : (place + 1) * self.size]
        labels = self.labels[which]
        height, width = self.shape[1:] if self.pictures else (0, 0)
        generator = stream(self._seed, "augmentation", step, member)
        drawn = how.draw(len(which), (height, width), generator).to(self.device)
        if self.pictures:
            inputs = self.normalised(how.pictures(self.inputs, which, drawn, self._mean))
        else:
            inputs = how.points(self.inputs, which, drawn)
        if not how.mixup:
            return Batch(inputs, labels)
        (partners,) = drawn.tensors["partners"]
        return Batch(inputs.lerp(inputs[partners], 1 - drawn.share), labels, labels[partners], drawn.share)

    def shown(self, inputs: Tensor) -> Tensor:
        """Normalised pictures as bytes again, (n, height, width, channels)."""
        return (inputs.permute(0, 2, 3, 1) * self._std + self._mean).round().clamp(0, 255).to(torch.uint8)


def _fits(scenario: TrainingScenario, height: int, width: int) -> None:
    """Raise DataError where pictures would be cut or shifted by more than they measure."""
    side = min(height, width)
    asked = [
        ("augment.window", f"arm {name}", arm.augment.window, side) for name, arm in scenario.arms.items()
    ]
    # What a shift uncovers is a reflection, and there is no more of it than the picture without its edge.
    asked += [
        ("augment.translate", f"arm {name}", arm.augment.translate, side - 1)
        for name, arm in scenario.arms.items()
    ]
    asked += [("crops", f"test {name}", test.crops, side - 1) for name, test in scenario.tests.items()]
    for what, whose, pixels, most in asked:
        if pixels > most:
            raise DataError(
                f"{whose}: {what} is {pixels} pixels, and the pictures are {height} × {width}: "
                f"at most {most} it can be"
            )


def _channel_statistics(images: Tensor) -> tuple[Tensor, Tensor]:
    """Each channel's mean and standard deviation over (n, height, width, channels) bytes, exact."""
    values = torch.arange(256, dtype=torch.float64)
    moments = []
    for channel in range(images.shape[3]):
        counts = torch.zeros(256, dtype=torch.int64)
        # In parts, for counting takes eight times the memory of what is counted.
        for start in range(0, len(images), _COUNTED):
            part = images[start : start + _COUNTED, ..., channel].reshape(-1)
            counts += torch.bincount(part.int(), minlength=256)
        shares = counts.double() / counts.sum()
        mean = (shares * values).sum()
        std = (shares * (values - mean).square()).sum().sqrt()
        # Pictures of one colour have no spread to divide by.
        moments.append(torch.stack([mean, std if std > 0 else torch.ones_like(std)]))
    mean, std = torch.stack(moments, 1).float()
    return mean, std
