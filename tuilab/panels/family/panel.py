"""Curves over something other than steps, all arms in one chart: functions, spectra, schedules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from tuilab.panels.axes import ValueAxis
from tuilab.panels.family.chart import Curve, Look, draw_curves
from tuilab.panels.finish import Entry, Finished, focused, head, say
from tuilab.panels.frames import (
    RUN,
    frames_called,
    missing,
    names_of,
    power,
    range_of,
    shown_frames,
    text,
    texts,
)
from tuilab.panels.numbers import brief, short
from tuilab.panels.palette import ARM_COLORS, ARM_MARKS, ASCII_MARKS, arm_color, arm_mark, arm_order
from tuilab.panels.picture import Picture
from tuilab.panels.view import View
from tuilab.panels.words import sentence
from tuilab.recording import Frame as Recorded
from tuilab.recording import Readable

_DASHES = (1, 2, 4)
_SAMPLES = ("──", "╌╌", "··")
_SAMPLES_ASCII = ("--", "- ", ". ")
_MANY = 1 << 22
_MOST_CURVES = 64


@dataclass(frozen=True, slots=True)
class Family(Finished):
    """The curves frame of this name of every arm; of its rows those named, or all."""

    title: str
    frame: str
    rows: tuple[str, ...] = ()
    log: bool = False

    def describe(self, recording: Readable, view: View) -> str:
        """The lowest and the highest value of every curve, and where."""
        curves = self._curves(recording, view)
        rows = {curve.row for curve in curves}
        facts = []
        for curve in curves:
            called = f"{curve.arm} {curve.row}" if len(rows) > 1 or curve.arm == RUN else curve.arm
            facts.append(f"{called} {_extremes(curve)}".strip())
        return sentence(self.title, f"at step {view.step}", facts)

    def _curves(self, recording: Readable, view: View) -> list[Curve]:
        found = shown_frames(recording, self.frame, view, _curves_in)
        order = arm_order(recording.header, view.focus)
        curves = [replace(curve, arm=arm) for arm in sorted(found, key=order) for curve in found[arm]]
        return [curve for curve in curves if not self.rows or curve.row in self.rows][:_MOST_CURVES]

    def sources(self, recording: Readable, view: View) -> Iterable[str]:
        """See `Panel.sources`."""
        return frames_called(recording, self.frame)

    def render(self, picture: Picture, recording: Readable, view: View) -> None:
        """See `Finished`."""
        log = view.logarithmic(self.log)
        curves = self._curves(recording, view)
        if not curves:
            say(picture, self.title, missing(recording, self.frame, "curves"))
            return
        body = Picture.blank(picture.width, picture.height - 1)
        # One arm's curves are told apart by colour; those of several by their dashes.
        alone = len(names_of(recording, self.frame)) == 1
        looks = _looks(curves, alone, recording, view)
        left_out = draw_curves(body, curves, looks, view, log) if body.height else False
        picture.paste(1, 0, body)
        notes = [f"over {curves[0].name}"] if curves[0].name else []
        notes += ["log"] * log + ["values ≤ 0 left out"] * left_out
        entries = {curve.row if alone else curve.arm: look for curve, look in zip(curves, looks, strict=True)}
        key = "" if alone else _key(list(dict.fromkeys(curve.row for curve in curves)), view)
        head(
            picture,
            self.title,
            notes,
            focused([Entry(look.mark, n, look.color) for n, look in entries.items() if n], view),
            key,
        )


def _looks(curves: list[Curve], alone: bool, recording: Readable, view: View) -> list[Look]:
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


def _curves_in(frame: Recorded) -> list[Curve]:
    """The curves in a frame, of no arm yet."""
    array, meta = frame.array, frame.meta
    if array.ndim != 2 or 0 in array.shape or array.size > _MANY or array.dtype.kind not in "fiub":
        return []
    names = texts(meta.get("names"), len(array)) or [str(k + 1) for k in range(len(array))]
    x = range_of(meta, "x") or ValueAxis(0.0, max(array.shape[1] - 1.0, 1.0))
    values = array[:_MOST_CURVES].astype(np.float64)
    return [Curve(RUN, name, x, row, text(meta, "x_name")) for name, row in zip(names, values, strict=False)]


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
