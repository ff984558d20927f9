"""Cropped and scaled, turned, stretched, sheared, seen through a lens: one map of coordinates, sampled once.

Each picture is read where a map of its own sends the pixels of the result. With p the place of such a pixel,
−1 … 1 from edge to edge, it is read at

    q = c + s·R(θ)·K·(1 + k·|p|²)·p          K = [[e^a, 0], [tan φ, e^−a]]

s and c being size and middle of the crop, θ the turn, a the stretch, φ the shear and k the bulge of the lens
(k > 0 barrel, k < 0 pincushion). So a picture is resampled once, however many of these are combined; between
pixels by bilinear interpolation, beyond the edges by the picture's own reflection.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import grid_sample


def draw_maps(
    count: int,
    generator: torch.Generator,
    *,
    crop: tuple[float, float] | None = None,
    rotate: float = 0.0,
    stretch: float = 0.0,
    shear: float = 0.0,
    lens: float = 0.0,
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw a map for every picture.

    Args:
        count: pictures.
        generator: on the CPU: a seed means the same on every device.
        crop: smallest and largest side of a square patch, as a share of the picture's. The ResNet recipe
            scales the short side to L, even in [256, 480], and takes a patch of 224: shares 224/480 = .467 to
            .875, the *inverse* share even between them, which is how it is drawn here.
        rotate: largest turn, degrees either way.
        stretch: largest a.
        shear: largest φ, degrees.
        lens: largest k, .1 to .3 look natural.

    Returns:
        s·R(θ)·K, (count, 2, 2); c, (count, 2); k, (count,).
    """

    def even(reach: float) -> Tensor:
        return reach * (2 * torch.rand(count, generator=generator) - 1)

    side = torch.ones(count)
    if crop is not None:
        smallest, largest = crop
        side = 1 / (1 / largest + (1 / smallest - 1 / largest) * torch.rand(count, generator=generator))
    middle = torch.stack([even(1.0), even(1.0)], 1) * (1 - side)[:, None]
    matrix = (
        side[:, None, None]
        * _turn(even(math.radians(rotate)))
        @ _skew(even(stretch), even(math.radians(shear)))
    )
    return matrix, middle, even(lens)


def warp(images: Tensor, matrix: Tensor, middle: Tensor, bulge: Tensor) -> Tensor:
    """Every picture through its map.

    Args:
        images: (n, height, width, channels) float.
        matrix: s·R(θ)·K, (n, 2, 2), on the images' device, as the others are.
        middle: c, (n, 2).
        bulge: k, (n,).

    Returns:
        (n, height, width, channels) float.
    """
    _, height, width, _ = images.shape
    x = (2 * torch.arange(width, device=images.device) + 1) / width - 1
    y = (2 * torch.arange(height, device=images.device) + 1) / height - 1
    p = torch.stack(torch.meshgrid(x, y, indexing="xy"), 2)
    q = torch.einsum("nij,hwj->nhwi", matrix, p)
    q = q * (1 + bulge[:, None, None, None] * p.square().sum(2, keepdim=True))
    q = q + middle[:, None, None]
    planes = images.permute(0, 3, 1, 2)
    found = grid_sample(planes, q, mode="bilinear", padding_mode="reflection", align_corners=False)
    return found.permute(0, 2, 3, 1)


def _turn(angle: Tensor) -> Tensor:
    cos, sin = angle.cos(), angle.sin()
    return torch.stack([torch.stack([cos, -sin], 1), torch.stack([sin, cos], 1)], 1)


def _skew(stretch: Tensor, shear: Tensor) -> Tensor:
    zero = torch.zeros_like(stretch)
    return torch.stack(
        [torch.stack([stretch.exp(), zero], 1), torch.stack([shear.tan(), (-stretch).exp()], 1)], 1
    )
