"""Values over a plane: a table of numbers, a sweep of two settings, basins, the regions of a classifier."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from tuilab.panels.axes import LIMIT, ValueAxis
from tuilab.panels.blocks import Block, entries_of, gutter_of, lay, put_caption
from tuilab.panels.finish import Entry, Finished, head, say
from tuilab.panels.frames import RUN, frames_called, missing, power, shown_frames
from tuilab.panels.hues import class_color, texture
from tuilab.panels.map.cells import in_percent, paint, put_figures, put_map_axes, two_rows, whole_cells
from tuilab.panels.map.field import Field, field_of, scale_of
from tuilab.panels.map.words import category_name, summary
from tuilab.panels.numbers import brief
from tuilab.panels.palette import arm_color, arm_mark
from tuilab.panels.picture import Picture
from tuilab.panels.points import Cloud, class_entries, cloud_of, draw_line, draw_points
from tuilab.panels.view import View
from tuilab.panels.words import sentence
from tuilab.recording import Readable

_LINE_COLORS = (231, 226, 213)
_LINE_MARKS = "/%&"
_SPARSE = 12
"""Points fewer than one in so many cells are marks."""

_WIDEST = 14
"""Cells for the names of rows, at most."""


@dataclass(frozen=True, slots=True)
class Map(Finished):
    """The frame of this name of every arm; the points of another frame over it."""

    title: str
    frame: str
    points: str | None = None
    log: bool = False

    def describe(self, recording: Readable, view: View) -> str:
        """Lowest and highest value and where; the shares of categories; what a confusion matrix mistakes."""
        facts = [f"{arm} {summary(field)}".strip() for arm, field in self._fields(recording, view).items()]
        return sentence(self.title, f"at step {view.step}", facts)

    def _fields(self, recording: Readable, view: View) -> dict[str, Field]:
        return shown_frames(recording, self.frame, view, field_of)

    def _clouds(self, recording: Readable, view: View) -> dict[str, Cloud]:
        return {} if self.points is None else shown_frames(recording, self.points, view, cloud_of)

    def sources(self, recording: Readable, view: View) -> Iterable[str]:
        """See `Panel.sources`."""
        return frames_called(recording, self.frame, *filter(None, [self.points]))

    def render(self, picture: Picture, recording: Readable, view: View) -> None:
        """See `Finished`."""
        fields = self._fields(recording, view)
        if not fields:
            say(picture, self.title, missing(recording, self.frame, "map"))
            return
        clouds = self._clouds(recording, view)
        first = next(iter(fields.values()))
        log = (self.log if view.log is None else view.log) and first.colors == "heat"
        scale = scale_of([field for field in fields.values() if field.colors == first.colors] or [first], log)
        alike = all(_same_axes(first, field) for field in fields.values())
        gutter = max(_gutter(field, picture.height - 1) for field in fields.values())
        blocks = lay(len(fields), picture.width, picture.height - 1, gutter, 1, not alike)
        if first.x.labels and any(block.foot and two_rows(block, first) for block in blocks):
            blocks = lay(len(fields), picture.width, picture.height - 1, gutter, 2, not alike)
        for block, (arm, field) in zip(blocks, fields.items(), strict=False):
            block = replace(block, y=block.y + 1)
            if len(fields) > 1:
                put_caption(picture, block, recording, arm, view)
            block = whole_cells(block, field)
            own = scale if field.colors == first.colors else scale_of([field], log and field.colors == "heat")
            cloud = clouds.get(arm) or clouds.get(RUN)
            picture.paste(block.y, block.x, _body(block, field, own, cloud, recording, arm, view))
            put_map_axes(picture, block, field)
        notes = [
            *_axes_named(first),
            *["in %"] * in_percent(first, scale.log),
            *["log"] * log,
            *_scale_named(first, scale),
        ]
        if len(blocks) < len(fields):
            notes.insert(0, f"{len(fields) - len(blocks)} more need more room")
        entries = _key(fields, clouds, view) or (
            entries_of(recording, list(fields), view) if len(fields) == 1 else []
        )
        head(picture, self.title, notes, entries, _lines_named(first, view))


def _body(
    block: Block,
    field: Field,
    scale: ValueAxis,
    cloud: Cloud | None,
    recording: Readable,
    arm: str,
    view: View,
) -> Picture:
    """One arm's map with the lines and the points over it."""
    body = Picture.blank(block.width, block.height)
    figures = paint(body, field, scale, view)
    x, y = field.x.range, field.y.range
    for place, (_, line) in enumerate(field.lines):
        color, mark = _LINE_COLORS[place % 3], _LINE_MARKS[place % 3]
        draw_line(body, line, x, y, color, view.glyphs if view.color else "ascii", mark)
    if cloud is not None:
        header = recording.header
        color, mark = arm_color(header, arm), arm_mark(header, arm, view.glyphs)
        draw_points(body, cloud, x, y, view, color, mark, body.chars.size // _SPARSE)
    if figures is not None:
        put_figures(body, field, figures, view, in_percent(field, scale.log))
    return body


def _same_axes(one: Field, other: Field) -> bool:
    return all(a.range == b.range and a.labels == b.labels for a, b in ((one.x, other.x), (one.y, other.y)))


def _gutter(field: Field, height: int) -> int:
    if field.y.labels:
        return min(max(map(len, field.y.labels)), _WIDEST) + 1
    return gutter_of(field.y.range, height)


def _axes_named(field: Field) -> list[str]:
    named = [f"{name} {arrow}" for name, arrow in ((field.x.name, "→"), (field.y.name, "↑")) if name]
    return ["  ".join(named)] if named else []


def _scale_named(field: Field, scale: ValueAxis) -> list[str]:
    """What the colours' ends stand for."""
    if field.colors == "categories" or not (np.abs(field.values) < LIMIT).any():
        return []
    low, high = (brief(power(end) if scale.log else end) for end in (scale.low, scale.high))
    return [f"blue {low}, red {high}" if field.colors == "diverging" else f"dark {low}, light {high}"]


def _lines_named(field: Field, view: View) -> str:
    names = []
    for place, (name, _) in enumerate(field.lines):
        mark = "─" if view.color and view.glyphs != "ascii" else _LINE_MARKS[place % 3]
        if name:
            names.append(f"{mark * 2} {name}")
    return "  ".join(names)


def _key(fields: dict[str, Field], clouds: dict[str, Cloud], view: View) -> list[Entry]:
    """The classes of the points, or the categories that are there."""
    for cloud in clouds.values():
        if cloud.classes:
            return class_entries(cloud.classes, view)
    field = next(iter(fields.values()))
    if field.colors != "categories":
        return []
    values = [each.values for each in fields.values() if each.colors == "categories"]
    there = sorted({int(k) for part in values for k in np.unique(part[np.isfinite(part)])})
    filled = view.color and view.glyphs != "ascii"
    return [
        Entry("■" if filled else texture(k, view.glyphs), category_name(field, k), class_color(k))
        for k in there
    ]
