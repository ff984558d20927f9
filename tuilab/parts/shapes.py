"""Ten shapes drawn at random: pictures to learn from where there is no network to fetch others.

A shape is a function of the plane that is negative inside, zero on the outline and positive outside; near
the outline it measures the distance, which is what smooth edges need. Colour, place, size, turn, stretch,
background and noise are random, so no single pixel tells the class.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from tuilab.parts.randomness import stream

SIZE = 32
Field = Callable[[Tensor, Tensor], Tensor]


def _circle(x: Tensor, y: Tensor) -> Tensor:
    return torch.hypot(x, y) - 0.85


def _ring(x: Tensor, y: Tensor) -> Tensor:
    return (torch.hypot(x, y) - 0.68).abs() - 0.2


def _crescent(x: Tensor, y: Tensor) -> Tensor:
    return torch.maximum(torch.hypot(x, y) - 0.92, 0.72 - torch.hypot(x - 0.42, y))


def _half_disc(x: Tensor, y: Tensor) -> Tensor:
    y = y + 0.4
    return torch.maximum(torch.hypot(x, y) - 1.0, -y)


def _triangle(x: Tensor, y: Tensor) -> Tensor:
    return torch.maximum(x.abs() * (math.sqrt(3) / 2) + y / 2, -y) - 0.5


def _square(x: Tensor, y: Tensor) -> Tensor:
    return torch.maximum(x.abs(), y.abs()) - 0.75


def _rhombus(x: Tensor, y: Tensor) -> Tensor:
    return (x.abs() * 2 + y.abs() - 1.0) / math.sqrt(5)


def _star(x: Tensor, y: Tensor) -> Tensor:
    # Fold the plane into one half of one of the five points, whose edge is a straight line.
    angle = torch.atan2(x, y).abs()
    folded = (torch.remainder(angle + math.pi / 5, 2 * math.pi / 5) - math.pi / 5).abs()
    r = torch.hypot(x, y)
    u, v = r * torch.cos(folded), r * torch.sin(folded)
    tip, dent = 1.0, 0.42
    du, dv = dent * math.cos(math.pi / 5) - tip, dent * math.sin(math.pi / 5)
    return ((u - tip) * dv - v * du) / math.hypot(du, dv)


def _cross(x: Tensor, y: Tensor) -> Tensor:
    x, y = x.abs(), y.abs()
    return torch.maximum(torch.maximum(x, y) - 0.9, torch.minimum(x, y) - 0.28)


def _heart(x: Tensor, y: Tensor) -> Tensor:
    x, y = x.abs() * 1.15, 1.15 * y + 0.15
    return (torch.hypot(x, y - 0.65 * x.sqrt()) - 0.8) * 0.7


SHAPES: dict[str, Field] = {
    "circle": _circle,
    "ring": _ring,
    "crescent": _crescent,
    "half disc": _half_disc,
    "triangle": _triangle,
    "square": _square,
    "rhombus": _rhombus,
    "star": _star,
    "cross": _cross,
    "heart": _heart,
}
"""Every class: a field over coordinates in which the shape about fills the unit circle."""

_BATCH = 500


def draw(shape: str, count: int, seed: int) -> Tensor:
    """`count` pictures of one shape, (count, 32, 32, 3) uint8; the same for the same seed."""
    generator = stream(seed, "shapes10", shape)
    batches = [min(_BATCH, count - done) for done in range(0, count, _BATCH)]
    return torch.cat([_draw(SHAPES[shape], size, generator) for size in batches])


def _draw(field: Field, count: int, generator: torch.Generator) -> Tensor:
    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(count, *(shape or (1, 1)), generator=generator)

    # The shape's own coordinates at every pixel: moved, turned, sized, stretched.
    radius = uniform(7.0, 12.0)
    pixels = torch.arange(SIZE) - (SIZE - 1) / 2
    reach = (SIZE / 2 - radius).clamp(min=0)
    x = pixels[None, None, :] - uniform(-1, 1) * reach
    y = pixels[None, :, None] - uniform(-1, 1) * reach
    turn, stretch = uniform(0, 2 * math.pi), uniform(0.85, 1.15)
    u = (x * torch.cos(turn) + y * torch.sin(turn)) / (radius * stretch)
    v = (y * torch.cos(turn) - x * torch.sin(turn)) / (radius / stretch)
    cover = (0.5 - field(u, v) * radius).clamp(0, 1)[..., None]

    # Two colours that differ enough, each with a shading across the picture, and waves in the background.
    direction = uniform(0, 2 * math.pi)
    slope = (
        pixels[None, None, :] * torch.cos(direction) + pixels[None, :, None] * torch.sin(direction)
    ) / SIZE
    back = uniform(0, 1, 1, 1, 3)
    away = torch.randn(count, 1, 1, 3, generator=generator)
    away = away / away.norm(dim=-1, keepdim=True) * uniform(0.35, 0.8, 1, 1, 1)
    # Whatever would leave the range of colours goes the other way.
    front = torch.where((back + away < 0) | (back + away > 1), back - away, back + away)
    waves = torch.sin(x * uniform(0.2, 1.2) + y * uniform(-1.2, 1.2) + turn)
    tint = torch.randn(count, 1, 1, 3, generator=generator)
    back = back + (0.25 * slope + uniform(0, 0.12) * waves)[..., None] * tint
    front = front + 0.2 * slope[..., None]

    picture = back + cover * (front - back)
    noise = torch.randn(picture.shape, generator=generator) * uniform(0.02, 0.12, 1, 1, 1)
    return ((picture + noise) * 255).round().clamp(0, 255).to(torch.uint8)
