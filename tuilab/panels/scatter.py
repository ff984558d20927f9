"""Points with axes through zero and the ellipse of their covariance, arms side by side on one scale."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from tuilab.panels.axes import Floats, ValueAxis, nice
from tuilab.panels.blocks import Block, cell_at, entries_of, gutter_of, lay, put_axes, put_caption
from tuilab.panels.colors import DEFAULT
from tuilab.panels.finish import Finished, head, say
from tuilab.panels.frames import frames_called, missing, shown_frames
from tuilab.panels.hues import SHADED
from tuilab.panels.numbers import short
from tuilab.panels.palette import DIM, arm_color, arm_mark
from tuilab.panels.picture import Picture
from tuilab.panels.points import Cloud, class_entries, cloud_of, draw_line, draw_points
from tuilab.panels.view import View
from tuilab.panels.words import sentence
from tuilab.recording import Readable

_SPREADS = 2.0
"""Standard deviations that the ellipse reaches out."""

_FINE = 512
_LINE = "~"
_SPARSE = 12
"""Points fewer than one in so many cells are marks."""

_NOTHING = 1e-9
"""A mean nearer to zero than this share of the spread is called zero."""

_ROUND = 1.01
"""Up to this ratio of the spreads no direction is the principal one."""

_UNITS = 10
"""The axes reach to whole units, about a tenth of what the points spread over."""

_LARGE = 6
"""Cells of one standard deviation from which on the principal axes leave enough of the points to be seen."""

_UNLIKE = 5.0
"""One unit is as long across as up, unless that would shrink the points more than this in one direction."""


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """What the covariance of points says.

    Attributes:
        mean: (2,).
        spreads: (2,) standard deviations along the principal axes, the larger first.
        axes: (2, 2) unit vectors, one a row.
    """

    mean: Floats
    spreads: Floats
    axes: Floats


@dataclass(frozen=True, slots=True)
class Scatter(Finished):
    """The frame of this name of every arm."""

    title: str
    frame: str
    ellipse: bool = True

    def describe(self, recording: Readable, view: View) -> str:
        """Of every arm how many points, their mean, and their spread along the principal axes."""
        facts = [f"{arm} {_summary(cloud)}".strip() for arm, cloud in self._clouds(recording, view).items()]
        return sentence(self.title, f"at step {view.step}", facts)

    def _clouds(self, recording: Readable, view: View) -> dict[str, Cloud]:
        return shown_frames(recording, self.frame, view, cloud_of)

    def sources(self, recording: Readable, view: View) -> Iterable[str]:
        """See `Panel.sources`."""
        return frames_called(recording, self.frame)

    def render(self, picture: Picture, recording: Readable, view: View) -> None:
        """See `Finished`."""
        clouds = self._clouds(recording, view)
        if not clouds:
            say(picture, self.title, missing(recording, self.frame, "points"))
            return
        x, y = (_range(list(clouds.values()), column) for column in (0, 1))
        blocks = lay(len(clouds), picture.width, picture.height - 1, gutter_of(y, picture.height), 1)
        if blocks:
            x, y, alike = _equal(x, y, blocks[0])
        for block, (arm, cloud) in zip(blocks, clouds.items(), strict=False):
            block = replace(block, y=block.y + 1)
            if len(clouds) > 1:
                put_caption(picture, block, recording, arm, view)
            picture.paste(block.y, block.x, self._body(block, cloud, x, y, recording, arm, view))
            put_axes(picture, block, x, y)
        first = next(iter(clouds.values()))
        notes = [f"{first.axes[0]} →  {first.axes[1]} ↑"]
        if blocks and not alike:
            notes.append("x and y on different scales")
        if left_out := sum(cloud.left_out for cloud in clouds.values()):
            notes.append(f"{left_out} not finite")
        if len(blocks) < len(clouds):
            notes.insert(0, f"{len(clouds) - len(blocks)} more need more room")
        classes = max((cloud.classes for cloud in clouds.values()), key=len)
        entries = class_entries(classes, view)
        if not entries and len(clouds) == 1:
            entries = entries_of(recording, list(clouds), view)
        head(picture, self.title, notes, entries)

    def _body(
        self,
        block: Block,
        cloud: Cloud,
        x: ValueAxis,
        y: ValueAxis,
        recording: Readable,
        arm: str,
        view: View,
    ) -> Picture:
        """One arm's points."""
        body = Picture.blank(block.width, block.height)
        _put_zeros(body, x, y)
        color, mark = arm_color(recording.header, arm), arm_mark(recording.header, arm, view.glyphs)
        shape = shape_of(cloud.points) if self.ellipse else None
        if shape is None:
            draw_points(body, cloud, x, y, view, color, mark, body.chars.size // _SPARSE)
            return body
        _put_ring(body, shape, x, y, view)
        # Where they would hide most of the points, the principal axes lie below them.
        large = shape.spreads[0] / (x.high - x.low) * body.width >= _LARGE
        if not large:
            _put_principal(body, shape, x, y, view)
        draw_points(body, cloud, x, y, view, color, mark, body.chars.size // _SPARSE)
        if large:
            _put_principal(body, shape, x, y, view)
        return body


def shape_of(points: Floats) -> Shape | None:
    """Mean, and square roots of the eigenvalues of the covariance (over n) with its eigenvectors.

    None for fewer than two points.
    """
    if len(points) < 2:
        return None
    size = float(np.abs(points).max()) or 1.0
    scaled = points / size  # squares of large ones would overflow
    mean = scaled.mean(axis=0)
    away = scaled - mean
    values, vectors = np.linalg.eigh(away.T @ away / len(points))
    return Shape(mean * size, np.sqrt(np.maximum(values[::-1], 0)) * size, vectors.T[::-1])


def _range(clouds: list[Cloud], column: int) -> ValueAxis:
    filled = [cloud.points[:, column] for cloud in clouds if len(cloud.points)]
    low = min((float(part.min()) for part in filled), default=-1.0)
    high = max((float(part.max()) for part in filled), default=1.0)
    size = max(abs(low), abs(high)) or 1.0
    unit = nice(max(high / _UNITS - low / _UNITS, size * 1e-6))
    start, end = math.floor(low / unit) * unit, math.ceil(high / unit) * unit
    return ValueAxis(start, end if end > start else start + unit)


def _equal(x: ValueAxis, y: ValueAxis, block: Block) -> tuple[ValueAxis, ValueAxis, bool]:
    """Both axes with the same units a length, where they are not too unlike; and whether they have.

    A cell is about twice as high as wide.
    """
    sides = (x, block.width), (y, 2 * block.height)
    units = [(axis.high / 2 - axis.low / 2) / cells for axis, cells in sides]
    unit = max(units)
    if unit > _UNLIKE * min(units) or unit > 1e290:
        return x, y, False
    middles = [axis.high / 2 + axis.low / 2 for axis, _ in sides]
    wide = [
        ValueAxis(middle - unit * cells, middle + unit * cells)
        for middle, (_, cells) in zip(middles, sides, strict=True)
    ]
    return wide[0], wide[1], True


def _put_zeros(body: Picture, x: ValueAxis, y: ValueAxis) -> None:
    """Lines where x and where y is zero."""
    column = _zero(x, body.width)
    row = _zero(y, body.height)
    if column is not None:
        body.chars[:, column], body.fg[:, column] = "│", DIM
    if row is not None:
        row = body.height - 1 - row
        body.chars[row], body.fg[row] = "─", DIM
        if column is not None:
            body.chars[row, column] = "┼"


def _put_ring(body: Picture, shape: Shape, x: ValueAxis, y: ValueAxis, view: View) -> None:
    """The ellipse: a line, and a shade behind what lies inside, which points do not cover."""
    turn = np.linspace(0, 2 * np.pi, _FINE)
    reach = _SPREADS * shape.spreads[:, None] * shape.axes
    ring = shape.mean + np.stack([np.cos(turn), np.sin(turn)], axis=1) @ reach
    draw_line(body, ring, x, y, DEFAULT, view.glyphs, _LINE)
    across, up = (
        axis.low + (axis.high - axis.low) * (np.arange(cells) + 0.5) / cells - middle
        for axis, cells, middle in ((x, body.width, shape.mean[0]), (y, body.height, shape.mean[1]))
    )
    away = np.stack(np.broadcast_arrays(across, up[::-1, None]), axis=-1) @ shape.axes.T
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        inside = ((away / (_SPREADS * shape.spreads)) ** 2).sum(axis=-1) <= 1
    body.bg[inside] = SHADED


def _put_principal(body: Picture, shape: Shape, x: ValueAxis, y: ValueAxis, view: View) -> None:
    """The ellipse's axes."""
    for axis in _SPREADS * shape.spreads[:, None] * shape.axes:
        draw_line(body, np.stack([shape.mean - axis, shape.mean + axis]), x, y, DEFAULT, view.glyphs, _LINE)


def _zero(axis: ValueAxis, cells: int) -> int | None:
    """The cell that holds zero, if it lies within the axis."""
    if not axis.low < 0 < axis.high:
        return None
    return cell_at(-axis.low / (axis.high - axis.low), cells)


def _summary(cloud: Cloud) -> str:
    told = [f"{len(cloud.points)} points"]
    shape = shape_of(cloud.points)
    if shape is not None:
        angle = np.degrees(np.arctan2(shape.axes[0, 1], shape.axes[0, 0])) % 180
        mean = np.where(np.abs(shape.mean) < shape.spreads[0] * _NOTHING, 0, shape.mean)
        told.append(f"mean ({', '.join(short(float(part)) for part in mean)})")
        spreads = " and ".join(short(float(part)) for part in shape.spreads)
        first = f", the first at {angle:.0f}°" if shape.spreads[0] > _ROUND * shape.spreads[1] else ""
        told.append(f"spreads {spreads} along the principal axes{first}")
    if cloud.left_out:
        told.append(f"{cloud.left_out} not finite")
    return ", ".join(told)
