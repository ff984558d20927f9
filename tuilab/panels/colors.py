"""Colour codes of a cell, and what is left of them on poorer terminals.

One int32 says a colour: -1 is the terminal's default, 0…255 an xterm index, 0x1000000 | rgb a true colour.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

DEFAULT = -1
TRUE = 0x1000000
"""Set in a code whose low 24 bits are red, green and blue."""

FALLBACK: dict[int, tuple[int, int]] = {}
"""What true colours that belong together become in 256 and in 16 colours, where the nearest would not do."""

RGB = tuple[int, int, int]

# xterm's own values; terminals let people change the first 16, so they are only a guide.
_SYSTEM: tuple[RGB, ...] = (
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
    (127, 127, 127),
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (92, 92, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
)
_CUBE = (0, 95, 135, 175, 215, 255)


def rgb(red: int, green: int, blue: int) -> int:
    """The code of a true colour."""
    return TRUE | red << 16 | green << 8 | blue


def lch(lightness: ArrayLike, chroma: ArrayLike, hue: ArrayLike) -> tuple[int, ...]:
    """The codes of colours given in the CIELAB space: lightness 0…100, chroma, hue in degrees, (n,) each."""
    angle = np.radians(hue)
    fy = (np.asarray(lightness) + 16) / 116
    red, blue = np.asarray(chroma) * np.cos(angle) / 500, np.asarray(chroma) * np.sin(angle) / 200
    lab = np.stack(np.broadcast_arrays(fy + red, fy, fy - blue), axis=-1)
    xyz = np.where(lab > 6 / 29, lab**3, 3 * (6 / 29) ** 2 * (lab - 4 / 29)) * (0.9505, 1.0, 1.089)
    linear = xyz @ np.array(
        [[3.2406, -0.9689, 0.0557], [-1.5372, 1.8758, -0.2040], [-0.4986, 0.0415, 1.0570]]
    )
    linear = np.clip(linear, 0, 1)
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return tuple(rgb(*color) for color in np.rint(srgb * 255).astype(int).tolist())


@cache
def to_rgb(code: int) -> RGB:
    """Red, green and blue of a code other than DEFAULT."""
    if code & TRUE:
        return code >> 16 & 255, code >> 8 & 255, code & 255
    if code < 16:
        return _SYSTEM[code]
    if code < 232:
        red, rest = divmod(code - 16, 36)
        return _CUBE[red], _CUBE[rest // 6], _CUBE[rest % 6]
    grey = 8 + 10 * (code - 232)
    return grey, grey, grey


def _distances(color: RGB, others: NDArray[np.int64]) -> NDArray[Any]:
    """How different colours (n, 3) look: weighted by the eye's sensitivity at the mean red (CompuPhase)."""
    mean = (color[0] + others[:, 0]) / 2
    red, green, blue = ((part - others[:, place]) ** 2 for place, part in enumerate(color))
    weighted: NDArray[Any] = (2 + mean / 256) * red + 4 * green + (2 + (255 - mean) / 256) * blue
    return weighted


@cache
def _indexed(start: int, stop: int) -> NDArray[np.int64]:
    return np.array([to_rgb(index) for index in range(start, stop)], np.int64)


@cache
def _nearest(color: RGB, start: int, stop: int) -> int:
    return start + int(np.argmin(_distances(color, _indexed(start, stop))))


@cache
def reduced(code: int, colors: int) -> int:
    """The code that a terminal of so many colours shows instead.

    Args:
        code: A colour code.
        colors: 0, 16, 256 or 2**24.
    """
    if code == DEFAULT or colors == 0:
        return DEFAULT
    if code in FALLBACK and colors < 2**24:
        return FALLBACK[code][colors < 256]
    if code & TRUE and colors < 2**24:
        code = _nearest(to_rgb(code), 16, 256)
    if colors < 256 and code >= 16:
        red, green, blue = to_rgb(code)
        # The middle greys carry axes and hints: a hued neighbour would mislead.
        if max(red, green, blue) - min(red, green, blue) < 12:
            return 0 if red < 64 else 8 if red < 178 else 7 if red < 242 else 15
        return _nearest((red, green, blue), 0, 16)
    return code


@cache
def sgr(foreground: int, background: int) -> str:
    """The parameters of the escape sequence that sets both colours after a reset; empty for two defaults."""
    return ";".join([*_parameters(foreground, 30, 90), *_parameters(background, 40, 100)])


def _parameters(code: int, dark: int, bright: int) -> list[str]:
    if code == DEFAULT:
        return []
    if code & TRUE:
        return [f"{dark + 8};2;{code >> 16 & 255};{code >> 8 & 255};{code & 255}"]
    if code < 16:
        return [str(dark + code if code < 8 else bright + code - 8)]
    return [f"{dark + 8};5;{code}"]
