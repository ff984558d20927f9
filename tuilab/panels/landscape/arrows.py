"""Arrows over a surface: what an arm's next step is made of."""

from __future__ import annotations

import math

import numpy as np

from tuilab.panels.axes import Floats
from tuilab.panels.dots import light
from tuilab.panels.frames import frame_of, texts
from tuilab.panels.landscape.surface import Surface
from tuilab.panels.palette import DIM
from tuilab.panels.paths import line_pixels
from tuilab.panels.picture import Picture
from tuilab.panels.view import PIXELS, View
from tuilab.recording import Readable

ARROWS = "vectors"
"""The frames that hold them."""

_COLORS = {"gradient": 255, "momentum": 213, "step": 229, "look-ahead": 159}
_OTHER = 250
_TIPS = "→↗↑↖←↙↓↘"
_TIPS_ASCII = ">/^\\</v\\"
_LONG = 0.15
"""Share of the picture that the longest arrow reaches at least, by a power of two."""

_RANGE = 7
"""Cells for the axis's label at either end of the row that names the arrows."""

_MOST = 2.0**20
_FAR = 1e100

Arrows = dict[str, list[Floats]]
"""By name: [x, y, dx, dy, px, py] of every arm's, where (px, py) is where the arm's first arrow starts."""


def arrows_of(recording: Readable, arms: list[str], view: View) -> Arrows:
    """The arrows of these arms at the moment, of each name together."""
    found: Arrows = {}
    for arm in arms:
        frame = frame_of(recording, arm, ARROWS, view.step)
        if frame is None or frame.array.ndim != 2 or frame.array.shape[1] != 4 or len(frame.array) > 16:
            continue
        if frame.array.dtype.kind not in "fiub":
            continue
        array = frame.array.astype(np.float64)
        names = texts(frame.meta.get("names"), len(array)) or [str(k + 1) for k in range(len(array))]
        for each, arrow in zip(names, array, strict=True):
            if (np.abs(whole := np.append(arrow, array[0, :2])) < _FAR).all():
                found.setdefault(each, []).append(whole)
    return found


def magnified(arrows: Arrows, surface: Surface) -> float:
    """The power of two that makes the longest arrow a good part of the picture; 1 where it is already."""
    size = np.array([surface.x[1] - surface.x[0], surface.y[1] - surface.y[0]])
    longest = max((float((np.abs(a[2:4]) / size).max()) for some in arrows.values() for a in some), default=0)
    if not 0 < longest < _LONG:
        return 1.0
    return min(2.0 ** math.ceil(math.log2(_LONG / longest)), _MOST)


def put_key(picture: Picture, arrows: Arrows, factor: float, left: int, view: View) -> None:
    """The arrows' names in the last row, and how much longer than they are they are drawn."""
    y = picture.height - 1
    pieces = [
        (f"→ {name}" if view.color else f"{name[:1]} {name}", _COLORS.get(name, _OTHER)) for name in arrows
    ]
    if factor != 1:
        pieces.append((f"arrows ×{factor:.3g}", DIM))
    x = left + _RANGE
    if x + sum(len(text) + 2 for text, _ in pieces) + _RANGE > picture.width:
        pieces = pieces[len(arrows) :]
    if not pieces or x + len(pieces[-1][0]) + _RANGE > picture.width:
        return
    picture.put(y, x, " " * (picture.width - x - _RANGE))
    for text, color in pieces:
        picture.put(y, x, text, color)
        x += len(text) + 2


def draw_arrows(body: Picture, arrows: Arrows, factor: float, surface: Surface, view: View) -> None:
    """Shafts with tips; without colour the tip is the first letter of the arrow's name."""
    across, up = PIXELS[view.glyphs]
    width, height = body.width * across, body.height * up
    for name, some in arrows.items():
        for x, y, dx, dy, px, py in (arrow.tolist() for arrow in some):
            # Magnified around the arm: an arrow that starts at another's tip still does.
            x, y = px + factor * (x - px), py + factor * (y - py)
            xs, ys = np.array([x, x + factor * dx]), np.array([y, y + factor * dy])
            pixels = line_pixels(xs, ys, surface.x, surface.y, width, height)
            if not len(pixels):
                continue
            light(body, pixels[:, 0], pixels[:, 1], _COLORS.get(name, _OTHER), view.glyphs, ".")
            column, row = surface.cell((xs[1], ys[1]), body)
            turn = math.atan2(
                dy / (surface.y[1] - surface.y[0]) * height * across,
                dx / (surface.x[1] - surface.x[0]) * width * up,
            )
            tips = _TIPS_ASCII if view.glyphs == "ascii" else _TIPS
            tip = tips[round(turn / (math.pi / 4)) % 8] if view.color else name[:1]
            if 0 <= column < body.width and 0 <= row < body.height and (dx or dy):
                body.put(row, column, tip, _COLORS.get(name, _OTHER), int(body.bg[row, column]))
