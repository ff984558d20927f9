"""Curves in a chart with the axes' zeros."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tuilab.panels.axes import LIMIT, Floats, Ticks, ValueAxis
from tuilab.panels.blocks import ends_at_least
from tuilab.panels.chart import GUTTER, PIXELS, Frame, Strokes, chart
from tuilab.panels.columns import Columns, strokes
from tuilab.panels.dots import light
from tuilab.panels.finish import write
from tuilab.panels.palette import BROKEN, DIM
from tuilab.panels.picture import Picture
from tuilab.panels.view import View

_WIDEST_LABEL = 11
_LABEL = 9
_MARK_EVERY = 14
"""Cells between the marks along a curve where colour cannot tell curves apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One curve.

    Attributes:
        arm: Whose it is.
        row: What it is called.
        x: Its range; on a logarithmic axis powers of ten.
        y: (n,) values, evenly spaced over the range.
        name: Of x.
    """

    arm: str
    row: str
    x: ValueAxis
    y: Floats
    name: str


@dataclass(frozen=True, slots=True)
class Look:
    """How a curve is told from others."""

    color: int
    mark: str
    dash: int


def draw_curves(body: Picture, curves: list[Curve], looks: list[Look], view: View, log: bool) -> bool:
    """Draws the curves and says whether values were left out."""
    # Axes of another kind than the first curve's cannot share the chart with it.
    kept = [
        (curve, look) for curve, look in zip(curves, looks, strict=True) if curve.x.log == curves[0].x.log
    ]
    x = ValueAxis(min(c.x.low for c, _ in kept), max(c.x.high for c, _ in kept), kept[0][0].x.log)
    gutter = GUTTER
    while True:
        frame = Frame.fit(body.width, body.height, view.glyphs, gutter)
        lines = [_columns(curve, x, frame.pixels[0]) for curve, _ in kept]
        lines = [line.logarithms() for line in lines] if log else lines
        filled = [line for line in lines if len(line.filled)]
        y = ValueAxis.holding((np.nanmin(c.low) for c in filled), (np.nanmax(c.high) for c in filled), log)
        ticks = y.ticks(frame.cells[1])
        widest = max(map(len, ticks.labels))
        if widest <= gutter or gutter >= _WIDEST_LABEL:
            break
        gutter = min(widest, _WIDEST_LABEL)
    if not filled and not any(line.broken.any() for line in lines):
        write(body, 0, "nothing to draw")
        return any(line.left_out for line in lines)
    x_ticks = ends_at_least(x, x.ticks(frame.cells[0] * 3 // _LABEL))
    body.paste(0, 0, chart(frame, [], _inside(x_ticks), ticks, ""))
    canvas = Picture.blank(*frame.cells)
    for line, (_, look) in zip(lines, kept, strict=True):
        _light(canvas, strokes(line, y, frame.pixels[1], look.color, look.mark, look.dash), view)
    _put_zeros(canvas, frame, x, y)
    body.paste(0, frame.left, canvas)
    for line, (_, look) in zip(lines, kept, strict=True):
        _put_marks(body, line, y, frame, look, view)
    return any(line.left_out for line in lines)


def _columns(curve: Curve, x: ValueAxis, columns: int) -> Columns:
    """The curve's values by the pixel columns that show them."""
    count = len(curve.y)
    middle = curve.x.low / 2 + curve.x.high / 2
    at = np.linspace(curve.x.low, curve.x.high, count) if count > 1 else np.array([middle])
    place = np.floor(x.place(at) * (columns - 1) + 0.5).astype(np.int64)
    low, high, last = (np.full(columns, np.nan) for _ in range(3))
    known = np.isfinite(curve.y)
    values = np.clip(np.where(known, curve.y, np.nan), -LIMIT, LIMIT)
    np.fmin.at(low, place, values)
    np.fmax.at(high, place, values)
    last[place[known]] = values[known]
    broken = np.zeros(columns, bool)
    broken[place[~known]] = True
    return Columns(low, high, last, broken)


def _light(canvas: Picture, drawn: Strokes, view: View) -> None:
    """Strokes as dots: in a chart of many curves plotext would take a hundred times as long."""
    lengths = drawn.high - drawn.low + 1
    first = np.repeat(np.cumsum(lengths) - lengths, lengths)
    rows = np.repeat(drawn.low, lengths) + np.arange(len(first)) - first
    light(canvas, np.repeat(drawn.columns, lengths), rows, drawn.color, view.glyphs, drawn.char)


def _inside(ticks: Ticks) -> Ticks:
    kept = [place for place, at in enumerate(ticks.places) if -1e-9 <= at <= 1 + 1e-9]
    return Ticks([ticks.places[k] for k in kept], [ticks.labels[k] for k in kept])


def _put_zeros(canvas: Picture, frame: Frame, x: ValueAxis, y: ValueAxis) -> None:
    """Lines where x and where y is zero, behind the curves."""
    if not y.log and y.low < 0 < y.high:
        row = frame.cell(0, _pixel(y, 0.0, frame.pixels[1]))[0]
        _put_line(canvas, (slice(row, row + 1), slice(None)), "─")
    if not x.log and x.low < 0 < x.high:
        column = frame.cell(_pixel(x, 0.0, frame.pixels[0]), 0)[1] - frame.left
        _put_line(canvas, (slice(None), slice(column, column + 1)), "│")


def _put_line(body: Picture, cells: tuple[slice, slice], char: str) -> None:
    free = body.chars[cells] == " "
    body.chars[cells] = np.where(free, char, body.chars[cells])
    body.fg[cells] = np.where(free, DIM, body.fg[cells])


def _pixel(axis: ValueAxis, value: float, pixels: int) -> int:
    return int(np.rint(axis.place(np.array([value]))[0] * (pixels - 1)))


def _put_marks(body: Picture, line: Columns, y: ValueAxis, frame: Frame, look: Look, view: View) -> None:
    """The curve's mark at its end, and along it where there are no colours; a cross where it breaks first."""
    filled = line.filled
    across = PIXELS[view.glyphs][0]
    along = filled[:0]
    if not view.color:
        offset = ord(look.mark) * 5 % _MARK_EVERY
        along = filled[(filled // across % _MARK_EVERY == offset) & (filled % across == 0)]
    for column in [*along.tolist(), *filled[-1:].tolist()]:
        body.put(*frame.cell(column, _pixel(y, line.last[column], frame.pixels[1])), look.mark, look.color)
    if line.broken.any():
        column = int(np.argmax(line.broken))
        before = filled[filled <= column]
        value = line.last[before[-1]] if len(before) else y.low
        body.put(*frame.cell(column, _pixel(y, value, frame.pixels[1])), BROKEN, look.color)
