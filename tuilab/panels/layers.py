"""One metric over the layers, a line an arm, at the moment shown; what theory predicts as dots over it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tuilab.panels import theory
from tuilab.panels.axes import integer_ticks
from tuilab.panels.chart import GUTTER, Frame, Strokes, chart
from tuilab.panels.columns import Columns, strokes
from tuilab.panels.finish import Entry, absent, finished, head, write
from tuilab.panels.numbers import short
from tuilab.panels.palette import BROKEN, arm_color, arm_mark
from tuilab.panels.picture import Picture
from tuilab.panels.profiles import Profile, layers_of, past_range, profiles_of
from tuilab.panels.sampling import of_what, sample_note
from tuilab.panels.view import View
from tuilab.panels.words import sentence
from tuilab.recording import Readable

_ROOMY = 3
"""Cells a layer from which on every layer gets its arm's mark."""

Mark = tuple[int, int, str, int]
"""y, x, character, colour."""


@dataclass(frozen=True, slots=True)
class Layers:
    """A metric of every layer of every arm."""

    title: str
    metric: str
    log: bool = False

    def draw(self, recording: Readable, view: View, width: int, height: int) -> Picture:
        """See `Panel.draw`."""
        return finished(lambda picture: self._render(picture, recording, view), view, width, height)

    def describe(self, recording: Readable, view: View) -> str:
        """The first and the last layer's value of every arm, theory's, and which layers are not finite."""
        facts = []
        predicted = profiles_of(recording, self.metric + theory.SUFFIX, view)
        for arm, profile in profiles_of(recording, self.metric, view).items():
            first, last = min(profile), max(profile)
            fact = f"{arm} {short(profile[first])} in layer {first}"
            if last != first:
                fact += f" to {short(profile[last])} in layer {last}"
            if last in predicted.get(arm, {}):
                fact += f" ({theory.THEORY} {short(predicted[arm][last])})"
            broken = [str(layer) for layer, value in profile.items() if not math.isfinite(value)]
            facts.append(fact + (f" (not finite in {' '.join(broken)})" if broken else ""))
        return sentence(self.title + of_what(recording.header, self.metric), f"at step {view.step}", facts)

    def _render(self, picture: Picture, recording: Readable, view: View) -> None:
        log = self.log if view.log is None else view.log
        profiles = profiles_of(recording, self.metric, view)
        predicted = profiles_of(recording, self.metric + theory.SUFFIX, view)
        header = recording.header
        known = {**predicted, **profiles}
        entries = [
            Entry(
                arm_mark(header, arm, view.glyphs), arm, arm_color(header, arm), short(profile[max(profile)])
            )
            for arm, profile in known.items()
        ]
        body = Picture.blank(picture.width, picture.height - 1)
        left_out = False
        if known and body.height:
            left_out = self._chart(body, recording, view, profiles, predicted, log)
        elif body.height:
            unknown = absent(recording, f"no series named ARM/{self.metric}/LAYER")
            write(body, 0, "nothing to draw yet" if layers_of(recording, self.metric, view) else unknown)
        picture.paste(1, 0, body)
        notes = sample_note(header, self.metric) + ["log"] * log + ["values ≤ 0 left out"] * left_out
        head(picture, self.title, notes, entries, theory.theory_key(view.glyphs) if predicted else "")

    def _chart(
        self,
        body: Picture,
        recording: Readable,
        view: View,
        profiles: dict[str, Profile],
        predicted: dict[str, Profile],
        log: bool,
    ) -> bool:
        """Draws the lines and says whether values were left out."""
        everything = [*profiles.values(), *predicted.values()]
        first, last = min(map(min, everything)), max(map(max, everything))
        values = past_range(recording, (self.metric, self.metric + theory.SUFFIX), view, log)
        gutter = GUTTER
        while True:
            frame = Frame.fit(body.width, body.height, view.glyphs, gutter)
            y = values.ticks(frame.cells[1])
            if max(map(len, y.labels)) <= gutter:
                break
            gutter = max(map(len, y.labels))
        x = integer_ticks(first, last, first - 0.5, last + 0.5, frame.cells[0])
        drawn: list[Strokes] = []
        marks: list[Mark] = []
        left_out = False
        roomy = frame.cells[0] >= _ROOMY * (last - first + 1)
        header = recording.header
        # Theory's marks come first and stay where no measurement covers them.
        for arms, is_theory in ((predicted, True), (profiles, False)):
            for arm, profile in arms.items():
                color = arm_color(header, arm)
                places = {layer: _column(layer, first, last, frame.pixels[0]) for layer in profile}
                columns = _columns(profile, places, frame.pixels[0])
                columns = columns.logarithms() if log else columns
                left_out |= columns.left_out
                char = theory.CHAR if is_theory else arm_mark(header, arm, "ascii")
                dash = theory.DASH if is_theory else 1
                drawn.append(strokes(columns, values, frame.pixels[1], color, char, dash))
                mark = (theory.theory_mark if is_theory else arm_mark)(header, arm, view.glyphs)
                for layer, place in places.items():
                    if not math.isfinite(profile[layer]):
                        marks.append((*frame.cell(place, 0), BROKEN, color))
                    elif (roomy or layer == max(profile)) and math.isfinite(columns.last[place]):
                        share = float(values.place(columns.last[place : place + 1])[0])
                        row = round(share * (frame.pixels[1] - 1))
                        marks.append((*frame.cell(place, row), mark, color))
        body.paste(0, 0, chart(frame, drawn, x, y, "layer"))
        for each in marks:
            body.put(*each)
        return left_out


def _column(layer: int, first: int, last: int, columns: int) -> int:
    """The pixel column of a layer, half a layer's width in from the sides."""
    return round((layer - first + 0.5) / (last - first + 1) * (columns - 1))


def _columns(profile: Profile, places: dict[int, int], width: int) -> Columns:
    last = np.full(max(width, 1), np.nan)
    broken = np.zeros(max(width, 1), bool)
    for layer, value in profile.items():
        if math.isfinite(value):
            last[places[layer]] = value
        else:
            broken[places[layer]] = True
    return Columns(last, last, last, broken)
