"""Labelled pictures, ready to be split."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from tuilab.data import read_cifar10
from tuilab.data.cifar10 import CLASSES
from tuilab.parts.shapes import SHAPES, draw


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures and their classes, on the CPU."""

    images: Tensor
    """(n, height, width, channels) uint8: channels last, as convolutions like them."""
    labels: Tensor
    """(n,) int64."""
    classes: tuple[str, ...]
    """The classes' names."""


def cifar10(seed: int, count: int | None) -> Pictures:
    """CIFAR-10's 50,000 training pictures, whatever is asked for; raises `tuilab.data.DataError`."""
    images, labels = read_cifar10("train")
    return Pictures(
        torch.from_numpy(images).permute(0, 2, 3, 1).contiguous(), torch.from_numpy(labels).long(), CLASSES
    )


def shapes10(seed: int, count: int | None) -> Pictures:
    """Pictures of ten shapes, drawn for this seed, the same number of each: at least `count`, or 20,000."""
    each = -(-(count or 20_000) // len(SHAPES))
    images = torch.cat([draw(shape, each, seed) for shape in SHAPES])
    return Pictures(images, torch.arange(len(SHAPES)).repeat_interleave(each), tuple(SHAPES))


DATASETS: dict[str, Callable[[int, int | None], Pictures]] = {"cifar10": cifar10, "shapes10": shapes10}
"""Every data set by the name scenarios use: (seed, pictures wanted or None) → pictures in no useful order."""
