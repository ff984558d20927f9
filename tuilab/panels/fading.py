"""Paler shades of the arms' colours: what is older, what is raw, and who is not in focus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tuilab.panels.colors import FALLBACK, reduced, rgb, to_rgb
from tuilab.panels.palette import ARM_COLORS, DIM, arm_color, arms_of
from tuilab.panels.picture import Picture

_GREY = (105, 105, 105)
_MIXES = (0.0, 0.25, 0.5, 0.85)
_FAINT = 0.62
_OUT_OF_FOCUS = 240


def _mixed(color: int, mix: float) -> int:
    own = to_rgb(color)
    return rgb(*(round(a + (b - a) * mix) for a, b in zip(own, _GREY, strict=True))) if mix else color


_FADED = {color: [_mixed(color, mix) for mix in _MIXES] for color in ARM_COLORS}
_PALE = {color: _mixed(color, _FAINT) for color in ARM_COLORS}
FALLBACK.update(
    (code, (reduced(code, 256), reduced(color, 16) if mix < 0.5 else 8))
    for color, codes in _FADED.items()
    for code, mix in list(zip(codes, _MIXES, strict=True))[1:]
)
FALLBACK.update((code, (reduced(code, 256), 8)) for code in _PALE.values())


def faded(color: int, age: float) -> int:
    """An arm's colour, the greyer the older what it draws is: 0 is now, 1 the beginning."""
    levels = _FADED.get(color, [color, color, DIM, DIM])
    return levels[min(int(age * len(levels)), len(levels) - 1)]


def faint(color: int) -> int:
    """An arm's colour for what lies behind its line: halfway to a grey that is faint on dark and on light."""
    return _PALE.get(color, DIM)


def dim_others(picture: Picture, header: Mapping[str, Any], focus: str) -> None:
    """Draw what belongs to other arms than one in grey. Nothing changes if there is no arm of this name."""
    arms = arms_of(header)
    if focus not in arms:
        return
    own = arm_color(header, focus)
    shades = [
        [*_FADED[color], _PALE[color]] for color in {arm_color(header, arm) for arm in arms} - {own, DIM}
    ]
    picture.fg[np.isin(picture.fg, [code for each in shades for code in each])] = _OUT_OF_FOCUS
