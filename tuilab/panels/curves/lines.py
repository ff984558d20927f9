"""Series as lines of a chart, with the marks on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tuilab.panels import theory
from tuilab.panels.axes import StepAxis, ValueAxis
from tuilab.panels.chart import PIXELS, Frame, Strokes
from tuilab.panels.columns import Columns, read_columns, spreads, strokes
from tuilab.panels.palette import BROKEN, POINT, arm_color, arm_mark, arms_of
from tuilab.panels.picture import Picture
from tuilab.panels.view import Glyphs, View
from tuilab.recording import Readable

_DASHES = (1, 2, 4)
_SPARSE = 3
"""Series with fewer points than one in so many cells show them, joined by lines."""

_MARK_EVERY = 14
"""Cells between the marks along a line where colour cannot tell lines apart."""


@dataclass(frozen=True, slots=True)
class Line:
    """One series of a chart; `place` is its metric's among the metrics."""

    name: str
    arm: str
    place: int
    columns: Columns

    @property
    def predicted(self) -> bool:
        """Whether it is theory."""
        return theory.is_theory(self.name)

    @property
    def dash(self) -> int:
        """As `strokes` takes it."""
        return theory.DASH if self.predicted else _DASHES[min(self.place, len(_DASHES) - 1)]


def read_line(
    recording: Readable, name: str, metrics: list[str], axis: StepAxis, view: View, log: bool
) -> Line:
    """A series up to the moment; live, only the columns that are complete.

    A prediction made once holds for all steps after it.
    """
    arm, _, metric = name.partition("/")
    columns = read_columns(recording, name, axis, view.step)
    if theory.is_theory(name) and len(columns.filled) == 1:
        columns = columns.held(int(axis.column(np.array([min(view.step, axis.last)]))[0]))
    if view.live:
        group = _group(view.glyphs) if axis.crowded else PIXELS[view.glyphs][0]
        columns = columns.first(axis.complete(view.step, group))
    place = metrics.index(theory.measured(metric))
    return Line(name, arm, place, columns.logarithms() if log else columns)


def range_of(lines: Sequence[Line], log: bool) -> ValueAxis:
    """The axis that holds them all."""
    filled = [line.columns for line in lines if len(line.columns.filled)]
    return ValueAxis.holding((np.nanmin(c.low) for c in filled), (np.nanmax(c.high) for c in filled), log)


def _group(glyphs: Glyphs) -> int:
    """Pixel columns that share one stroke where series are crowded: two cells."""
    return 2 * PIXELS[glyphs][0]


def spread_of(line: Line, values: ValueAxis, frame: Frame, recording: Readable) -> Strokes:
    """From lowest to highest, at other columns for every arm."""
    header, group = recording.header, _group(frame.glyphs)
    known = arms_of(header)
    place = known.index(line.arm) if line.arm in known else line.place
    at = place * PIXELS[frame.glyphs][0] % group + place // 2 % PIXELS[frame.glyphs][0]
    mark = arm_mark(header, line.arm, "ascii")
    return spreads(line.columns, values, frame.pixels[1], arm_color(header, line.arm), mark, group, at)


def strokes_of(line: Line, values: ValueAxis, frame: Frame, recording: Readable) -> Strokes:
    """The line itself."""
    header = recording.header
    char = theory.CHAR if line.predicted else arm_mark(header, line.arm, "ascii")
    return strokes(line.columns, values, frame.pixels[1], arm_color(header, line.arm), char, line.dash)


def put_marks(
    body: Picture, line: Line, values: ValueAxis, frame: Frame, recording: Readable, view: View
) -> None:
    """The arm's mark where its line ends (hollow for theory), and a cross where it broke first."""
    header, columns = recording.header, line.columns
    color = arm_color(header, line.arm)
    filled = columns.filled
    if not view.color:
        across = PIXELS[view.glyphs][0]
        offset = (len(line.name) + sum(map(ord, line.arm))) % _MARK_EVERY
        along = filled[(filled // across % _MARK_EVERY == offset) & (filled % across == 0)]
    else:
        along = filled[:0]
    few = (
        len(filled) * _SPARSE <= (filled[-1] - filled[0]) // PIXELS[view.glyphs][0] if len(filled) else False
    )
    if few and not line.predicted:
        for column in filled.tolist():
            body.put(*_cell(frame, values, column, columns.last[column]), POINT, color)
    mark = (theory.theory_mark if line.predicted else arm_mark)(header, line.arm, view.glyphs)
    for column in [*along.tolist(), *filled[-1:].tolist()]:
        body.put(*_cell(frame, values, column, columns.last[column]), mark, color)
    if columns.broken.any():
        broken = int(np.argmax(columns.broken))
        before = filled[filled <= broken]
        spot = (int(before[-1]), columns.last[before[-1]]) if len(before) else (broken, -np.inf)
        body.put(*_cell(frame, values, *spot), BROKEN, color)


def _cell(frame: Frame, values: ValueAxis, column: int, value: float) -> tuple[int, int]:
    row = int(np.rint(values.place(np.array([value]))[0] * (frame.pixels[1] - 1)))
    return frame.cell(column, row)
