"""Toy data: points in the plane whose classes no straight line tells apart.

Small enough that a network's whole opinion, a class for every place of the plane, can be drawn while it
changes. Every function draws the same number of points of each class, give or take one, within about
−1 … 1 both ways, and then moves each by Gaussian noise.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from tuilab.parts.randomness import stream

Drawn = tuple[Tensor, Tensor]
"""Points (n, 2) float32, and their classes (n,) int64."""


def spirals(seed: int, count: int, classes: int = 2, noise: float = 0.03) -> Drawn:
    """Arms that wind once and a half around each other: evenly turned, evenly spread along the radius."""
    labels = _labels(count, classes)
    along = torch.rand(count, generator=stream(seed, "toy"))
    angle = 3 * math.pi * along + 2 * math.pi * labels / classes
    return _moved(
        torch.stack([angle.cos(), angle.sin()], 1) * (0.08 + 0.92 * along)[:, None], labels, noise, seed
    )


def rings(seed: int, count: int, classes: int = 2, noise: float = 0.05) -> Drawn:
    """One ring around the other, the first class innermost."""
    labels = _labels(count, classes)
    angle = 2 * math.pi * torch.rand(count, generator=stream(seed, "toy"))
    radius = (labels + 1) / classes
    return _moved(torch.stack([angle.cos(), angle.sin()], 1) * radius[:, None], labels, noise, seed)


def moons(seed: int, count: int, classes: int = 2, noise: float = 0.05) -> Drawn:
    """Two half circles, each reaching into the other's hollow; always two classes."""
    labels = _labels(count, 2)
    angle = math.pi * torch.rand(count, generator=stream(seed, "toy"))
    side = 1 - 2 * labels
    x = side * angle.cos() - 0.5 * side
    y = side * angle.sin() - 0.25 * side
    return _moved(torch.stack([x, y], 1) / 1.5, labels, noise, seed)


def checkerboard(seed: int, count: int, classes: int = 2, noise: float = 0.0) -> Drawn:
    """Four by four squares, coloured in turn along every row and column."""
    generator = stream(seed, "toy")
    labels = _labels(count, classes)
    cells = torch.tensor([[(x + y) % classes for x in range(4)] for y in range(4)])
    points = torch.rand(count, 2, generator=generator)
    for label in range(classes):
        mine = labels == label
        squares = (cells == label).nonzero().flip(1)
        which = torch.randint(len(squares), (int(mine.sum()),), generator=generator)
        points[mine] = (points[mine] + squares[which]) / 2 - 1
    return _moved(points, labels, noise, seed)


def blobs(seed: int, count: int, classes: int = 2, noise: float = 0.2) -> Drawn:
    """One Gaussian cloud a class, their middles on a circle: what a linear classifier can do."""
    labels = _labels(count, classes)
    angle = 2 * math.pi * labels / classes
    return _moved(0.6 * torch.stack([angle.cos(), angle.sin()], 1), labels, noise, seed)


TOYS: dict[str, Callable[..., Drawn]] = {
    "spirals": spirals,
    "rings": rings,
    "moons": moons,
    "checkerboard": checkerboard,
    "blobs": blobs,
}
"""Every toy by the name scenarios use: (seed, count, classes, noise) → points and classes, in turn."""


def _labels(count: int, classes: int) -> Tensor:
    return torch.arange(count) % classes


def _moved(points: Tensor, labels: Tensor, noise: float, seed: int) -> Drawn:
    away = torch.randn(points.shape, generator=stream(seed, "toy noise"))
    return (points + noise * away).float(), labels
