"""Pixels smaller than cells: braille dots, quarter blocks, or one character a cell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tuilab.panels.axes import Ints
from tuilab.panels.picture import Picture
from tuilab.panels.view import PIXELS, Glyphs

_DOTS = np.array([[0x40, 0x80], [0x04, 0x20], [0x02, 0x10], [0x01, 0x08]])
"""Braille dots by pixel row, counted from the cell's bottom, and column."""

_QUARTERS = np.array(list(" ▖▗▄▘▌▚▙▝▞▐▟▀▛▜█"))
"""Quarter blocks by the sum of 1 (lower left), 2 (lower right), 4 (upper left), 8 (upper right)."""


def light(picture: Picture, columns: Ints, rows: Ints, color: int, glyphs: Glyphs, char: str = "*") -> None:
    """Lights pixels, beside those of the same kind that a cell has; a cell takes the colour of its latest.

    Args:
        picture: Drawn on.
        columns: (n,) of the pixels, all inside.
        rows: (n,) counted from the bottom.
        color: Colour code.
        glyphs: How many pixels a cell has.
        char: What lights a cell in ASCII.
    """
    light_lines(picture, columns, rows, np.zeros(len(columns), np.int64), [color], [char], glyphs)


def light_lines(
    picture: Picture,
    columns: Ints,
    rows: Ints,
    lines: Ints,
    colors: Sequence[int],
    chars: Sequence[str],
    glyphs: Glyphs,
) -> None:
    """Lights the pixels of several lines as `light` does, later lines over earlier ones.

    Args:
        picture: Drawn on.
        columns: (n,) of the pixels, all inside.
        rows: (n,) counted from the bottom.
        lines: (n,) which line each belongs to.
        colors: Of the lines.
        chars: Of the lines.
        glyphs: How many pixels a cell has.
    """
    across, up = PIXELS[glyphs]
    cells = (picture.height - 1 - rows // up, columns // across)
    owner = np.full(picture.chars.shape, -1)
    np.maximum.at(owner, cells, lines)
    touched = owner >= 0
    picture.fg[touched] = np.asarray(colors, np.int32)[owner[touched]]
    if glyphs == "ascii":
        picture.chars[touched] = np.asarray(chars, "<U1")[owner[touched]]
        return
    bits = _DOTS if glyphs == "braille" else np.array([[1, 2], [4, 8]])
    dots = np.zeros(picture.chars.shape, np.int64)
    np.bitwise_or.at(dots, cells, bits[rows % up, columns % across])
    if glyphs == "braille":
        before = _code_points(picture.chars[touched]) - 0x2800
        dots[touched] |= np.where((before > 0) & (before < 256), before, 0)
        picture.chars[touched] = (dots[touched] + 0x2800).astype("<u4").view("<U1")
    else:
        picture.chars[touched] = _QUARTERS[dots[touched]]


def _code_points(chars: NDArray[np.str_]) -> NDArray[np.int64]:
    return np.ascontiguousarray(chars).view("<u4").astype(np.int64)
