"""Series as lines of a chart, with the marks on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from tuilab.panels import theory
from tuilab.panels.axes import StepAxis, Ticks, ValueAxis, total_steps
from tuilab.panels.chart import Frame, Ink, chart
from tuilab.panels.columns import Columns, Strokes, read_columns, spreads, strokes
from tuilab.panels.palette import BROKEN, POINT, arm_color, arm_mark, arm_place
from tuilab.panels.picture import Picture
from tuilab.panels.view import PIXELS, Glyphs, View
from tuilab.recording import Readable, SeriesName

_DASHES = (1, 2, 4)
_SPARSE = 3
"""Series with fewer points than one in so many cells show them, joined by lines."""

_MARK_EVERY = 14
"""Cells between the marks along a line where colour cannot tell lines apart."""


class Look(NamedTuple):
    """How a line is told from others.

    Attributes:
        color: Colour code.
        mark: Where it ends.
        char: What draws it in ASCII.
        dash: As `strokes` takes it.
        lane: The column of a group that shows how far it spreads, another for every arm; None for theory,
            which does not spread.
        offset: The cell that the marks along it begin at.
    """

    color: int
    mark: str
    char: str
    dash: int
    lane: int | None
    offset: int


@dataclass(frozen=True, slots=True)
class Lines:
    """The series of a chart.

    Attributes:
        looks: (n,) theirs.
        columns: (n, columns) their values.
        steps: The axis that the columns are of.
        values: The axis that holds the values.
        seeds: How many the values are means over; 0 for a run of one.
    """

    looks: tuple[Look, ...]
    columns: Columns
    steps: StepAxis
    values: ValueAxis
    seeds: int

    @property
    def banded(self) -> bool:
        """Whether lowest and highest values are shown beside the line."""
        return self.steps.crowded or self.seeds > 1

    @property
    def central(self) -> Columns:
        """What the lines pass through: means over seeds, else the middles of columns that steps share."""
        if self.seeds > 1:
            return replace(self.columns, low=self.columns.last, high=self.columns.last)
        return self.columns.middles() if self.steps.crowded else self.columns


def read_lines(
    recording: Readable, names: Mapping[str, SeriesName], frame: Frame, view: View, log: bool
) -> tuple[Lines, Ticks]:
    """Series up to the moment, live only their columns that are complete; and the labels of their values.

    A prediction made once holds for all steps after it.
    """
    header = recording.header
    steps = StepAxis.until(view.step, total_steps(header), frame.pixels[0])
    together = _group(view.glyphs) if steps.crowded else PIXELS[view.glyphs][0]
    stop = steps.shown(view.step, together if view.live else 0)
    columns = read_columns(recording, list(names), steps, stop)
    filled = columns.filled.sum(axis=1)
    once = [k for k, name in enumerate(names.values()) if theory.is_theory(name) and filled[k] == 1]
    if once:
        columns = columns.held(once, int(steps.column(np.array([stop - 1]))[0]))
    columns = columns.logarithms() if log else columns
    values = columns.value_axis(log)
    place = {quantity: place for place, quantity in enumerate(quantities(names.values()))}
    looks = tuple(
        _look(name, place[theory.measured(name).quantity], header, view.glyphs) for name in names.values()
    )
    return Lines(looks, columns, steps, values, over_seeds(header)), values.ticks(frame.cells[1])


def over_seeds(header: Mapping[str, object]) -> int:
    """How many seeds the series are means over; 0 for a run of one."""
    seeds = header.get("seeds")
    return len(seeds) if isinstance(seeds, list) else 0


def quantities(names: Iterable[SeriesName]) -> list[str]:
    """What a chart's series measure, or predict: those that are measured first."""
    return list(dict.fromkeys(theory.measured(name).quantity for name in sorted(names, key=theory.is_theory)))


def _group(glyphs: Glyphs) -> int:
    """Pixel columns that share one stroke where series are crowded: two cells."""
    return 2 * PIXELS[glyphs][0]


def _look(name: SeriesName, place: int, header: dict[str, Any], glyphs: Glyphs) -> Look:
    """Of a series of the `place`th quantity."""
    color, across = arm_color(header, name.arm), PIXELS[glyphs][0]
    offset = (len(str(name)) + sum(map(ord, name.arm))) % _MARK_EVERY
    if theory.is_theory(name):
        mark = theory.theory_mark(header, name.arm, glyphs)
        return Look(color, mark, theory.CHAR, theory.DASH, None, offset)
    known = arm_place(header, name.arm)
    lane = place if known is None else known
    lane = lane * across % _group(glyphs) + lane // 2 % across
    mark, char = (arm_mark(header, name.arm, each) for each in (glyphs, "ascii"))
    return Look(color, mark, char, _DASHES[min(place, len(_DASHES) - 1)], lane, offset)


@lru_cache(maxsize=32)
def drawn(lines: Lines, frame: Frame, colored: bool) -> Picture:
    """The chart of some lines: kept, since a live one stays as it is until a column is complete."""
    x, y = lines.steps.ticks(frame.cells[0]), lines.values.ticks(frame.cells[1])
    picture = chart(frame, _strokes(lines, frame), x, y, "step")
    _put_marks(picture, lines, frame, colored)
    return picture.frozen()


def _strokes(lines: Lines, frame: Frame) -> list[tuple[Strokes, Ink]]:
    """The lines as strokes; where steps are crowded their middles, over how far their values spread."""
    looks, rows = lines.looks, frame.pixels[1]
    below: list[tuple[Strokes, Ink]] = []
    if lines.banded:
        lanes = {line: look.lane for line, look in enumerate(looks) if look.lane is not None}
        chosen = list(lanes)
        at = np.array(list(lanes.values()), np.int64)
        spread = spreads(lines.columns.lines(chosen), lines.values, rows, _group(frame.glyphs), at)
        below = [(spread, Ink([looks[k].color for k in chosen], [looks[k].char for k in chosen]))]
    stroke = strokes(lines.central, lines.values, rows, [look.dash for look in looks])
    return [*below, (stroke, Ink([look.color for look in looks], [look.char for look in looks]))]


def _put_marks(picture: Picture, lines: Lines, frame: Frame, colored: bool) -> None:
    """The arm's mark where its line ends (hollow for theory), and a cross where it broke first."""
    columns = lines.central
    all_filled = columns.filled
    rows = np.rint(lines.values.place(np.where(all_filled, columns.last, -np.inf)) * (frame.pixels[1] - 1))
    across = PIXELS[frame.glyphs][0]
    for line, look in enumerate(lines.looks):
        filled = np.flatnonzero(all_filled[line])
        along = filled[:0]
        if not colored:
            along = filled[(filled // across % _MARK_EVERY == look.offset) & (filled % across == 0)]
        few = len(filled) > 0 and len(filled) * _SPARSE <= (filled[-1] - filled[0]) // across
        if few and look.lane is not None:
            for column in filled.tolist():
                picture.put(*frame.cell(column, int(rows[line, column])), POINT, look.color)
        for column in [*along.tolist(), *filled[-1:].tolist()]:
            picture.put(*frame.cell(column, int(rows[line, column])), look.mark, look.color)
        if columns.broken[line].any():
            broken = int(np.argmax(columns.broken[line]))
            before = filled[filled <= broken]
            column = int(before[-1]) if len(before) else broken
            picture.put(*frame.cell(column, int(rows[line, column])), BROKEN, look.color)
