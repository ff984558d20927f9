"""Series over steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from tuilab.panels import theory
from tuilab.panels.chart import fitted
from tuilab.panels.curves.lines import drawn, over_seeds, quantities, read_lines, single_arm
from tuilab.panels.finish import Entry, Finished, absent, focused, head, write
from tuilab.panels.numbers import short
from tuilab.panels.palette import ARM_COLORS, ARM_MARKS, ASCII_MARKS, arm_color, arm_mark, arm_order
from tuilab.panels.picture import Picture
from tuilab.panels.turns import put_reading, put_turns, turns
from tuilab.panels.view import PIXELS, View
from tuilab.panels.words import sentence, spoken, trend
from tuilab.recording import Readable, SeriesName
from tuilab.recording.memo import memo

_SAMPLES = ("──", "╌╌", "··")
_SAMPLES_ASCII = ("--", "- ", ". ")


@dataclass(frozen=True, slots=True)
class Curves(Finished):
    """Series that match the globs, coloured by arm; metrics differ in their dashes, theory is dots."""

    over_steps: ClassVar[bool] = True

    title: str
    series: tuple[str, ...]
    log: bool = False

    def describe(self, recording: Readable, view: View) -> str:
        """The last value of every series, whether it rises or falls, and where it broke."""
        names = shown(recording, self.series, view)
        called = spoken([theory.measured(name) for name in names.values()])
        facts = [
            f"{called[theory.measured(name)]}{f' {theory.THEORY}' * theory.is_theory(name)} "
            f"{trend(recording, series, view.step)}"
            for series, name in names.items()
        ]
        turned = [
            f"something was turned after step {step}" for step in dict.fromkeys(turns(recording, view.step))
        ]
        return sentence(self.title, f"at step {view.step}", facts + turned[:5])

    def sources(self, recording: Readable, view: View) -> Iterable[str]:
        """See `Panel.sources`."""
        return shown(recording, self.series, view)

    def render(self, picture: Picture, recording: Readable, view: View) -> None:
        """See `Finished`."""
        log = view.logarithmic(self.log)
        names = shown(recording, self.series, view)
        body = Picture.blank(picture.width, picture.height - 1)
        left_out = bool(body.height) and self._chart(body, recording, view, names, log)
        picture.paste(1, 0, body)
        seeds = over_seeds(recording.header)
        notes = ["log"] * log + ["values ≤ 0 left out"] * left_out + [f"mean ± s.d., n {seeds}"] * (seeds > 1)
        notes += [f"smoothed {view.smooth:g}"] if view.smooth else []
        alone = single_arm(recording.header, names.values())
        head(picture, self.title, notes, _entries(recording, names, view), _key(names, view, alone))

    def step_at(self, recording: Readable, view: View, width: int, height: int, x: int) -> int | None:
        """See `Panel.step_at`."""
        body = Picture.blank(width, max(height - 1, 1))
        names = shown(recording, self.series, view)
        log = view.logarithmic(self.log)
        frame, lines, _ = fitted(
            body, view.glyphs, lambda frame: read_lines(recording, names, frame, view, log)
        )
        across = PIXELS[view.glyphs][0]
        return min(lines.steps.step((x - frame.left) * across + across // 2), view.step)

    def _chart(
        self, body: Picture, recording: Readable, view: View, names: Mapping[str, SeriesName], log: bool
    ) -> bool:
        """Draws the lines and says whether values were left out."""
        order = arm_order(recording.header, view.focus)
        names = dict(sorted(names.items(), key=lambda item: order(item[1].arm)))
        frame, lines, _ = fitted(
            body, view.glyphs, lambda frame: read_lines(recording, names, frame, view, log)
        )
        if lines.columns.empty:
            unknown = absent(recording, f"no series matches {' or '.join(self.series)}")
            write(body, 0, "nothing to draw yet" if names else unknown)
        else:
            body.paste(0, 0, drawn(lines, frame))
            put_turns(body, recording, frame, lines.steps, view)
            put_reading(body, frame, lines.steps, view)
        return lines.columns.left_out


def shown(recording: Readable, globs: Sequence[str], view: View) -> dict[str, SeriesName]:
    """The series that match and whose arm is not hidden, arm by arm."""
    names = memo(recording).series(*globs) if globs else []
    identities = {name: recording.identity(name) for name in names}
    kept = {name: identity for name, identity in identities.items() if identity.arm not in view.hidden}
    order = arm_order(recording.header)
    return dict(sorted(kept.items(), key=lambda item: order(item[1].arm)))


def _entries(recording: Readable, names: Mapping[str, SeriesName], view: View) -> list[Entry]:
    """The arms of the panel with the latest value of the first metric of each, a measured one if any.

    A single arm's metrics are all told. A value that was measured at an earlier step says at which.
    """
    metrics: dict[str, dict[str, str]] = {}
    for series in sorted(names, key=lambda series: theory.is_theory(names[series])):
        name = names[series]
        metrics.setdefault(name.arm, {}).setdefault(theory.measured(name).quantity, series)
    header, entries = recording.header, []
    called = shortened(quantities(names.values()))
    for arm, found in metrics.items():
        told = list(found.items())
        if len(told) > 1 and single_arm(header, names.values()):
            marks = ASCII_MARKS if view.glyphs == "ascii" else ARM_MARKS
            return [
                Entry(
                    marks[place % len(marks)],
                    called[what],
                    ARM_COLORS[place % len(ARM_COLORS)],
                    _value(recording, series, view.at),
                )
                for place, (what, series) in enumerate(told)
            ]
        value = _value(recording, told[0][1], view.at)
        entries.append(Entry(arm_mark(header, arm, view.glyphs), arm, arm_color(header, arm), value))
    return focused(entries, view)


def _value(recording: Readable, series: str, step: int) -> str:
    """The latest value, and its step where that is an earlier one."""
    value = recording.at(series, step)
    measured = memo(recording).latest(series, step)
    return short(value) if measured in (None, step) else f"{short(value)} @{measured}"


def _key(names: Mapping[str, SeriesName], view: View, alone: bool) -> str:
    """How several metrics of several arms are told apart; without the ending they share."""
    metrics = quantities(name for name in names.values() if not theory.is_theory(name))
    predicted = [theory.theory_key(view.glyphs)] if any(map(theory.is_theory, names.values())) else []
    if len(metrics) < 2 or alone:
        return "".join(predicted)
    samples = _SAMPLES_ASCII if view.glyphs == "ascii" else _SAMPLES
    called = shortened(metrics)
    keys = [
        f"{samples[min(place, 2)]} {name}"
        for place, name in enumerate([called[metric] for metric in metrics[: len(samples)]])
    ]
    return " ".join(keys + predicted)


def shortened(metrics: Sequence[str]) -> dict[str, str]:
    """Metrics without what all begin or end with: train and validation for train.loss and validation.loss."""
    if len(metrics) < 2:
        return {metric: metric for metric in metrics}
    first, last = min(metrics), max(metrics)
    same = next((k for k, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), 0)
    begin = max(first.rfind(".", 0, same), first.rfind("/", 0, same)) + 1
    endings = {metric.rpartition(".")[2] for metric in metrics}
    end = len(endings.pop()) + 1 if len(endings) == 1 else 0
    return {metric: metric[begin : len(metric) - end] or metric for metric in metrics}
