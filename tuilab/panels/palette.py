"""Colours and marks: the arms', the text's, the heat's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any

import numpy as np

from tuilab.panels.colors import DEFAULT, FALLBACK, lch

ARM_COLORS = (33, 208, 35, 170, 178, 37, 167, 103, 129, 40, 101, 198)
"""xterm indices, in the order of a scenario's arms; of middle lightness, to show on dark and light."""

FALLBACK.update(
    (code, (code, system))
    for code, system in zip(ARM_COLORS, (12, 3, 2, 5, 11, 6, 1, 7, 4, 10, 8, 13), strict=True)
)

ARM_MARKS = "●■▲◆▼★◉▣▶◀◈◐"
ASCII_MARKS = "o#^*v@%&$AHM"
"""One character an arm, so that arms are told apart without colour. "+" and "X" are taken."""

TEXT = DEFAULT
DIM = 245
"""Axes, units and hints."""

BROKEN = "✗"
"""Where a series became NaN or infinite."""

POINT = "○"
"""One recorded value of a series that has few."""

MINIMUM = "+"


def arms_of(header: Mapping[str, Any]) -> list[str]:
    """The arms a recording names, in colour order."""
    arms = header.get("arms")
    return [arm for arm in arms if isinstance(arm, str)] if isinstance(arms, list) else []


def own_of(header: Mapping[str, Any]) -> list[str]:
    """The user's own parts that a recording was made with, as `mine.py:MyAdam`."""
    own = header.get("own")
    facts = [fact for fact in own if isinstance(fact, dict)] if isinstance(own, list) else []
    return [f"{PurePath(str(fact.get('file', '?'))).name}:{fact.get('name', '?')}" for fact in facts]


def arm_place(header: Mapping[str, Any], arm: str) -> int | None:
    """Which of the header's arms this is, from 0; None for none of them."""
    arms = header.get("arms")
    try:
        return arms.index(arm) if isinstance(arms, list) else None
    except ValueError:
        return None


def arm_color(header: Mapping[str, Any], arm: str) -> int:
    """The xterm index of an arm's colour; the text's for one that the header does not name."""
    place = arm_place(header, arm)
    return TEXT if place is None else ARM_COLORS[place % len(ARM_COLORS)]


def arm_mark(header: Mapping[str, Any], arm: str, glyphs: str = "braille") -> str:
    """The character that stands for an arm."""
    marks = ASCII_MARKS if glyphs == "ascii" else ARM_MARKS
    place = arm_place(header, arm)
    if place is None:
        return "-" if glyphs == "ascii" else "•"
    # Where the colours come round again, the marks are shifted: no two of 144 arms look the same.
    return marks[(place + place // len(marks)) % len(marks)]


def arm_order(header: Mapping[str, Any], focus: str | None = None) -> Callable[[str], int]:
    """A key that sorts arms in the order of their colours, the engine's and unknown ones last.

    The one in focus comes behind all others: what is drawn later lies on top.
    """
    order = {arm: place for place, arm in enumerate(arms_of(header))}
    if focus in order:
        order[focus] = len(order) + 1
    return lambda arm: order.get(arm, len(order))


HEAT_LEVELS = 24
"""Few enough that equal heights look equal and cells stay as they are."""


def _heat() -> tuple[int, ...]:
    """Evenly rising lightness from a dark violet over blue to a pale sea green, in the CIELAB space.

    Lightness alone orders the levels, and it ends at 62 of 100, so that the paths drawn on top stand out.
    """
    level = np.linspace(0, 1, HEAT_LEVELS)
    return lch(6 + 56 * level, 34 - 12 * level, 300 - 120 * level)


HEAT = _heat()
"""Codes of the heat's levels, the lowest first."""

HEAT_256 = (16, 17, 18, 19, 20, 21, 24, 25, 26, 31, 32, 37, 38)
"""The same among xterm's 256 colours, each lighter than the one before: from black over blue to cyan."""

FALLBACK.update(
    (code, (HEAT_256[level * len(HEAT_256) // HEAT_LEVELS], (0, 4, 8)[level * 3 // HEAT_LEVELS]))
    for level, code in enumerate(HEAT)
)
