"""One drawing an arm, laid out side by side and below each other, with shared axes at the edges."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tuilab.panels.axes import Ticks, ValueAxis
from tuilab.panels.chart import GUTTER
from tuilab.panels.finish import Entry, cut
from tuilab.panels.frames import RUN, power
from tuilab.panels.numbers import brief
from tuilab.panels.palette import DIM, arm_color, arm_mark
from tuilab.panels.picture import Picture
from tuilab.panels.view import View
from tuilab.recording import Readable

_NARROWEST = 4
_ROOMY = (9, 4)
"""Cells across and down from which on a drawing gets axes."""

_LABEL = 9
"""Cells from one label below to the next, about."""


@dataclass(frozen=True, slots=True)
class Block:
    """The cells of one arm's drawing; what belongs to it lies around them.

    Attributes:
        y: Its topmost row.
        x: Its leftmost column.
        width: In cells.
        height: In cells.
        left: Cells left of it for labels.
        foot: Rows of labels below it.
    """

    y: int
    x: int
    width: int
    height: int
    left: int = 0
    foot: int = 0


def lay(
    count: int, width: int, height: int, gutter: int = 0, foot: int = 0, repeat: bool = False
) -> list[Block]:
    """As many of `count` blocks as fit, in the arrangement in which they are largest.

    Args:
        count: Blocks wanted, at least 1. Several get a row above each for a caption.
        width: Cells to fill.
        height: Cells to fill.
        gutter: Cells for labels left of the first column.
        foot: Rows of labels below every block.
        repeat: Whether every column has labels at its left, because they differ.
    """
    for wanted in range(count, 0, -1):
        best = max(
            (_grid(wanted, columns, width, height, gutter, foot, repeat) for columns in range(1, wanted + 1)),
            key=lambda grid: (min(grid[0].width, 2 * grid[0].height), grid[0].width),
        )
        if gutter + foot and (best[0].width < _ROOMY[0] or best[0].height < _ROOMY[1]):
            best = max(
                (_grid(wanted, columns, width, height, 0, 0, False) for columns in range(1, wanted + 1)),
                key=lambda grid: (min(grid[0].width, 2 * grid[0].height), grid[0].width),
            )
        if wanted == 1 or (best[0].width >= _NARROWEST and best[0].height >= 1):
            return [block for block in best if block.width > 0 and block.height > 0]
    return []


def _grid(
    count: int, columns: int, width: int, height: int, gutter: int, foot: int, repeat: bool
) -> list[Block]:
    rows = math.ceil(count / columns)
    above = int(count > 1)
    across = (width - gutter * (columns if repeat else 1) - (columns - 1)) // columns
    down = height // rows - above - foot
    pitch = across + 1 + (gutter if repeat else 0)
    return [
        Block(
            place // columns * (down + above + foot) + above,
            place % columns * pitch + gutter,
            across,
            down,
            gutter if repeat or place % columns == 0 else 0,
            foot,
        )
        for place in range(count)
    ]


def put_caption(picture: Picture, block: Block, recording: Readable, arm: str, view: View) -> None:
    """The arm's mark and name above its block."""
    header = recording.header
    label = f"{arm_mark(header, arm, view.glyphs)} {arm}" if arm != RUN else "all arms"
    picture.put(block.y - 1, block.x, cut(label, block.width), arm_color(header, arm))


def entries_of(recording: Readable, arms: list[str], view: View) -> list[Entry]:
    """The legend of arms that have no captions."""
    header = recording.header
    return [
        Entry(arm_mark(header, arm, view.glyphs), arm, arm_color(header, arm)) for arm in arms if arm != RUN
    ]


def put_axes(picture: Picture, block: Block, x: ValueAxis, y: ValueAxis) -> None:
    """Labels left of a block and below it, where it has room for them."""
    if block.left:
        ticks = ends_at_least(y, y.ticks(block.height))
        for place, label in zip(ticks.places, ticks.labels, strict=True):
            put_left(picture, block, block.y + block.height - 1 - cell_at(place, block.height), label)
    if block.foot:
        ticks = ends_at_least(x, x.ticks(block.width * 3 // _LABEL))
        free = block.x
        for place, label in zip(ticks.places, ticks.labels, strict=True):
            label = cut(label, block.width)
            column = block.x + cell_at(place, block.width) - len(label) // 2
            column = min(max(column, block.x), block.x + block.width - len(label))
            if column >= free:
                picture.put(block.y + block.height, column, label, DIM)
                free = column + len(label) + 1


def cell_at(place: float, cells: int) -> int:
    """The cell that a place from 0 to 1 lies in."""
    return min(max(int(place * cells), 0), cells - 1)


def put_left(picture: Picture, block: Block, row: int, label: str) -> None:
    """A label at the right end of a block's left margin."""
    room = block.left - 1
    picture.put(row, block.x - block.left, cut(label, room).rjust(room), DIM)


def gutter_of(y: ValueAxis, height: int) -> int:
    """Cells that the labels of an axis need, and one between them and the drawing."""
    ticks = ends_at_least(y, y.ticks(height))
    return max(GUTTER, *map(len, ticks.labels)) + 1


def ends_at_least(axis: ValueAxis, ticks: Ticks) -> Ticks:
    """The ticks; the axis's ends where it has fewer than two."""
    if len(ticks.places) >= 2:
        return ticks
    ends = (power(axis.low), power(axis.high)) if axis.log else (axis.low, axis.high)
    return Ticks([0.0, 1.0], [brief(end) for end in ends])
