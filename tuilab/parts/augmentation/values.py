"""Other colours, noise, a hole: the values change and stay where they are."""

from __future__ import annotations

import torch
from torch import Tensor

_GREY = (0.299, 0.587, 0.114)
"""How bright red, green and blue look (ITU-R BT.601)."""


def jitter(images: Tensor, generator: torch.Generator, reach: float) -> Tensor:
    """Brightness, contrast and saturation times factors of their own, even in 1 − reach … 1 + reach.

    Args:
        images: (n, height, width, channels) float, 0 … 255.
        generator: on the CPU.
        reach: less than 1.
    """
    factors = 1 + reach * (2 * torch.rand(3, len(images), 1, 1, 1, generator=generator) - 1)
    brightness, contrast, saturation = factors.to(images.device)
    if images.shape[3] == 3:
        grey = (images * images.new_tensor(_GREY)).sum(3, keepdim=True)
        images = grey + saturation * (images - grey)
    mean = images.mean((1, 2, 3), keepdim=True)
    changed: Tensor = brightness * (mean + contrast * (images - mean))
    return changed.clamp(0, 255)


def noisy(values: Tensor, generator: torch.Generator, std: float) -> Tensor:
    """Gaussian noise of this standard deviation added to every value.

    Args:
        values: of any shape, float.
        generator: on the CPU; its seed starts one on the values' device, where so many numbers have to be
            drawn.
        std: in the values' units.
    """
    local = torch.Generator(values.device).manual_seed(
        int(torch.randint(2**62, (), generator=generator).item())
    )
    return values + std * torch.randn(values.shape, generator=local, device=values.device)


def cutout(images: Tensor, generator: torch.Generator, size: int, fill: Tensor) -> Tensor:
    """A square of every picture painted over (DeVries & Taylor, arXiv:1708.04552).

    Args:
        images: (n, height, width, channels) float.
        generator: on the CPU.
        size: side in pixels; the middle lies anywhere, so part of the square may lie outside.
        fill: what it is painted with, one value a channel.
    """
    count, height, width, _ = images.shape

    def inside(length: int) -> Tensor:
        start = torch.randint(length, (count, 1), generator=generator) - size // 2
        place = torch.arange(length)
        return ((place >= start) & (place < start + size)).to(images.device)

    hole = inside(height)[:, :, None] & inside(width)[:, None, :]
    return torch.where(hole[..., None], fill, images)
