"""A surface as heat in cells, two heights a cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tuilab.panels.axes import Floats
from tuilab.panels.palette import HEAT, HEAT_LEVELS
from tuilab.panels.picture import Picture
from tuilab.panels.view import View

_HOLE = -1
_SHADES = np.array(list(" ░▒▓"))
_SHADES_ASCII = np.array(list(" .:-="))  # none that an arm's mark could be lost among
_SKEWED = 0.3
"""A median lower than this between lowest and highest means a bowl or valley: its colours are logarithmic."""

_VALLEY = 0.02
"""The share of the surface that the logarithm spreads the darkest levels over."""

Levels = NDArray[np.int64]


def levels(heights: Floats, width: int, height: int) -> Levels:
    """The surface resampled and quantised: (height, width), the highest y in row 0, -1 where it is NaN.

    Args:
        heights: (rows, columns), the lowest y in row 0; infinite ones take the highest level.
        width: Columns wanted.
        height: Rows wanted.
    """
    share = _shares(np.clip(heights, -1e300, 1e300))[::-1]
    sampled = _along(_along(share, height).T, width).T
    whole = np.floor(np.nan_to_num(sampled, nan=_HOLE) * HEAT_LEVELS)
    return np.clip(whole, _HOLE, HEAT_LEVELS - 1).astype(np.int64)


def _shares(heights: Floats) -> Floats:
    """Heights as 0…1 of the colour scale; logarithmic where the surface has a valley."""
    known = heights[np.isfinite(heights)]
    if not len(known):
        return np.full(heights.shape, np.nan)
    low, valley, median, high = np.quantile(known, [0.0, _VALLEY, 0.5, 1.0]) / 2
    span = high - low
    if not span > 0:
        return np.where(np.isfinite(heights), 0.5, np.nan)
    share: Floats = (heights / 2 - low) / span
    if (median - low) / span >= _SKEWED:
        return share
    unit = max((valley - low) / span, 1e-9)
    logarithmic: Floats = np.log1p(share / unit) / np.log1p(1 / unit)
    return logarithmic


def _along(values: Floats, count: int) -> Floats:
    """`count` rows interpolated between the rows of `values`."""
    places = np.clip((np.arange(count) + 0.5) / count * len(values) - 0.5, 0, len(values) - 1)
    below = np.floor(places).astype(np.int64)
    above = np.minimum(below + 1, len(values) - 1)
    share = (places - below)[:, None]
    mixed: Floats = values[below] * (1 - share) + values[above] * share
    return mixed


def paint(picture: Picture, heat: Levels, view: View) -> None:
    """Fill a picture of h × w cells with levels of (2h, w)."""
    upper, lower = heat[::2], heat[1::2]
    if not view.color:
        shades = _SHADES_ASCII if view.glyphs == "ascii" else _SHADES
        mean = np.where((upper == _HOLE) | (lower == _HOLE), 0, (upper + lower) // 2)
        picture.chars[...] = shades[mean * len(shades) // HEAT_LEVELS]
        return
    table = np.array([*HEAT, -1], np.int32)  # a hole, -1, finds the last: the terminal's own background
    if view.glyphs == "ascii":
        picture.bg[...] = table[np.where((upper == _HOLE) | (lower == _HOLE), _HOLE, (upper + lower) // 2)]
        return
    split = upper != lower
    picture.bg[...] = table[lower]
    picture.fg[split] = table[upper][split]
    picture.chars[split] = "▀"
    bare = split & (upper == _HOLE)
    picture.chars[bare], picture.fg[bare], picture.bg[bare] = "▄", table[lower][bare], -1
