"""Colours and marks of maps and points: below and above zero, and categories."""

from __future__ import annotations

import numpy as np

from tuilab.panels.colors import FALLBACK, lch

_HUES = (265, 50, 145, 325, 95, 200, 25, 295, 120, 230)

AREAS = lch([38, 40, 36, 36, 46, 40, 32, 28, 52, 24], 38, _HUES)
"""What the cells of a category are filled with, dark enough for points on top."""

CLASSES = lch([70, 74, 76, 74, 84, 78, 66, 68, 88, 64], 58, _HUES)
"""The points of a category: the same hue, light."""

_SYSTEM_AREAS = (4, 1, 2, 5, 3, 6, 8, 0, 7, 15)
_SYSTEM_CLASSES = (12, 9, 10, 13, 11, 14, 7, 15, 3, 6)

SHADED = 236
"""Behind the points of an area that is only marked."""

FALLBACK[SHADED] = (SHADED, 8)

CLASS_MARKS = "○□△◇▽☆◎▢" + "abcdefghijklmnopqrstuvwxyz"
CLASS_MARKS_ASCII = "abcdefghijklmnopqrstuvwxyz"
"""One character a class; none that stands for an arm."""

TEXTURES = "·░▒▓" + "abcdefghijklmnopqrstuvwxyz"
TEXTURES_ASCII = ".:=#" + "abcdefghijklmnopqrstuvwxyz"
"""What fills the cells of a category where there are no colours."""

DIVERGING_LEVELS = 23
"""Odd, so that zero has one of its own."""

SIGNED = "=- +#"
"""Shades from far below zero to far above it."""


def _diverging() -> tuple[int, ...]:
    """Blue below zero, nearly black at it, red above: lightness alone says how far from zero."""
    far = np.abs(np.linspace(-1, 1, DIVERGING_LEVELS))
    below = np.arange(DIVERGING_LEVELS) < DIVERGING_LEVELS // 2
    return lch(8 + 52 * far, 4 + np.where(below, 46, 66) * far, np.where(below, 270, 35))


DIVERGING = _diverging()
"""Codes from far below zero to far above it."""


def _fallback(level: int, code: int) -> tuple[int, int]:
    """The 6 × 6 × 6 cube's own row of blues and of reds, and 16 colours' dark and bright ones."""
    far = level - DIVERGING_LEVELS // 2
    share = abs(far) / (DIVERGING_LEVELS // 2)
    if share < 0.15:
        return 16, 0
    if far < 0:
        return (17, 18, 25, 32, 39)[min(int(share * 5), 4)], (4, 12)[share > 0.6]
    return (52, 88, 124, 160, 203)[min(int(share * 5), 4)], (1, 9)[share > 0.6]


FALLBACK.update((code, _fallback(level, code)) for level, code in enumerate(DIVERGING))
FALLBACK.update(
    (code, (index, system))
    for codes, indices, systems in (
        (AREAS, (25, 130, 28, 90, 100, 30, 88, 54, 64, 23), _SYSTEM_AREAS),
        (CLASSES, (111, 215, 114, 212, 221, 80, 203, 141, 155, 67), _SYSTEM_CLASSES),
    )
    for code, index, system in zip(codes, indices, systems, strict=True)
)


def class_color(category: int) -> int:
    """The code of a category's points."""
    return CLASSES[category % len(CLASSES)]


def class_mark(category: int, glyphs: str) -> str:
    """The character of a category's points."""
    marks = CLASS_MARKS_ASCII if glyphs == "ascii" else CLASS_MARKS
    return marks[category % len(marks)]


def texture(category: int, glyphs: str) -> str:
    """The character that fills a category's cells without colour."""
    marks = TEXTURES_ASCII if glyphs == "ascii" else TEXTURES
    return marks[category % len(marks)]
