"""Labelled examples, ready to be split."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tuilab.data import CIFAR10, CIFAR100, folder, inside, read_cifar, read_idx, read_images
from tuilab.parts.shapes import SHAPES, draw
from tuilab.parts.toys import TOYS


@dataclass(frozen=True, slots=True)
class Examples:
    """Inputs and their classes, on the CPU."""

    name: str
    """What they are."""
    inputs: Tensor
    """Pictures, (n, height, width, channels) uint8: channels last, as convolutions like them; or points,
    (n, features) float32."""
    labels: Tensor
    """(n,) int64."""
    classes: tuple[str, ...]
    """The classes' names."""

    @property
    def pictures(self) -> bool:
        """Whether the inputs are pictures."""
        return self.inputs.dtype == torch.uint8

    @property
    def fingerprint(self) -> dict[str, Any]:
        """What tells them from other examples: their name, how many they are, a hash of every byte."""
        digest = hashlib.sha256()
        for part in (self.inputs, self.labels):
            digest.update(f"{part.dtype} {tuple(part.shape)}".encode())
            digest.update(part.contiguous().numpy().data)
        return {"name": self.name, "examples": len(self.labels), "sha256": digest.hexdigest()}


def cifar10(seed: int, count: int | None) -> Examples:
    """CIFAR-10's 50,000 training pictures, whatever is asked for; raises `tuilab.data.DataError`."""
    planes, labels = read_cifar(CIFAR10)
    return Examples(
        "cifar10", _channels_last(planes), torch.from_numpy(labels[:, 0]).long(), CIFAR10.labels[0]
    )


def cifar100(seed: int, count: int | None, labels: str = "fine") -> Examples:
    """CIFAR-100's 50,000 training pictures by class (fine) or superclass (coarse); raises DataError."""
    which = ("coarse", "fine").index(labels)
    planes, numbers = read_cifar(CIFAR100)
    chosen = torch.from_numpy(numbers[:, which]).long()
    return Examples("cifar100", _channels_last(planes), chosen, CIFAR100.labels[which])


def idx(seed: int, count: int | None, folder: str) -> Examples:
    """All training pictures of an MNIST-format folder in the data folder, in grey; raises DataError."""
    found = read_idx(inside(folder))
    images = torch.from_numpy(found.pictures)[..., None]
    return Examples(folder, images, torch.from_numpy(found.labels).long(), found.classes)


def image_folder(seed: int, count: int | None, folder: str, size: int = 32, grey: bool = False) -> Examples:
    """All pictures of a folder in the data folder, which has a folder a class; raises DataError."""
    found = read_images(inside(folder), size, grey)
    return Examples(folder, torch.from_numpy(found.pictures), torch.from_numpy(found.labels), found.classes)


def shapes10(seed: int, count: int | None) -> Examples:
    """Pictures of ten shapes, drawn for this seed, the same number of each: at least `count`, or 20,000."""
    each = -(-(count or 20_000) // len(SHAPES))
    images = torch.cat([draw(shape, each, seed) for shape in SHAPES])
    labels = torch.arange(len(SHAPES)).repeat_interleave(each)
    return Examples("shapes10", images, labels, tuple(SHAPES))


def pictures(seed: int, count: int | None) -> Examples:
    """CIFAR-10 where it has been fetched, else shapes10: the same lesson with or without a network."""
    return (cifar10 if (folder() / CIFAR10.folder).is_dir() else shapes10)(seed, count)


def toy(name: str, seed: int, count: int | None, classes: int = 2, noise: float | None = None) -> Examples:
    """Points in the plane: `count`, or 1,000; `noise` None is the toy's own."""
    settings = {"classes": classes} | ({} if noise is None else {"noise": noise})
    points, labels = TOYS[name](seed, count or 1_000, **settings)
    return Examples(name, points, labels, tuple(f"class {k}" for k in range(int(labels.max()) + 1)))


DATASETS: dict[str, Callable[..., Examples]] = {
    "pictures": pictures,
    "cifar10": cifar10,
    "cifar100": cifar100,
    "idx": idx,
    "folder": image_folder,
    "shapes10": shapes10,
    **{name: partial(toy, name) for name in TOYS},
}
"""Every data set by the name scenarios use: (seed, examples wanted or None, **settings) → examples in no
useful order."""


def _channels_last(planes: NDArray[np.uint8]) -> Tensor:
    """(n, channels, height, width) to (n, height, width, channels)."""
    return torch.from_numpy(planes).permute(0, 2, 3, 1).contiguous()
