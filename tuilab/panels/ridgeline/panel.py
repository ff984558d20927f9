"""Histograms of layers over time: a ridge a moment, earlier ones behind and above."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from tuilab.panels.chart import GUTTER
from tuilab.panels.finish import Entry, Finished, absent, cut, head, say
from tuilab.panels.frames import names_of
from tuilab.panels.palette import DIM, arm_color, arm_mark
from tuilab.panels.picture import Picture
from tuilab.panels.ridgeline.ridges import Ridges, draw_ridges, ridges_of
from tuilab.panels.sampling import of_what, sample_note
from tuilab.panels.shares import evenly, put_ranges, shares_of, summary
from tuilab.panels.steps import StepAxis
from tuilab.panels.view import View
from tuilab.panels.words import sentence
from tuilab.recording import Readable

_LEFT = GUTTER + 1
_NARROWEST = 9
"""Cells below which a ridge's shape is lost: fewer layers are shown instead."""

_LOWEST = 4
"""Rows below which ridges cannot lie behind each other: fewer arms are shown instead."""

_TALLEST = 8


@dataclass(frozen=True, slots=True)
class Ridgeline(Finished):
    """The frame of this name: layers across and arms down; of one `layer` alone, arms across."""

    over_steps: ClassVar[bool] = True

    title: str
    frame: str
    arm: str = ""
    layer: int | None = None
    log: bool = False

    def describe(self, recording: Readable, view: View) -> str:
        """For every arm, first and last layer (or the one chosen): what it was at first, what it is now."""
        facts = []
        for arm, name in self._names(recording, view).items():
            steps = recording.frame_steps(name)
            ends = (recording.frame(name, step) for step in (*steps[:1].tolist(), view.step))
            known = {frame.step: shares_of(frame) for frame in ends if frame and frame.step <= view.step}
            found = {step: shares for step, shares in known.items() if shares is not None}
            layers = max((len(shares.bins) for shares in found.values()), default=0)
            for layer in sorted({0, layers - 1}) if self.layer is None else [self.layer - 1]:
                told = [
                    f"at step {step} {summary(shares, layer)}"
                    for step, shares in found.items()
                    if layer < len(shares.bins)
                ]
                if told:
                    facts.append(f"{arm} {', '.join(told)}")
        return sentence(self.title + of_what(recording.header, self.frame), f"up to step {view.step}", facts)

    def _names(self, recording: Readable, view: View) -> dict[str, str]:
        """The frame of each arm that is shown."""
        names = names_of(recording, self.frame)
        return {arm: name for arm, name in names.items() if arm not in view.hidden and self.arm in ("", arm)}

    def sources(self, recording: Readable, view: View) -> Iterable[str]:
        """See `Panel.sources`."""
        return self._names(recording, view).values()

    def render(self, picture: Picture, recording: Readable, view: View) -> None:
        """See `Finished`."""
        names = self._names(recording, view)
        log = view.logarithmic(self.log)
        roomy = picture.width >= _LEFT + 2 * _NARROWEST and picture.height >= 2 * _LOWEST
        left = _LEFT if roomy else 0
        columns = max((picture.width - left + 1) // (_NARROWEST + 1), 1)
        rows = max(picture.height - 2, 1)
        most = columns if self.layer is not None else max(rows // _LOWEST, 1)
        visible = list(names)[:most]
        block = rows if self.layer is not None else rows // max(len(visible), 1)
        ranged = block > _LOWEST
        height = block - ranged
        axis = StepAxis.seen(view, recording.header, height - min(max(height // 6, 3), _TALLEST, height) + 1)
        arms = {arm: ridges_of(recording, names[arm], axis, view) for arm in visible}
        layers = max((len(shares.bins) for found in arms.values() for shares in found.values()), default=0)
        if layers < (self.layer or 1):
            none = absent(recording, f"no frame named {self.arm or 'ARM'}/{self.frame}")
            few = f"there are only {layers} layers" if layers else "no histogram recorded yet"
            say(picture, self.title, few if names else none)
            return
        header = recording.header
        notes = sample_note(header, self.frame) + ["log"] * log
        notes += [f"{len(names) - len(visible)} more arms need more room"] * (len(visible) < len(names))
        chosen = evenly(layers, columns) if self.layer is None else [self.layer - 1]
        if self.layer is not None:
            notes.append(f"layer {self.layer}")
        elif len(chosen) < layers:
            notes.append(f"layers {' '.join(str(layer + 1) for layer in chosen)} of {layers}")
        entries = [Entry(arm_mark(header, arm, view.glyphs), arm, arm_color(header, arm)) for arm in visible]
        head(picture, self.title, notes, entries)
        across = (picture.width - left + 1) // (len(chosen) if self.layer is None else len(visible)) - 1
        for place, (arm, found) in enumerate(arms.items()):
            y, x = (2 + place * block, left) if self.layer is None else (2, left + place * (across + 1))
            mark, color = arm_mark(header, arm, view.glyphs), arm_color(header, arm)
            for column, layer in enumerate(chosen):
                ridges = draw_ridges(found, layer, axis.columns, across, height, (mark, color), view, log)
                picture.paste(y, x + column * (across + 1), ridges)
            if found and ranged:
                bottom = Picture.blank(len(chosen) * (across + 1) - 1, 1)
                put_ranges(bottom, 0, found[max(found)], chosen, across)
                picture.paste(y + height, x, bottom)
            if found and place == 0 and self.layer is None:
                _label(picture, found, chosen, x, across)
            if left and (place == 0 or self.layer is None):
                _put_time(picture, axis, y, height)
            if left and self.layer is None:
                picture.put(y, 0, mark, color)
            elif self.layer is not None:
                picture.put(1, x, cut(f"{mark} {arm}", across), color)


def _label(picture: Picture, found: Ridges, chosen: list[int], x: int, across: int) -> None:
    """The layers' names above their ridges."""
    names = found[max(found)].names
    for column, layer in enumerate(chosen):
        name = names[layer] if layer < len(names) else str(layer + 1)
        picture.put(1, x + column * (across + 1), cut(name, across).center(across), DIM)


def _put_time(picture: Picture, axis: StepAxis, y: int, height: int) -> None:
    """Steps at the left of the ridges that stand on them."""
    picture.put(1, 0, "step".rjust(GUTTER), DIM)
    ticks = axis.ticks(axis.columns * 2)
    for place, label in zip(ticks.places, ticks.labels, strict=True):
        row = height - axis.columns + round(place * (axis.columns - 1))
        picture.put(y + row, 0, cut(label, GUTTER).rjust(GUTTER), DIM)
