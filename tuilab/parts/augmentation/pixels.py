"""Mirrored, and shifted by whole pixels: pictures that stay bytes."""

from __future__ import annotations

import torch
from torch import Tensor


def pick(
    images: Tensor,
    which: Tensor,
    generator: torch.Generator,
    *,
    flip: bool,
    translate: int,
    window: int = 0,
) -> Tensor:
    """Pick pictures, each mirrored with probability ½ and shifted by −translate … translate pixels each way.

    What a shift uncovers is filled with the picture's own reflection, as if a mirror stood at its edge.
    All of it is one gather: each picture gets the rows and the columns to read, in its own order.

    Args:
        images: (n, height, width, channels).
        which: the numbers of the pictures wanted, (m,), on the images' device.
        generator: draws m coins and 2·m shifts, on the CPU: a seed means the same on every device.
        flip: whether to mirror at all.
        translate: the largest shift, less than height and width.
        window: side of the square to cut out at a random place, pixels; 0 leaves pictures whole.

    Returns:
        (m, height, width, channels) or (m, window, window, channels), of the images' dtype.
    """
    _, height, width, _ = images.shape
    count = len(which)
    mirrored = torch.rand(count, 1, generator=generator) < (0.5 if flip else 0.0)
    rows, columns = (
        _reflect(_places(size, window or size, translate, count, generator), size) for size in (height, width)
    )
    columns = torch.where(mirrored, width - 1 - columns, columns)
    rows, columns = rows.to(images.device), columns.to(images.device)
    return images[which[:, None, None], rows[:, :, None], columns[:, None, :]]


def _places(size: int, window: int, translate: int, count: int, generator: torch.Generator) -> Tensor:
    """`window` places in a row for each of `count` pictures, (count, window), beyond 0 … size − 1 perhaps."""
    shifts = torch.randint(-translate, size - window + translate + 1, (count, 1), generator=generator)
    return torch.arange(window) + shifts


def _reflect(places: Tensor, size: int) -> Tensor:
    """Places beyond 0 … size − 1, by less than size, reflected back inside."""
    places = places.abs()
    return torch.where(places >= size, 2 * (size - 1) - places, places)
