"""Curves in a chart with the axes' zeros."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuilab.panels.axes import LIMIT, Floats, Ticks, ValueAxis
from tuilab.panels.blocks import ends_at_least
from tuilab.panels.chart import Frame, Ink, chart, fitted
from tuilab.panels.columns import Columns, strokes
from tuilab.panels.finish import write
from tuilab.panels.palette import BROKEN, DIM
from tuilab.panels.picture import Picture
from tuilab.panels.view import PIXELS, View

_LABEL = 9
_MARK_EVERY = 14
"""Cells between the marks along a curve where colour cannot tell curves apart."""

_STRIDE = 5
"""Cells between one curve's marks and the next one's."""

_MANY = 6
"""Curves from which on colour alone does not tell them apart."""


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

    def prepare(frame: Frame) -> tuple[tuple[Columns, ValueAxis], Ticks]:
        columns = _columns([curve for curve, _ in kept], x, frame.pixels[0])
        columns = columns.logarithms() if log else columns
        y = columns.value_axis(log)
        return (columns, y), y.ticks(frame.cells[1])

    frame, (columns, y), ticks = fitted(body, view.glyphs, prepare)
    if columns.empty:
        write(body, 0, "nothing to draw")
        return columns.left_out
    drawn = strokes(columns, y, frame.pixels[1], [look.dash for _, look in kept])
    ink = Ink([look.color for _, look in kept], [look.mark for _, look in kept])
    x_ticks = ends_at_least(x, x.ticks(frame.cells[0] * 3 // _LABEL))
    body.paste(0, 0, chart(frame, [(drawn, ink)], _inside(x_ticks), ticks, ""))
    _put_zeros(frame.canvas(body), frame, x, y)
    along = not view.color or len(kept) > _MANY
    for line, (_, look) in enumerate(kept):
        offset = line * _STRIDE % _MARK_EVERY if along else None
        _put_marks(body, columns.last[line], columns.broken[line], y, frame, look, offset)
    return columns.left_out


def _columns(curves: list[Curve], x: ValueAxis, columns: int) -> Columns:
    """The curves' values by the pixel columns that show them."""
    shape = len(curves), columns
    low, high, last = (np.full(shape, np.nan) for _ in range(3))
    broken = np.zeros(shape, bool)
    for line, curve in enumerate(curves):
        count = len(curve.y)
        middle = curve.x.low / 2 + curve.x.high / 2
        at = np.linspace(curve.x.low, curve.x.high, count) if count > 1 else np.array([middle])
        place = np.floor(x.place(at) * (columns - 1) + 0.5).astype(np.int64)
        known = np.isfinite(curve.y)
        values = np.clip(np.where(known, curve.y, np.nan), -LIMIT, LIMIT)
        np.fmin.at(low[line], place, values)
        np.fmax.at(high[line], place, values)
        last[line, place[known]] = values[known]
        broken[line, place[~known]] = True
    return Columns(low, high, last, broken)


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


def _put_marks(
    body: Picture,
    last: Floats,
    broken: NDArray[np.bool_],
    y: ValueAxis,
    frame: Frame,
    look: Look,
    offset: int | None,
) -> None:
    """The curve's mark at its end, and along it from a cell on unless None; a cross where it breaks first."""
    filled = np.flatnonzero(np.isfinite(last))
    across = PIXELS[frame.glyphs][0]
    along = filled[:0]
    if offset is not None:
        along = filled[(filled // across % _MARK_EVERY == offset) & (filled % across == 0)]
    for column in [*along.tolist(), *filled[-1:].tolist()]:
        body.put(*frame.cell(column, _pixel(y, last[column], frame.pixels[1])), look.mark, look.color)
    if broken.any():
        column = int(np.argmax(broken))
        before = filled[filled <= column]
        value = last[before[-1]] if len(before) else y.low
        body.put(*frame.cell(column, _pixel(y, value, frame.pixels[1])), BROKEN, look.color)
