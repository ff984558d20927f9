"""One metric over the layers, a line an arm, at the moment shown; what theory predicts as dots over it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tuilab.panels import theory
from tuilab.panels.axes import Ticks, integer_ticks
from tuilab.panels.chart import Ink, chart, fitted
from tuilab.panels.columns import Columns, strokes
from tuilab.panels.finish import Entry, Finished, absent, cut_inside, head, write
from tuilab.panels.numbers import short
from tuilab.panels.palette import BROKEN, arm_color, arm_mark
from tuilab.panels.picture import Picture
from tuilab.panels.profiles import Profile, layers_of, past_range, profiles_of, series_of
from tuilab.panels.sampling import of_what, sample_note
from tuilab.panels.shares import evenly
from tuilab.panels.view import View
from tuilab.panels.words import in_layer, sentence
from tuilab.recording import Readable, layer_number, layer_order

_ROOMY = 3
"""Cells a layer from which on every layer gets its arm's mark."""

_NAME = 10
"""Cells from one name of a layer to the next, at least."""


@dataclass(frozen=True, slots=True)
class Layers(Finished):
    """A metric of every layer of every arm."""

    title: str
    metric: str
    log: bool = False

    def describe(self, recording: Readable, view: View) -> str:
        """The first and the last layer's value of every arm, theory's, and which layers are not finite."""
        facts = []
        predicted = profiles_of(recording, self.metric + theory.SUFFIX, view)
        for arm, profile in profiles_of(recording, self.metric, view).items():
            first, last = next(iter(profile)), next(reversed(profile))
            fact = f"{arm} {short(profile[first])} in {in_layer(first)}"
            if last != first:
                fact += f" to {short(profile[last])} in {in_layer(last)}"
            if last in predicted.get(arm, {}):
                fact += f" ({theory.THEORY} {short(predicted[arm][last])})"
            broken = [layer for layer, value in profile.items() if not math.isfinite(value)]
            facts.append(fact + (f" (not finite in {' '.join(broken)})" if broken else ""))
        return sentence(self.title + of_what(recording.header, self.metric), f"at step {view.step}", facts)

    def sources(self, recording: Readable, view: View) -> Iterable[str]:
        """See `Panel.sources`."""
        metrics = self.metric, self.metric + theory.SUFFIX
        return [name for metric in metrics for name in series_of(recording, metric, view)]

    def render(self, picture: Picture, recording: Readable, view: View) -> None:
        """See `Finished`."""
        log = view.logarithmic(self.log)
        profiles = profiles_of(recording, self.metric, view)
        predicted = profiles_of(recording, self.metric + theory.SUFFIX, view)
        header = recording.header
        entries = [
            Entry(
                arm_mark(header, arm, view.glyphs),
                arm,
                arm_color(header, arm),
                short(profile[next(reversed(profile))]),
            )
            for arm, profile in {**predicted, **profiles}.items()
        ]
        body = Picture.blank(picture.width, picture.height - 1)
        left_out = False
        if entries and body.height:
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
        header = recording.header
        # Theory comes first, and its marks stay where no measurement covers them.
        drawn = [(arm, profile, True) for arm, profile in predicted.items()]
        drawn += [(arm, profile, False) for arm, profile in profiles.items()]
        shown = [profile for _, profile, _ in drawn]
        across = Across.of(shown)
        values = past_range(recording, (self.metric, self.metric + theory.SUFFIX), shown, view, log)
        frame, values, y = fitted(body, view.glyphs, lambda frame: (values, values.ticks(frame.cells[1])))
        places = across.columns(frame.pixels[0])
        columns = _columns(shown, places, frame.pixels[0])
        columns = columns.logarithms() if log else columns
        colors = [arm_color(header, arm) for arm, _, _ in drawn]
        chars = [theory.CHAR if of_theory else arm_mark(header, arm, "ascii") for arm, _, of_theory in drawn]
        dashes = [theory.DASH if of_theory else 1 for _, _, of_theory in drawn]
        lines = strokes(columns, values, frame.pixels[1], dashes), Ink(colors, chars)
        body.paste(0, 0, chart(frame, [lines], across.ticks(frame.cells[0]), y, "layer"))
        rows = np.rint(values.place(np.nan_to_num(columns.last)) * (frame.pixels[1] - 1)).astype(np.int64)
        roomy = frame.cells[0] >= _ROOMY * across.span
        for line, (arm, profile, of_theory) in enumerate(drawn):
            mark = (theory.theory_mark if of_theory else arm_mark)(header, arm, view.glyphs)
            last = next(reversed(profile))
            for layer, value in profile.items():
                column = places[layer]
                if not math.isfinite(value):
                    body.put(*frame.cell(column, 0), BROKEN, colors[line])
                elif (roomy or layer == last) and math.isfinite(columns.last[line, column]):
                    body.put(*frame.cell(column, int(rows[line, column])), mark, colors[line])
        return columns.left_out


@dataclass(frozen=True, slots=True)
class Across:
    """Where layers stand on the x axis: at their numbers, or one behind the other where some have names.

    Attributes:
        places: Of the layers in their order.
        first: The first one's.
        last: The last one's.
    """

    places: dict[str, int]
    first: int
    last: int

    @classmethod
    def of(cls, profiles: Iterable[Profile]) -> Across:
        """The axis of all layers there are."""
        layers = sorted({layer: None for profile in profiles for layer in profile}, key=layer_order)
        numbers = [layer_number(layer) for layer in layers]
        counted = [number for number in numbers if number is not None]
        places = counted if len(counted) == len(layers) else list(range(1, len(layers) + 1))
        return cls(dict(zip(layers, places, strict=True)), places[0], places[-1])

    @property
    def span(self) -> int:
        """Layers that there is room for."""
        return self.last - self.first + 1

    def columns(self, width: int) -> dict[str, int]:
        """The pixel column of every layer, half a layer's width in from the sides."""
        return {layer: round(self._share(layer) * (width - 1)) for layer in self.places}

    def ticks(self, cells: int) -> Ticks:
        """Numbers, or as many names as there is room for."""
        names = list(self.places)
        if layer_number(names[-1]) is not None:  # named layers come last
            return integer_ticks(self.first, self.last, self.first - 0.5, self.last + 0.5, cells)
        chosen = [names[place] for place in evenly(len(names), max(cells // _NAME, 1))]
        room = max(cells // len(chosen) - 1, 1)
        return Ticks([self._share(name) for name in chosen], [cut_inside(name, room) for name in chosen])

    def _share(self, layer: str) -> float:
        return (self.places[layer] - self.first + 0.5) / self.span


def _columns(profiles: list[Profile], places: dict[str, int], width: int) -> Columns:
    last = np.full((len(profiles), max(width, 1)), np.nan)
    broken = np.zeros(last.shape, bool)
    for line, profile in enumerate(profiles):
        for layer, value in profile.items():
            if math.isfinite(value):
                last[line, places[layer]] = value
            else:
                broken[line, places[layer]] = True
    return Columns.points(last, broken)
