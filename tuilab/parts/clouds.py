"""Gaussian clouds of two classes, long, tilted and away from the origin: what real features look like."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from tuilab.parts.randomness import stream


@dataclass(frozen=True, slots=True)
class Cloud:
    """x = μ + R·(s ⊙ z ± ½·separation along the shortest axis), z a unit Gaussian; float64."""

    mean: Tensor
    """μ, (dims,)."""
    axes: Tensor
    """R, (dims, dims): a column a principal axis of each class's cloud, the longest first."""
    stds: Tensor
    """s, (dims,)."""
    separation: float
    """Distance between the classes' means."""

    def draw(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """(count, dims) examples and their classes, (count,), 0 and 1 by turns."""
        labels = torch.arange(count) % 2
        z = torch.randn(count, len(self.mean), generator=generator, dtype=torch.float64) * self.stds
        z[:, -1] += (labels - 0.5) * self.separation
        return self.mean + z @ self.axes.T, labels

    @property
    def covariance(self) -> Tensor:
        """Of both classes together, (dims, dims): R·diag(s² + (½·separation)² along the last axis)·Rᵀ."""
        variances = self.stds.square()
        variances[-1] += (self.separation / 2) ** 2
        return self.axes * variances @ self.axes.T


def cloud(
    seed: int,
    dims: int = 2,
    center: Sequence[float] = (4.0, 2.0),
    spread: Sequence[float] = (2.0, 0.5),
    rotation: float = 30.0,
    separation: float = 1.0,
) -> Cloud:
    """A cloud.

    Args:
        seed: for how a cloud of more than two dimensions is turned.
        dims: dimensions.
        center: the mean along the first two; 0 along the others.
        spread: standard deviation along the longest and along the shortest axis, in equal ratios between.
        rotation: degrees, anticlockwise, in two dimensions; with more, axes are random.
        separation: distance between the classes' means.
    """
    mean = torch.zeros(dims, dtype=torch.float64)
    mean[:2] = torch.tensor(center, dtype=torch.float64)
    stds = torch.logspace(math.log10(spread[0]), math.log10(spread[1]), dims, dtype=torch.float64)
    if dims == 2:
        c, s = math.cos(math.radians(rotation)), math.sin(math.radians(rotation))
        axes = torch.tensor([[c, -s], [s, c]], dtype=torch.float64)
    else:
        generator = stream(seed, "cloud axes")
        axes = torch.linalg.qr(torch.randn(dims, dims, generator=generator, dtype=torch.float64)).Q
    return Cloud(mean, axes, stds, separation)
