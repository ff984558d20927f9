"""A metric of every layer (down) over the steps (across) as heat, one raster an arm."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tuilab.panels.axes import Ticks, ValueAxis
from tuilab.panels.chart import GUTTER
from tuilab.panels.columns import first_nonfinite
from tuilab.panels.finish import Finished, absent, cut, cut_inside, head, say
from tuilab.panels.heat import BAD, HOLE, Levels, paint, put_bar
from tuilab.panels.heatmap.tracks import Track, tracks_of
from tuilab.panels.numbers import integer_label, short
from tuilab.panels.palette import DIM, HEAT_LEVELS, arm_color, arm_mark
from tuilab.panels.picture import Picture
from tuilab.panels.profiles import layers_of, profiles_of, series_of
from tuilab.panels.sampling import of_what, sample_note
from tuilab.panels.shares import evenly
from tuilab.panels.steps import StepAxis
from tuilab.panels.view import View
from tuilab.panels.words import in_layer, sentence
from tuilab.recording import Readable, layer_number

_ROOMY = (GUTTER + 15, 5)
"""Width and height from which on there are axes: as charts have them, so that the steps line up."""

_NAME = 24
"""Cells for the names of layers, at most."""

_CAPTIONED = 3
"""Rows for an arm from which on its name takes one."""


@dataclass(frozen=True, slots=True)
class Heatmap(Finished):
    """The series ARM/METRIC/LAYER; a column shows the last value of its steps."""

    over_steps: ClassVar[bool] = True

    title: str
    metric: str
    log: bool = False

    def describe(self, recording: Readable, view: View) -> str:
        """Of every arm the layers with the smallest and the greatest value, and those that broke first."""
        facts = []
        names = layers_of(recording, self.metric, view)
        for arm, profile in profiles_of(recording, self.metric, view).items():
            finite = {layer: value for layer, value in profile.items() if math.isfinite(value)}
            parts = []
            if finite:
                low, high = (pick(finite, key=finite.__getitem__) for pick in (min, max))
                ends = [f"{short(finite[at])} in {in_layer(at)}" for at in dict.fromkeys((low, high))]
                parts = [" to ".join(ends)]
            if bad := [layer for layer in profile if layer not in finite]:
                since = min(
                    step
                    for layer in bad
                    if (step := first_nonfinite(recording, names[arm][layer], view.step)) is not None
                )
                parts.append(f"not finite in {' '.join([in_layer(bad[0]), *bad[1:]])} since step {since}")
            facts.append(f"{arm} {', '.join(parts)}")
        return sentence(self.title + of_what(recording.header, self.metric), f"at step {view.step}", facts)

    def sources(self, recording: Readable, view: View) -> Iterable[str]:
        """See `Panel.sources`."""
        return series_of(recording, self.metric, view)

    def render(self, picture: Picture, recording: Readable, view: View) -> None:
        """See `Finished`."""
        log = view.logarithmic(self.log)
        axes = picture.width >= _ROOMY[0] and picture.height >= _ROOMY[1]
        left = self._left(recording, view, picture.width) if axes else 0
        steps = StepAxis.seen(view, recording.header, picture.width - left)
        tracks = tracks_of(recording, self.metric, steps, view, log)
        if not any(track.known for track in tracks.values()):
            unknown = absent(recording, f"no series named ARM/{self.metric}/LAYER")
            say(picture, self.title, "nothing to draw yet" if tracks else unknown)
            return
        known = [part.values[np.isfinite(part.values)] for part in tracks.values()]
        values = ValueAxis.holding(
            [float(part.min()) for part in known if len(part)],
            [float(part.max()) for part in known if len(part)],
            log,
        )
        body = Picture.blank(picture.width, max(picture.height - 1 - axes, 0))
        notes = sample_note(recording.header, self.metric) + ["log"] * log
        notes += self._blocks(body, tracks, values, recording, view, left)
        notes += ["values ≤ 0 left out"] * any(track.left_out for track in tracks.values())
        picture.paste(1, 0, body)
        if axes:
            _put_steps(picture, steps.ticks(picture.width - left), left)
        head(picture, self.title, [], [])
        broken = any(track.broken.any() for track in tracks.values())
        put_bar(picture, len(self.title) + 2, notes, values, broken, view)

    def step_at(self, recording: Readable, view: View, width: int, height: int, x: int) -> int | None:
        """See `Panel.step_at`."""
        left = self._left(recording, view, width) if width >= _ROOMY[0] and height >= _ROOMY[1] else 0
        steps = StepAxis.seen(view, recording.header, width - left)
        return min(steps.step(x - left), view.step)

    def _left(self, recording: Readable, view: View, width: int) -> int:
        """Cells for the step axis's name and the layers': those of charts, more where layers have names."""
        arms = layers_of(recording, self.metric, view).values()
        longest = max((len(layer) for layers in arms for layer in layers), default=0)
        return max(min(longest, _NAME, width // 4), GUTTER) + 1

    def _blocks(
        self,
        body: Picture,
        tracks: dict[str, Track],
        values: ValueAxis,
        recording: Readable,
        view: View,
        left: int,
    ) -> list[str]:
        """Draws the arms below each other and returns what must be said of what is not to be seen."""
        visible = min(len(tracks), body.height)
        if not visible:
            return []
        rows = body.height // visible
        captioned = rows >= _CAPTIONED
        for place, (arm, track) in enumerate(list(tracks.items())[:visible]):
            block = Picture.blank(body.width, rows)
            mark, color = arm_mark(recording.header, arm, view.glyphs), arm_color(recording.header, arm)
            _draw(block, track, values, view, left, captioned)
            if captioned:
                block.put(0, left, cut(f"{mark} {arm}", block.width - left), color)
            elif left:
                block.put(0, 0, mark, color)
            body.paste(place * rows, 0, block)
        notes = []
        if visible < len(tracks):
            notes.append(f"{len(tracks) - visible} more arms need more rows")
        halves, deepest = 2 * (rows - captioned), max(len(track.layers) for track in tracks.values())
        if halves < deepest:
            notes.append(f"{halves} of {deepest} layers")
        return notes


def _draw(block: Picture, track: Track, values: ValueAxis, view: View, left: int, top: bool) -> None:
    """One arm's heat and the numbers of its layers at its left."""
    canvas = Picture.blank(block.width - left, block.height - top)
    chosen, heat = _levels(track, values, 2 * canvas.height)
    paint(canvas, heat, view, known=True)
    block.paste(int(top), left, canvas)
    sparse = 2 if len(track.layers) > canvas.height and block.height > 2 * _CAPTIONED else 1
    free = 0
    for row in range(canvas.height if left else 0):
        # A layer is named where it begins, as often as there is a row for it.
        layer = chosen[2 * row]
        if (row == 0 or layer != chosen[2 * row - 2]) and row >= free:
            label = _label(track.layers[layer], left - 1)
            block.put(top + row, left - 1 - len(label), label, DIM)
            free = row + sparse


