"""Lines of equal height over the heat of a surface."""

from __future__ import annotations

import numpy as np

from tuilab.panels.axes import Floats
from tuilab.panels.dots import light
from tuilab.panels.heat import HOLE, levels
from tuilab.panels.palette import HEAT, HEAT_LEVELS
from tuilab.panels.picture import Picture
from tuilab.panels.view import PIXELS, View

_EVERY = 4
"""Levels of heat from one line to the next."""

_LIGHTER = 4
"""Levels that a line is lighter than what it lies on; on the lightest it is darker."""


def draw_contours(body: Picture, heights: Floats, view: View) -> None:
    """Draws them in the cells that show nothing but heat; where cells are coarse, the heat has to do."""
    if not view.color or view.glyphs != "braille":
        return
    across, up = PIXELS[view.glyphs]
    fine = levels(heights, body.width * across, body.height * up)
    band = fine // _EVERY
    edge = np.zeros(band.shape, bool)
    edge[:, :-1] |= band[:, :-1] != band[:, 1:]
    edge[:-1] |= band[:-1] != band[1:]
    edge &= fine != HOLE
    free = np.isin(body.chars, (" ", "▀", "▄"))
    edge &= np.repeat(np.repeat(free, up, axis=0), across, axis=1)
    top = HEAT_LEVELS - 1
    for level in np.unique(fine[edge]).tolist():
        rows, columns = np.nonzero(edge & (fine == level))
        shade = level + _LIGHTER if level + _LIGHTER <= top else level - _LIGHTER
        light(body, columns, len(fine) - 1 - rows, HEAT[shade], view.glyphs)
