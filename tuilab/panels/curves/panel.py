"""Series over steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tuilab.panels import theory
from tuilab.panels.axes import StepAxis, total_steps
from tuilab.panels.chart import GUTTER, Frame, chart
from tuilab.panels.curves.lines import put_marks, range_of, read_line, spread_of, strokes_of
from tuilab.panels.finish import Entry, absent, finished, head, write
from tuilab.panels.numbers import short
from tuilab.panels.palette import arm_color, arm_mark, arm_of, by_arm
from tuilab.panels.picture import Picture
from tuilab.panels.view import View
from tuilab.panels.words import sentence, spoken, trend
from tuilab.recording import Readable

_SAMPLES = ("──", "╌╌", "··")
_SAMPLES_ASCII = ("--", "- ", ". ")
_WIDEST_LABEL = 11


@dataclass(frozen=True, slots=True)
class Curves:
    """Series that match the globs, coloured by arm; metrics differ in their dashes, theory is dots."""

    title: str
    series: tuple[str, ...]
    log: bool = False

    def draw(self, recording: Readable, view: View, width: int, height: int) -> Picture:
        """See `Panel.draw`."""
        return finished(lambda picture: self._render(picture, recording, view), view, width, height)

    def describe(self, recording: Readable, view: View) -> str:
        """The last value of every series, whether it rises or falls, and where it broke."""
        names = shown(recording, self.series, view)
        called = spoken([theory.measured(name) for name in names])
        facts = [
            f"{called[theory.measured(name)]}{f' {theory.THEORY}' * theory.is_theory(name)} "
            f"{trend(recording, name, view.step)}"
            for name in names
        ]
        return sentence(self.title, f"at step {view.step}", facts)

    def _render(self, picture: Picture, recording: Readable, view: View) -> None:
        log = self.log if view.log is None else view.log
        names = shown(recording, self.series, view)
        metrics = list(dict.fromkeys(map(_metric, sorted(names, key=theory.is_theory))))
        body = Picture.blank(picture.width, picture.height - 1)
        left_out = False
        if picture.height > 1:
            left_out = self._chart(body, recording, view, names, metrics, log)
        picture.paste(1, 0, body)
        notes = ["log"] * log + ["values ≤ 0 left out"] * left_out
        head(picture, self.title, notes, _entries(recording, names, view), _key(names, view))

    def _chart(
        self, body: Picture, recording: Readable, view: View, names: list[str], metrics: list[str], log: bool
    ) -> bool:
        """Draws the lines and says whether values were left out."""
        gutter = GUTTER
        while True:
            frame = Frame.fit(body.width, body.height, view.glyphs, gutter)
            steps = StepAxis.until(view.step, total_steps(recording.header), frame.pixels[0])
            lines = [read_line(recording, name, metrics, steps, view, log) for name in names]
            values = range_of(lines, log)
            y = values.ticks(frame.cells[1])
            widest = max(map(len, y.labels))
            if widest <= gutter or gutter >= _WIDEST_LABEL:
                break
            gutter = min(widest, _WIDEST_LABEL)
        if not any(len(line.columns.filled) or line.columns.broken.any() for line in lines):
            write(
                body,
                0,
                "nothing to draw yet"
                if names
                else absent(recording, f"no series matches {' or '.join(self.series)}"),
            )
            return any(line.columns.left_out for line in lines)
        if steps.crowded:
            drawn = [spread_of(line, values, frame, recording) for line in lines if not line.predicted]
            lines = [replace(line, columns=line.columns.middles()) for line in lines]
        else:
            drawn = []
        drawn += [strokes_of(line, values, frame, recording) for line in lines]
        body.paste(0, 0, chart(frame, drawn, steps.ticks(frame.cells[0]), y, "step"))
        for line in lines:
            put_marks(body, line, values, frame, recording, view)
        return any(line.columns.left_out for line in lines)


def shown(recording: Readable, globs: Sequence[str], view: View) -> list[str]:
    """The series that match and whose arm is not hidden, arm by arm."""
    names = recording.series(*globs) if globs else []
    return by_arm(recording.header, [name for name in names if arm_of(name) not in view.hidden])


def _entries(recording: Readable, names: list[str], view: View) -> list[Entry]:
    """The arms of the panel with the latest value of the first metric of each, a measured one if any."""
    first: dict[str, str] = {}
    for name in sorted(names, key=theory.is_theory):
        first.setdefault(arm_of(name), name)
    header = recording.header
    return [
        Entry(
            arm_mark(header, arm, view.glyphs),
            arm,
            arm_color(header, arm),
            short(recording.at(name, view.step)),
        )
        for arm, name in first.items()
    ]


def _metric(name: str) -> str:
    """What a series measures, or predicts."""
    return theory.measured(name.partition("/")[2])


def _key(names: list[str], view: View) -> str:
    """How the metrics are told apart, where there are several; without the ending they share."""
    metrics = list(dict.fromkeys(_metric(name) for name in names if not theory.is_theory(name)))
    predicted = [theory.theory_key(view.glyphs)] if any(map(theory.is_theory, names)) else []
    if len(metrics) < 2:
        return "".join(predicted)
    samples = _SAMPLES_ASCII if view.glyphs == "ascii" else _SAMPLES
    ending = metrics[0].rpartition(".")[2]
    shared = all(metric.endswith("." + ending) for metric in metrics)
    called = [metric.removesuffix("." + ending) if shared else metric for metric in metrics]
    keys = [f"{samples[min(place, 2)]} {name}" for place, name in enumerate(called[: len(samples)])]
    return " ".join(keys + predicted)
