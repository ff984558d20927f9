"""Curves over something other than steps, all arms in one chart: functions, spectra, schedules."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tuilab.panels.axes import LIMIT, Floats, Ticks, ValueAxis
from tuilab.panels.blocks import ends_at_least
from tuilab.panels.chart import GUTTER, PIXELS, Frame, Strokes, chart
from tuilab.panels.columns import Columns, strokes
from tuilab.panels.dots import light
from tuilab.panels.finish import Entry, finished, head, write
from tuilab.panels.frames import RUN, missing, names_of, power, range_of, shown_frames, text, texts
from tuilab.panels.numbers import brief, short
from tuilab.panels.palette import ARM_COLORS, ARM_MARKS, ASCII_MARKS, BROKEN, DIM, arm_color, arm_mark
from tuilab.panels.picture import Picture
from tuilab.panels.view import View
from tuilab.panels.words import sentence
from tuilab.recording import Frame as Recorded
from tuilab.recording import Recording

_DASHES = (1, 2, 4)
_SAMPLES = ("──", "╌╌", "··")
_SAMPLES_ASCII = ("--", "- ", ". ")
_MANY = 1 << 22
_MOST_CURVES = 64
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
class Family:
    """The curves frame of this name of every arm; of its rows those named, or all."""

    title: str
    frame: str
    rows: tuple[str, ...] = ()
    log: bool = False

    def draw(self, recording: Recording, view: View, width: int, height: int) -> Picture:
        """See `Panel.draw`."""
        return finished(lambda picture: self._render(picture, recording, view), view, width, height)

    def describe(self, recording: Recording, view: View) -> str:
        """The lowest and the highest value of every curve, and where."""
        curves = self._curves(recording, view)
        rows = {curve.row for curve in curves}
        facts = []
        for curve in curves:
            called = f"{curve.arm} {curve.row}" if len(rows) > 1 or curve.arm == RUN else curve.arm
            facts.append(f"{called} {_extremes(curve)}".strip())
        return sentence(self.title, f"at step {view.step}", facts)

    def _curves(self, recording: Recording, view: View) -> list[Curve]:
        curves = []
        for arm, frame in shown_frames(recording, self.frame, view).items():
            curves += [curve for curve in _curves_in(arm, frame) if not self.rows or curve.row in self.rows]
        return curves[:_MOST_CURVES]

    def _render(self, picture: Picture, recording: Recording, view: View) -> None:
        log = self.log if view.log is None else view.log
        curves = self._curves(recording, view)
        if not curves:
            head(picture, self.title, [], [])
            write(picture, 1, missing(recording, self.frame, "curves"))
            return
        body = Picture.blank(picture.width, picture.height - 1)
        # One arm's curves are told apart by colour; those of several by their dashes.
        alone = len(names_of(recording, self.frame)) == 1
        looks = _looks(curves, alone, recording, view)
        left_out = _draw(body, curves, looks, view, log) if body.height else False
        picture.paste(1, 0, body)
        notes = [f"over {curves[0].name}"] if curves[0].name else []
        notes += ["log"] * log + ["values ≤ 0 left out"] * left_out
        entries = {curve.row if alone else curve.arm: look for curve, look in zip(curves, looks, strict=True)}
        key = "" if alone else _key(list(dict.fromkeys(curve.row for curve in curves)), view)
        head(
            picture,
            self.title,
            notes,
            [Entry(look.mark, n, look.color) for n, look in entries.items() if n],
            key,
        )


@dataclass(frozen=True, slots=True)
class Look:
    """How a curve is told from others."""

    color: int
    mark: str
    dash: int


def _looks(curves: list[Curve], alone: bool, recording: Recording, view: View) -> list[Look]:
    rows = list(dict.fromkeys(curve.row for curve in curves))
    marks = ASCII_MARKS if view.glyphs == "ascii" else ARM_MARKS
    looks = []
    for curve in curves:
        place = rows.index(curve.row)
        dash = _DASHES[min(place, len(_DASHES) - 1)]
        if alone and len(rows) > 1:
            looks.append(Look(ARM_COLORS[place % len(ARM_COLORS)], marks[place % len(marks)], 1))
        else:
            header = recording.header
            looks.append(Look(arm_color(header, curve.arm), arm_mark(header, curve.arm, view.glyphs), dash))
    return looks


def _curves_in(arm: str, frame: Recorded) -> list[Curve]:
    array, meta = frame.array, frame.meta
    if array.ndim != 2 or 0 in array.shape or array.size > _MANY or array.dtype.kind not in "fiub":
        return []
    names = texts(meta.get("names"), len(array)) or [str(k + 1) for k in range(len(array))]
    x = range_of(meta, "x") or ValueAxis(0.0, max(array.shape[1] - 1.0, 1.0))
    values = array[:_MOST_CURVES].astype(np.float64)
    return [Curve(arm, name, x, row, text(meta, "x_name")) for name, row in zip(names, values, strict=False)]


def _draw(body: Picture, curves: list[Curve], looks: list[Look], view: View, log: bool) -> bool:
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


def _key(rows: list[str], view: View) -> str:
    """How the rows are told apart, where there are several."""
    if len(rows) < 2:
        return ""
    samples = _SAMPLES_ASCII if view.glyphs == "ascii" else _SAMPLES
    return " ".join(f"{samples[place]} {row}" for place, row in enumerate(rows[: len(samples)]))


def _extremes(curve: Curve) -> str:
    known = np.isfinite(curve.y)
    if not known.any():
        return "nowhere finite"
    told = []
    for word, place in (
        ("lowest", int(np.where(known, curve.y, np.inf).argmin())),
        ("highest", int(np.where(known, curve.y, -np.inf).argmax())),
    ):
        share = place / max(len(curve.y) - 1, 1)
        at = curve.x.low + (curve.x.high - curve.x.low) * share
        told.append(f"{word} {short(float(curve.y[place]))} at {brief(power(at) if curve.x.log else at)}")
    if not known.all():
        told.append(f"{int((~known).sum())} not finite")
    return " ".join([told[0], "and", *told[1:2]]) + "".join(f", {more}" for more in told[2:])
