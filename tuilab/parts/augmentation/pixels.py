"""Mirrored, and shifted by whole pixels: pictures that stay bytes."""

from __future__ import annotations

import torch
from torch import Tensor


def draw_places(
    count: int,
    size: tuple[int, int],
    generator: torch.Generator,
    *,
    flip: bool,
    translate: int,
    window: int = 0,
) -> tuple[Tensor, Tensor]:
    """Where to read pictures, each mirrored with probability ½ and shifted by −translate … translate pixels.

    What a shift uncovers is filled with the picture's own reflection, as if a mirror stood at its edge.

    Args:
        count: pictures.
        size: their height and width.
        generator: draws a coin and two shifts a picture.
        flip: whether to mirror at all.
        translate: the largest shift, less than height and width.
        window: side of the square to cut out at a random place, pixels; 0 leaves pictures whole.

    Returns:
        The rows and the columns to read, (count, height) and (count, width) int64, or (count, window) both.
    """
    mirrored = torch.rand(count, 1, generator=generator) < (0.5 if flip else 0.0)
    rows, columns = (
        _reflect(_places(side, window or side, translate, count, generator), side) for side in size
    )
    return rows, torch.where(mirrored, size[1] - 1 - columns, columns)


def pick(images: Tensor, which: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Pick pictures, each read at its own places: all of it is one gather.

    Args:
        images: (n, height, width, channels).
        which: the numbers of the pictures wanted, (m,).
        rows: to read, (m, height).
        columns: to read, (m, width).

    Returns:
        (m, height, width, channels), as many rows and columns as were to be read, of the images' dtype.
    """
    return images[which[:, None, None], rows[:, :, None], columns[:, None, :]]


def _places(size: int, window: int, translate: int, count: int, generator: torch.Generator) -> Tensor:
    """`window` places in a row for each of `count` pictures, (count, window), beyond 0 … size − 1 perhaps."""
    shifts = torch.randint(-translate, size - window + translate + 1, (count, 1), generator=generator)
    return torch.arange(window) + shifts


def _reflect(places: Tensor, size: int) -> Tensor:
    """Places beyond 0 … size − 1, by less than size, reflected back inside."""
    places = places.abs()
    return torch.where(places >= size, 2 * (size - 1) - places, places)
