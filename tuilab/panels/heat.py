"""A surface as heat in cells, two heights a cell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tuilab.panels.axes import Floats, ValueAxis
from tuilab.panels.numbers import brief, power_label
from tuilab.panels.palette import BROKEN, DIM, HEAT, HEAT_LEVELS
from tuilab.panels.picture import Picture
from tuilab.panels.view import View

HOLE = -1
"""The level of what is not known."""

BAD = HEAT_LEVELS
"""The level of what is not finite."""

_SHADES = np.array(list(" ░▒▓"))
_SHADES_ASCII = np.array(list(" .:-="))  # none that an arm's mark could be lost among
_LOWEST = "·'"
_BAD_COLOR = 160
_BAR = 12
"""Cells of the legend's scale, where there is room."""

_POWERS = 5
"""Powers of ten beyond this are written as such: those of the ends of a scale that wide are whole."""

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
    whole = np.floor(np.nan_to_num(sampled, nan=HOLE) * HEAT_LEVELS)
    return np.clip(whole, HOLE, HEAT_LEVELS - 1).astype(np.int64)


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


def paint(picture: Picture, heat: Levels, view: View, known: bool = False) -> None:
    """Fill a picture of h × w cells with levels of (2h, w).

    Args:
        picture: Written to.
        heat: Levels, or HOLE or BAD, the highest y in row 0.
        view: What may be drawn with.
        known: Whether the lowest level, where shades show it, must differ from what is not known.
    """
    upper, lower = heat[::2], heat[1::2]
    mean = np.where((upper == HOLE) | (lower == HOLE), HOLE, (upper + lower) // 2)
    bad = (upper == BAD) | (lower == BAD)
    if not view.color:
        lowest = _LOWEST[view.glyphs == "ascii"] if known else " "
        shades = _SHADES_ASCII if view.glyphs == "ascii" else _SHADES
        picture.chars[...] = shades[np.clip(mean, 0, HEAT_LEVELS - 1) * len(shades) // HEAT_LEVELS]
        picture.chars[(mean >= 0) & (picture.chars == " ")] = lowest
        picture.chars[bad] = BROKEN
        return
    # A hole, -1, finds the last: the terminal's own background.
    table = np.array([*HEAT, _BAD_COLOR, -1], np.int32)
    if view.glyphs == "ascii":
        picture.bg[...] = table[np.where(bad, BAD, mean)]
        return
    split = upper != lower
    picture.bg[...] = table[lower]
    picture.fg[split] = table[upper][split]
    picture.chars[split] = "▀"
    bare = split & (upper == HOLE)
    picture.chars[bare], picture.fg[bare], picture.bg[bare] = "▄", table[lower][bare], -1


def put_bar(
    picture: Picture, x: int, notes: Sequence[str], values: ValueAxis, broken: bool, view: View
) -> None:
    """Notes and the scale of the heat at the right end of the title row, as much as fits right of x."""
    low, high = (_label(end, values.log) for end in (values.low, values.high))
    texts = ["".join(f"{note}  " for note in notes[:count]) for count in range(len(notes), -1, -1)]
    bad = f"  {BROKEN} not finite" if broken else ""
    for length, noted in [(_BAR, texts[0]), *((_BAR // 2, text) for text in texts), (0, "")]:
        start = picture.width - len(noted + low + high + bad) - length - 2 * bool(length) - (not length)
        if start < x:
            continue
        picture.put(0, start, noted + low, DIM)
        start += len(noted + low) + 1
        if length:
            bar = Picture.blank(length, 1)
            paint(bar, np.tile(np.arange(length) * HEAT_LEVELS // length, (2, 1)), view, known=True)
            picture.paste(0, start, bar)
            start += length + 1
        else:
            picture.put(0, start - 1, "…", DIM)
        picture.put(0, start, high, DIM)
        picture.put(0, start + len(high), bad, _BAD_COLOR)
        return


def _label(end: float, log: bool) -> str:
    if not log:
        return brief(end)
    return power_label(end) if abs(end) >= _POWERS else brief(10.0**end)
