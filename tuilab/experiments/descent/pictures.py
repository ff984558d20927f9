"""Frames: the surface, an arm's arrows and quadratic model, and what a crowd has come to."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from tuilab.experiments.descent.walker import Walker
from tuilab.experiments.observation import Frame
from tuilab.parts.optimizers import DampedNewton, NesterovLookAhead, Newton, advance
from tuilab.parts.surfaces import Surface
from tuilab.parts.surfaces.surface import Point

_SIDE = 129
"""Points along each side of the landscape; odd, so that the centre is one of them."""


def view_of(surface: Surface, starts: Sequence[Sequence[float]]) -> tuple[Point, Point]:
    """The ranges of x and y to show: the surface's own and every start well inside."""
    if surface.view is None:
        cx, cy = surface.goals[0]
        half = 1.4 * max(max(abs(x - cx), abs(y - cy)) for x, y in starts) or 1.0
        return (cx - half, cx + half), (cy - half, cy + half)
    ranges = []
    for (low, high), places in zip(surface.view, zip(*starts, strict=True), strict=True):
        margin = 0.05 * (high - low)
        lowest, highest = min(places), max(places)
        ranges.append(
            (lowest - margin if lowest < low else low, highest + margin if highest > high else high)
        )
    return ranges[0], ranges[1]


def landscape(surface: Surface, view: tuple[Point, Point]) -> Frame:
    """Heights over the view."""
    across, up = (torch.linspace(*ends, _SIDE, dtype=torch.float64) for ends in view)
    grid = torch.stack(torch.meshgrid(across, up, indexing="xy"), dim=-1)
    meta = {
        "kind": "landscape",
        "x": list(view[0]),
        "y": list(view[1]),
        "minima": [list(minimum) for minimum in surface.minima],
    }
    return surface.value(grid).float().numpy(), meta


def arrows(walker: Walker, surface: Surface) -> Frame:
    """What the next step is made of, each arrow as (x, y, dx, dy): shape (k, 4).

    Of rules with a velocity: the gradient's own step −lr·g, the momentum −lr·ρ·v, under Nesterov also the
    gradient's step at the look-ahead point, and their sum. Of others the step, and beside it one of the same
    length straight down the gradient.
    """
    point, gradient, settings = walker.point, walker.gradient, walker.settings
    there, _ = advance(walker.rule, point, gradient, walker.memory, surface)
    name, lr, rho = settings["name"], settings.get("lr", 1.0), settings.get("momentum", 0.0)
    if name == "sgd":
        drawn = {"gradient": (point, -lr * gradient)}
    elif name == "momentum":
        carried = -lr * rho * walker.memory[0]
        drawn = {"gradient": (point, -lr * gradient), "momentum": (point, carried)}
    elif isinstance(walker.rule, NesterovLookAhead) or name == "nesterov":
        carried = -lr * rho * walker.memory[0]
        ahead = point if name == "nesterov" else point + carried
        point, there = ahead - carried, ahead - lr * surface.gradient(ahead)
        drawn = {
            "gradient": (point, -lr * surface.gradient(point)),
            "momentum": (point, carried),
            "look-ahead": (ahead, there - ahead),
        }
    else:
        steepness = gradient.norm()
        length = (there - point).norm() / steepness if steepness > 0 else 0.0
        drawn = {"gradient": (point, -length * gradient)}
    if name != "sgd":
        drawn["step"] = (point, there - point)
    array = torch.stack([torch.cat(pair) for pair in drawn.values()])
    return array.numpy(), {"kind": "vectors", "names": list(drawn)}


def quadratic_model(walker: Walker, surface: Surface) -> Frame | None:
    """What Newton's method takes the surface for: x0, y0, f, its gradient, and hxx, hxy, hyy."""
    if not isinstance(walker.rule, Newton | DampedNewton):
        return None
    (xx, xy), (_, yy) = surface.hessian(walker.point).tolist()
    x, y = walker.point.tolist()
    gx, gy = walker.gradient.tolist()
    figures = [x, y, surface.value(walker.point).item(), gx, gy, xx, xy, yy]
    return np.array(figures), {"kind": "quadratic_model"}


def basin_map(classes: Tensor, categories: list[str], axes: Sequence[Tensor]) -> Frame:
    """Which start has come where: one colour a minimum; `axes` are the x and the y of the starts."""
    side = math.isqrt(len(classes))
    meta = {
        "kind": "map",
        "x": axes[0][[0, -1]].tolist(),
        "y": axes[1][[0, -1]].tolist(),
        "x_name": "x",
        "y_name": "y",
        "colors": "categories",
        "categories": categories,
    }
    return classes.reshape(side, side).to(torch.uint8).numpy(), meta


def scatter(points: Tensor, classes: Tensor, categories: list[str]) -> Frame:
    """Where the walkers are, at most 2,000 of them."""
    every = -(-len(points) // 2_000)
    array = torch.cat((points, classes[:, None]), dim=-1)[::every]
    return array.numpy(), {"kind": "scatter", "names": ["x", "y"], "classes": categories}


def place_name(point: Point) -> str:
    """A minimum as a category's name: `(3.58, −1.85)`."""
    return f"({point[0] + 0.0:.3g}, {point[1] + 0.0:.3g})".replace("-", "−")
