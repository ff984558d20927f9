"""The loss surface as heat with contours, and on it, up to the moment shown, how every arm moved and why."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from tuilab.panels.axes import ValueAxis
from tuilab.panels.chart import GUTTER
from tuilab.panels.finish import Entry, Finished, cut, head, say
from tuilab.panels.frames import frames_called, shown_frames
from tuilab.panels.heat import levels, paint
from tuilab.panels.landscape.arrows import ARROWS, arrows_of, draw_arrows, magnified, put_key
from tuilab.panels.landscape.contours import draw_contours
from tuilab.panels.landscape.quadratic import MODEL, draw_model, model_of, told_jump
from tuilab.panels.landscape.surface import Surface, surface_of
from tuilab.panels.numbers import brief, short
from tuilab.panels.palette import BROKEN, DIM, MINIMUM, arm_color, arm_mark, arms_of
from tuilab.panels.paths import Path, draw_path, inside, read_path
from tuilab.panels.picture import Picture
from tuilab.panels.points import cloud_of, draw_points
from tuilab.panels.view import View
from tuilab.panels.words import sentence
from tuilab.recording import Readable
from tuilab.recording.memo import memo

_MINIMUM_COLOR = 231
_SMALLEST = (GUTTER + 12, 6)
_FEW = 40
"""Points up to which each is a mark."""

_NAMED = 2
"""Arms outside that are named in the title row; more are counted."""


@dataclass(frozen=True, slots=True)
class Landscape(Finished):
    """The frame of this name, the series ARM/x and ARM/y on it.

    Where they are recorded: the arrows of ARM/vectors, the models of ARM/quadratic_model, and the scatter
    frames called `points`.
    """

    over_steps: ClassVar[bool] = True

    title: str
    frame: str
    points: str = ""

    def describe(self, recording: Readable, view: View) -> str:
        """Where every arm stands, whether that is outside the picture, and how far the nearest minimum is."""
        surface = self._surface(recording, view)
        facts = [
            _standing(arm, path, surface) + told_jump(model_of(recording, arm, view))
            for arm, path in _paths(recording, view).items()
        ]
        return sentence(self.title, f"at step {view.step}", facts)

    def _surface(self, recording: Readable, view: View) -> Surface | None:
        known = self.frame in recording.frames()
        return surface_of(recording.frame(self.frame, view.step)) if known else None

    def sources(self, recording: Readable, view: View) -> Iterable[str]:
        """See `Panel.sources`."""
        frames = frames_called(recording, self.frame, ARROWS, MODEL, *filter(None, [self.points]))
        return [*frames, *(name for names in _positions(recording, view).values() for name in names)]

    def render(self, picture: Picture, recording: Readable, view: View) -> None:
        """See `Finished`."""
        surface = self._surface(recording, view)
        if surface is None:
            say(picture, self.title, f"no surface recorded (a frame named {self.frame})")
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
        self._draw_points(body, surface, recording, view)
        for arm, path in paths.items():
            mark, color = arm_mark(header, arm, view.glyphs), arm_color(header, arm)
            draw_path(body, path, surface.x, surface.y, color, mark, view)
        for arm in paths:
            if (model := model_of(recording, arm, view)) is not None:
                draw_model(body, model, surface, arm_color(header, arm), view)
        arrows = arrows_of(recording, list(paths), view)
        factor = magnified(arrows, surface)
        draw_arrows(body, arrows, factor, surface, view)
        draw_contours(body, surface.heights, view)
        _draw_minima(body, surface)
        _draw_heads(body, surface, paths, header, view)
        picture.paste(1, left, body)
        if roomy:
            _draw_ranges(picture, surface, left)
            put_key(picture, arrows, factor, left, view)

    def _draw_points(self, body: Picture, surface: Surface, recording: Readable, view: View) -> None:
        if not self.points:
            return
        header = recording.header
        for arm, cloud in shown_frames(recording, self.points, view, cloud_of).items():
            plain = replace(cloud, classes=[])
            mark, color = arm_mark(header, arm, view.glyphs), arm_color(header, arm)
            draw_points(body, plain, ValueAxis(*surface.x), ValueAxis(*surface.y), view, color, mark, _FEW)


def _paths(recording: Readable, view: View) -> dict[str, Path]:
    positions = _positions(recording, view)
    return {arm: read_path(recording, names, view.step) for arm, names in positions.items()}


def _positions(recording: Readable, view: View) -> dict[str, list[str]]:
    """The series of x and of y of every arm that is not hidden and has both."""
    name = memo(recording).name
    arms = [arm for arm in arms_of(recording.header) if arm not in view.hidden]
    found = {arm: [each for axis in "xy" if (each := name(arm, axis)) is not None] for arm in arms}
    return {arm: names for arm, names in found.items() if len(names) == 2}


def _scale(surface: Surface) -> list[str]:
    """What the heat's ends stand for."""
    known = surface.heights[np.isfinite(surface.heights)]
    return [f"dark {brief(float(known.min()))}, light {brief(float(known.max()))}"] if len(known) else []


def _draw_minima(body: Picture, surface: Surface) -> None:
    for point in surface.minima:
        x, y = surface.cell(point, body)
        if 0 <= x < body.width and 0 <= y < body.height:
            body.put(y, x, MINIMUM, _MINIMUM_COLOR, int(body.bg[y, x]))


def _draw_heads(
    body: Picture, surface: Surface, paths: dict[str, Path], header: dict[str, Any], view: View
) -> None:
    """Every arm's mark where it stands; at the border for one outside; a cross for one that broke."""
    for arm, path in paths.items():
        if len(path.x):
            x, y = surface.cell((path.x[-1], path.y[-1]), body)
            x, y = min(max(x, 0), body.width - 1), min(max(y, 0), body.height - 1)
            mark = arm_mark(header, arm, view.glyphs) if path.whole else BROKEN
            body.put(y, x, mark, arm_color(header, arm), int(body.bg[y, x]))


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
