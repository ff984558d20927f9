"""What a landscape frame holds, and where its points lie in a picture."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tuilab.panels.axes import Floats
from tuilab.panels.frames import pair
from tuilab.panels.picture import Picture
from tuilab.recording import Frame

_MANY = 1 << 22
"""Cells of a frame beyond which it is not drawn: a surface has some thousands."""


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """A function of x and y on a grid.

    Attributes:
        heights: (rows, columns), row 0 at the lowest y.
        x: Range across.
        y: Range up.
        minima: (x, y) of each.
    """

    heights: Floats
    x: tuple[float, float]
    y: tuple[float, float]
    minima: list[tuple[float, float]]

    def cell(self, point: tuple[float, float], body: Picture) -> tuple[int, int]:
        """The column and row of the cell a point lies in, possibly outside."""
        across = (point[0] - self.x[0]) / (self.x[1] - self.x[0])
        up = (point[1] - self.y[0]) / (self.y[1] - self.y[0])
        across, up = (min(max(share, -1.0), 2.0) for share in (across, up))
        return math.floor(across * body.width), math.floor((1 - up) * body.height)


def surface_of(frame: Frame | None) -> Surface | None:
    """The surface in a frame; None for one that holds none."""
    if frame is None or frame.array.ndim != 2 or 0 in frame.array.shape:
        return None
    if frame.array.size > _MANY or frame.array.dtype.kind not in "fiub":
        return None
    x, y = pair(frame.meta.get("x")), pair(frame.meta.get("y"))
    if x is None or y is None or x[0] >= x[1] or y[0] >= y[1]:
        return None
    minima = frame.meta.get("minima")
    points = map(pair, minima) if isinstance(minima, list) else []
    return Surface(frame.array.astype(np.float64), x, y, [point for point in points if point is not None])