def _label(layer: str, room: int) -> str:
    number = layer_number(layer)
    return cut_inside(layer, room) if number is None else integer_label(number)


def _levels(track: Track, values: ValueAxis, rows: int) -> tuple[list[int], Levels]:
    """The place of the layer that each half row shows, and its heat (rows, columns)."""
    count = len(track.layers)
    if rows < count:
        chosen = evenly(count, rows)
        chosen += chosen[-1:] * (rows - len(chosen))
    else:
        chosen = [row * count // rows for row in range(rows)]
    with np.errstate(invalid="ignore"):
        share = values.place(track.values) * HEAT_LEVELS
    level = np.clip(np.floor(np.nan_to_num(share, nan=HOLE)), HOLE, HEAT_LEVELS - 1).astype(np.int64)
    level[track.broken] = BAD
    return chosen, level[chosen]


def _put_steps(picture: Picture, ticks: Ticks, left: int) -> None:
    """The labels of the step axis in the last row."""
    y, width = picture.height - 1, picture.width - left
    picture.put(y, 0, "step".rjust(GUTTER), DIM)
    for place, label in zip(ticks.places, ticks.labels, strict=True):
        x = left + round(place * (width - 1)) - len(label) // 2
        picture.put(y, min(max(x, left), picture.width - len(label)), label, DIM)
