"""One metric over the layers, a line an arm, at the moment shown."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tuilab.panels.axes import ValueAxis, integer_ticks
from tuilab.panels.chart import GUTTER, Frame, Strokes, chart
from tuilab.panels.columns import Columns, strokes
from tuilab.panels.finish import Entry, absent, finished, head, write
from tuilab.panels.numbers import short
from tuilab.panels.palette import BROKEN, arm_color, arm_mark, arms_of
from tuilab.panels.picture import Picture
from tuilab.panels.view import View
from tuilab.panels.words import sentence
from tuilab.recording import Recording

_ROOMY = 3
"""Cells a layer from which on every layer gets its arm's mark."""

_SAMPLED = 32
"""Layers whose past sets the y range."""

Profile = dict[int, float]
"""The metric's value by layer."""


@dataclass(frozen=True, slots=True)
class Layers:
    """A metric of every layer of every arm."""

    title: str
    metric: str
    log: bool = False

    def draw(self, recording: Recording, view: View, width: int, height: int) -> Picture:
        """See `Panel.draw`."""
        return finished(lambda picture: self._render(picture, recording, view), view, width, height)

    def describe(self, recording: Recording, view: View) -> str:
        """The first and the last layer's value of every arm, and which layers are not finite."""
        facts = []
        for arm, profile in self._profiles(recording, view).items():
            first, last = min(profile), max(profile)
            fact = f"{arm} {short(profile[first])} in layer {first}"
            if last != first:
                fact += f" to {short(profile[last])} in layer {last}"
            broken = [str(layer) for layer, value in profile.items() if not math.isfinite(value)]
            facts.append(fact + (f" (not finite in {' '.join(broken)})" if broken else ""))
        return sentence(self.title, f"at step {view.step}", facts)

    def _profiles(self, recording: Recording, view: View) -> dict[str, Profile]:
        profiles: dict[str, Profile] = {}
        for arm, layers in self._names(recording, view).items():
            found = {layer: recording.at(name, view.step) for layer, name in layers.items()}
            if profile := {layer: value for layer, value in found.items() if value is not None}:
                profiles[arm] = profile
        return profiles

    def _names(self, recording: Recording, view: View) -> dict[str, dict[int, str]]:
        """The series of each arm by layer, arms in colour order."""
        names: dict[str, dict[int, str]] = {arm: {} for arm in arms_of(recording.header)}
        for name in recording.series():
            arm, _, rest = name.partition("/")
            metric, _, layer = rest.rpartition("/")
            if metric == self.metric and layer.isascii() and layer.isdecimal() and len(layer) < 7:
                names.setdefault(arm, {})[int(layer)] = name
        return {
            arm: dict(sorted(layers.items()))
            for arm, layers in names.items()
            if layers and arm not in view.hidden
        }

    def _render(self, picture: Picture, recording: Recording, view: View) -> None:
        log = self.log if view.log is None else view.log
        profiles = self._profiles(recording, view)
        header = recording.header
        entries = [
            Entry(
                arm_mark(header, arm, view.glyphs), arm, arm_color(header, arm), short(profile[max(profile)])
            )
            for arm, profile in profiles.items()
        ]
        body = Picture.blank(picture.width, picture.height - 1)
        left_out = False
        if profiles and body.height:
            left_out = self._chart(body, recording, view, profiles, log)
        elif body.height:
            known = self._names(recording, view)
            write(
                body,
                0,
                "nothing to draw yet"
                if known
                else absent(recording, f"no series named ARM/{self.metric}/LAYER"),
            )
        picture.paste(1, 0, body)
        head(picture, self.title, ["log"] * log + ["values ≤ 0 left out"] * left_out, entries)

    def _chart(
        self, body: Picture, recording: Recording, view: View, profiles: dict[str, Profile], log: bool
    ) -> bool:
        """Draws the lines and says whether values were left out."""
        first = min(min(profile) for profile in profiles.values())
        last = max(max(profile) for profile in profiles.values())
        values = self._range(recording, view, log)
        gutter = GUTTER
        while True:
            frame = Frame.fit(body.width, body.height, view.glyphs, gutter)
            y = values.ticks(frame.cells[1])
            if max(map(len, y.labels)) <= gutter:
                break
            gutter = max(map(len, y.labels))
        x = integer_ticks(first, last, first - 0.5, last + 0.5, frame.cells[0])
        drawn: list[Strokes] = []
        marks: list[tuple[int, int, str, int]] = []
        left_out = False
        for arm, profile in profiles.items():
            color = arm_color(recording.header, arm)
            places = {layer: _column(layer, first, last, frame.pixels[0]) for layer in profile}
            columns = _columns(profile, places, frame.pixels[0])
            columns = columns.logarithms() if log else columns
            left_out |= columns.left_out
            drawn.append(
                strokes(columns, values, frame.pixels[1], color, arm_mark(recording.header, arm, "ascii"))
            )
            roomy = frame.cells[0] >= _ROOMY * (last - first + 1)
            for layer, place in places.items():
                if not math.isfinite(profile[layer]):
                    marks.append((*frame.cell(place, 0), BROKEN, color))
                elif (roomy or layer == max(profile)) and math.isfinite(columns.last[place]):
                    row = round(
                        float(values.place(columns.last[place : place + 1])[0]) * (frame.pixels[1] - 1)
                    )
                    marks.append(
                        (*frame.cell(place, row), arm_mark(recording.header, arm, view.glyphs), color)
                    )
        body.paste(0, 0, chart(frame, drawn, x, y, "layer"))
        for mark in marks:
            body.put(*mark)
        return left_out

    def _range(self, recording: Recording, view: View, log: bool) -> ValueAxis:
        """The range of everything up to this moment, so that moments compare and the axis keeps still."""
        lows: list[float] = []
        highs: list[float] = []
        for layers in self._names(recording, view).values():
            names = list(layers.values())
            for place in np.unique(
                np.linspace(0, len(names) - 1, min(len(names), _SAMPLED)).round().astype(int)
            ):
                past = recording.overview(names[place], 0, view.step + 1, 1)
                if len(past.last) and math.isfinite(past.last[0]):
                    lows.append(float(past.low[0]))
                    highs.append(float(past.high[0]))
        if log:
            highs = [high for high in highs if high > 0]
            lows = [low for low in lows if low > 0] or highs
            return ValueAxis.holding(np.log10(lows), np.log10(highs), True)
        return ValueAxis.holding(lows, highs, False)


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
