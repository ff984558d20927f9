"""Other colours, noise, a hole: the values change and stay where they are."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

_GREY = (0.299, 0.587, 0.114)
"""How bright red, green and blue look (ITU-R BT.601)."""


def draw_factors(count: int, generator: torch.Generator, reach: float) -> Tensor:
    """Factors of brightness, contrast and saturation, even in 1 − reach … 1 + reach: (3, count, 1, 1, 1).

    Args:
        count: pictures.
        generator: on the CPU.
        reach: less than 1.
    """
    return 1 + reach * (2 * torch.rand(3, count, 1, 1, 1, generator=generator) - 1)


def jitter(images: Tensor, factors: Tensor) -> Tensor:
    """Brightness, contrast and saturation times factors of each picture's own.

    Args:
        images: (n, height, width, channels) float, 0 … 255.
        factors: as `draw_factors` draws them, on the images' device.
    """
    brightness, contrast, saturation = factors
    if images.shape[3] == 3:
        grey = (images * _grey(images.device)).sum(3, keepdim=True)
        images = grey + saturation * (images - grey)
    mean = images.mean((1, 2, 3), keepdim=True)
    changed: Tensor = brightness * (mean + contrast * (images - mean))
    return changed.clamp(0, 255)


@lru_cache
def _grey(device: torch.device) -> Tensor:
    return torch.tensor(_GREY).to(device)


def noisy(values: Tensor, seed: int, std: float) -> Tensor:
    """Gaussian noise of this standard deviation added to every value.

    Args:
        values: of any shape, float.
        seed: of a generator on the values' device, where so many numbers have to be drawn.
        std: in the values' units.
    """
    generator = torch.Generator(values.device).manual_seed(seed)
    return values + std * torch.randn(values.shape, generator=generator, device=values.device)


def draw_holes(
    count: int, size: tuple[int, int], generator: torch.Generator, side: int
) -> tuple[Tensor, Tensor]:
    """The rows and the columns of a square in every picture: (count, height) and (count, width) boolean.

    Args:
        count: pictures.
        size: their height and width.
        generator: on the CPU.
        side: of the square, pixels; its middle lies anywhere, so part of it may lie outside.
    """

    def inside(length: int) -> Tensor:
        start = torch.randint(length, (count, 1), generator=generator) - side // 2
        place = torch.arange(length)
        return (place >= start) & (place < start + side)

    return inside(size[0]), inside(size[1])


def cutout(images: Tensor, fill: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """A square of every picture painted over (DeVries & Taylor, arXiv:1708.04552).

    Args:
        images: (n, height, width, channels) float.
        fill: what it is painted with, one value a channel.
        rows: of the square, (n, height).
        columns: of the square, (n, width).
    """
    hole = rows[:, :, None] & columns[:, None, :]
    return torch.where(hole[..., None], fill, images)
