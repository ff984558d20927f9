"""The loss surface as heat, with every arm's path on it up to the moment shown."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from tuilab.panels.axes import Floats
from tuilab.panels.chart import GUTTER
from tuilab.panels.finish import Entry, cut, finished, head, write
from tuilab.panels.heat import levels, paint
from tuilab.panels.numbers import brief, short
from tuilab.panels.palette import BROKEN, DIM, MINIMUM, arm_color, arm_mark, arms_of
from tuilab.panels.paths import Path, draw_path, inside, read_path
from tuilab.panels.picture import Picture
from tuilab.panels.view import View
from tuilab.panels.words import sentence
from tuilab.recording import Recording

_MINIMUM_COLOR = 231
_SMALLEST = (GUTTER + 12, 6)
_NAMED = 2
"""Arms outside that are named in the title row; more are counted."""

_MANY = 1 << 22
"""Cells of a frame beyond which it is not drawn: a surface has some thousands."""


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """What a landscape frame holds.

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


@dataclass(frozen=True, slots=True)
class Landscape:
    """The frame of this name, the series ARM/x and ARM/y on it."""

    title: str
    frame: str

    def draw(self, recording: Recording, view: View, width: int, height: int) -> Picture:
        """See `Panel.draw`."""
        return finished(lambda picture: self._render(picture, recording, view), view, width, height)

    def describe(self, recording: Recording, view: View) -> str:
        """Where every arm stands, whether that is outside the picture, and how far the nearest minimum is."""
        surface = self._surface(recording, view)
        facts = [_standing(arm, path, surface) for arm, path in _paths(recording, view).items()]
        return sentence(self.title, f"at step {view.step}", facts)

    def _surface(self, recording: Recording, view: View) -> Surface | None:
        if self.frame not in recording.frames():
            return None
        frame = recording.frame(self.frame, view.step)
        return None if frame is None else _understood(frame.array, frame.meta)

    def _render(self, picture: Picture, recording: Recording, view: View) -> None:
        surface = self._surface(recording, view)
        if surface is None:
            head(picture, self.title, [], [])
            write(picture, 1, f"no surface recorded (a frame named {self.frame})")
            return
        header = recording.header
        paths = _paths(recording, view)
        away = [arm for arm, path in paths.items() if len(path.x) and not inside(path, surface.x, surface.y)]
        entries = [Entry(arm_mark(header, arm, view.glyphs), arm, arm_color(header, arm)) for arm in paths]
        notes = (
            [f"outside: {' '.join(away)}" if len(away) <= _NAMED else f"{len(away)} arms outside"]
            if away
            else []
        )
        head(picture, self.title, [*notes, *_scale(surface)], entries)
        roomy = picture.width >= _SMALLEST[0] and picture.height >= _SMALLEST[1]
        left = GUTTER + 1 if roomy else 0
        body = Picture.blank(picture.width - left, max(picture.height - 1 - roomy, 0))
        if body.height == 0 or body.width == 0:
            return
        paint(body, levels(surface.heights, body.width, body.height * 2), view)
        for arm, path in paths.items():
            draw_path(
                body,
                path,
                surface.x,
                surface.y,
                arm_color(header, arm),
                arm_mark(header, arm, view.glyphs),
                view,
            )
        _draw_minima(body, surface)
        _draw_heads(body, surface, paths, header, view)
        picture.paste(1, left, body)
        if roomy:
            _draw_ranges(picture, surface, left)


def _understood(array: np.ndarray[Any, Any], meta: dict[str, Any]) -> Surface | None:
    """The surface in a frame; None for one that is none."""
    if array.ndim != 2 or 0 in array.shape or array.size > _MANY or array.dtype.kind not in "fiub":
        return None
    x, y = _range(meta.get("x")), _range(meta.get("y"))
    if x is None or y is None:
        return None
    minima = meta.get("minima")
    points = [_point(point) for point in minima] if isinstance(minima, list) else []
    return Surface(array.astype(np.float64), x, y, [point for point in points if point is not None])


