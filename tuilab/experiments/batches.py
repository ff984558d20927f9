"""The pictures of a training run: split, on the device, handed out batch by batch, the same to every arm."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from tuilab.data import DataError
from tuilab.parts.augmentation import augment
from tuilab.parts.datasets import DATASETS
from tuilab.parts.randomness import stream
from tuilab.scenario.kinds.training import Training

_EVALUATION_BATCH = 500


class Batches:
    """Batch k is the same whatever was drawn before: order and augmentation come from streams of their own.

    The pictures stay bytes on the device until they are used; then they are normalised by the mean and
    standard deviation that each channel has over the training split.

    Args:
        scenario: which pictures, how many, how split and augmented.
        device: where they are to lie.

    Raises:
        tuilab.data.DataError: the pictures aren't there, or too few for the split.
    """

    def __init__(self, scenario: Training, device: torch.device) -> None:
        data = scenario.data
        self._seed, self._data, self.device = scenario.seed, data, device
        wanted = None if data.train is None else data.train + data.validation
        pictures = DATASETS[data.name](scenario.seed, wanted)
        images, labels = pictures.images, pictures.labels
        train = len(labels) - data.validation if data.train is None else data.train
        if train < 2 or train + data.validation > len(labels):
            raise DataError(
                f"data: {data.name} has {len(labels):,} pictures; {data.validation:,} for validation leave "
                f"{max(0, len(labels) - data.validation):,} to train on, {max(train, 2):,} are wanted"
            )
        order = torch.randperm(len(labels), generator=stream(scenario.seed, "split"))
        held, kept = order[: data.validation], order[data.validation : data.validation + train]
        self._images, self._labels = images[kept].to(device), labels[kept].to(device)
        self._held_images, self._held_labels = images[held].to(device), labels[held].to(device)
        mean, std = _channel_statistics(images[kept])
        self._mean, self._std = mean.to(device), std.to(device)
        self.classes = len(pictures.classes)
        self.shape = (images.shape[3], images.shape[1], images.shape[2])
        """Channels, height, width."""
        self.size = min(scenario.batch, train)
        self.per_epoch = train // self.size
        """Batches an epoch; what is left over of a shuffled epoch is left out."""
        self._epoch = -1
        self._order = torch.empty(0, dtype=torch.long)

    def training(self, step: int) -> tuple[Tensor, Tensor]:
        """Batch number `step`: pictures (batch, channels, height, width) float32, classes (batch,) int64."""
        epoch, place = divmod(step, self.per_epoch)
        if epoch != self._epoch:
            self._epoch = epoch
            order = torch.randperm(len(self._labels), generator=stream(self._seed, "order", epoch))
            self._order = order.to(self.device)
        which = self._order[place * self.size : (place + 1) * self.size]
        if self._data.flip or self._data.translate:
            generator = stream(self._seed, "augmentation", step)
            images = augment(
                self._images, which, generator, flip=self._data.flip, translate=self._data.translate
            )
        else:
            images = self._images[which]
        return self._normalised(images), self._labels[which]

    def validation(self) -> Iterator[tuple[Tensor, Tensor]]:
        """The held-out pictures and their classes, as they are, in batches."""
        for start in range(0, len(self._held_labels), _EVALUATION_BATCH):
            part = slice(start, start + _EVALUATION_BATCH)
            yield self._normalised(self._held_images[part]), self._held_labels[part]

    def _normalised(self, images: Tensor) -> Tensor:
        """Bytes with channels last to floats of the shape networks take; in memory the channels stay last."""
        return images.float().sub_(self._mean).div_(self._std).permute(0, 3, 1, 2)


def _channel_statistics(images: Tensor) -> tuple[Tensor, Tensor]:
    """Each channel's mean and standard deviation over (n, height, width, channels) bytes, exact."""
    values = torch.arange(256, dtype=torch.float64)
    moments = []
    for channel in range(images.shape[3]):
        counts = torch.bincount(images[..., channel].reshape(-1).int(), minlength=256)
        shares = counts.double() / counts.sum()
        mean = (shares * values).sum()
        std = (shares * (values - mean).square()).sum().sqrt()
        # Pictures of one colour have no spread to divide by.
        moments.append(torch.stack([mean, std if std > 0 else torch.ones_like(std)]))
    mean, std = torch.stack(moments, 1).float()
    return mean, std