def _point(given: Any) -> tuple[float, float] | None:
    """Two finite numbers, or nothing."""
    if not isinstance(given, list | tuple) or len(given) != 2:
        return None
    if not all(isinstance(part, int | float) and abs(part) < 1e300 for part in given):
        return None
    return float(given[0]), float(given[1])


def _range(given: Any) -> tuple[float, float] | None:
    """Two increasing numbers, or nothing."""
    pair = _point(given)
    return pair if pair is not None and pair[0] < pair[1] else None


def _paths(recording: Recording, view: View) -> dict[str, Path]:
    names = set(recording.series())
    arms = [arm for arm in arms_of(recording.header) if arm not in view.hidden]
    return {arm: read_path(recording, arm, view.step) for arm in arms if {f"{arm}/x", f"{arm}/y"} <= names}


def _scale(surface: Surface) -> list[str]:
    """What the heat's ends stand for."""
    known = surface.heights[np.isfinite(surface.heights)]
    return [f"dark {brief(float(known.min()))}, light {brief(float(known.max()))}"] if len(known) else []


def _draw_minima(body: Picture, surface: Surface) -> None:
    for point in surface.minima:
        x, y = _cell(point, surface, body)
        if 0 <= x < body.width and 0 <= y < body.height:
            body.put(y, x, MINIMUM, _MINIMUM_COLOR, int(body.bg[y, x]))


def _draw_heads(
    body: Picture, surface: Surface, paths: dict[str, Path], header: dict[str, Any], view: View
) -> None:
    """Every arm's mark where it stands; at the border for one outside; a cross for one that broke."""
    for arm, path in paths.items():
        if len(path.x):
            x, y = _cell((path.x[-1], path.y[-1]), surface, body)
            x, y = min(max(x, 0), body.width - 1), min(max(y, 0), body.height - 1)
            mark = arm_mark(header, arm, view.glyphs) if path.whole else BROKEN
            body.put(y, x, mark, arm_color(header, arm), int(body.bg[y, x]))


def _cell(point: tuple[float, float], surface: Surface, body: Picture) -> tuple[int, int]:
    """The column and row of the cell a point lies in, possibly outside."""
    across = (point[0] - surface.x[0]) / (surface.x[1] - surface.x[0])
    up = (point[1] - surface.y[0]) / (surface.y[1] - surface.y[0])
    across, up = (min(max(share, -1.0), 2.0) for share in (across, up))
    return math.floor(across * body.width), math.floor((1 - up) * body.height)


def _draw_ranges(picture: Picture, surface: Surface, left: int) -> None:
    """The axes' ends at the border."""
    low, high = (cut(brief(end), GUTTER).rjust(GUTTER) for end in surface.y)
    picture.put(1, 0, high, DIM)
    picture.put(picture.height - 2, 0, low, DIM)
    low, high = (brief(end) for end in surface.x)
    picture.put(picture.height - 1, left, low, DIM)
    picture.put(picture.height - 1, picture.width - len(high), high, DIM)
    picture.put(picture.height // 2, GUTTER - 1, "y", DIM)
    picture.put(picture.height - 1, left + (picture.width - left) // 2, "x", DIM)


def _standing(arm: str, path: Path, surface: Surface | None) -> str:
    if not len(path.x):
        return f"{arm} has no finite position yet"
    x, y = float(path.x[-1]), float(path.y[-1])
    fact = f"{arm} at ({short(x)}, {short(y)})"
    if not path.whole:
        return fact + " when last finite"
    if surface is not None and not inside(path, surface.x, surface.y):
        return fact + ", outside the picture"
    if surface is not None and surface.minima:
        away = min(math.hypot(x - minimum[0], y - minimum[1]) for minimum in surface.minima)
        fact += f", {short(away)} from the nearest minimum"
    return fact
