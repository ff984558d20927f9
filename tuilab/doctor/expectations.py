"""Expectations held against a recording."""

from __future__ import annotations

import glob
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from pydantic import ValidationError

from tuilab.recording import Readable
from tuilab.scenario.expect import Expectation


class Verdict(StrEnum):
    """What can be said of an expectation."""

    MET = "met"
    UNMET = "unmet"
    OPEN = "open"
    """The run has not come far enough to tell."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One expectation, what was measured for it and what follows."""

    verdict: Verdict
    promise: str
    """What was expected, such as `small: activation.std of layers 1–7 ≈ 0.493, … (±3 %)`."""
    measured: str
    """What the recording holds."""
    because: str = ""


def check(recording: Readable, over: bool = True) -> list[Outcome]:
    """Every expectation of the recorded scenario, in the file's order.

    Args:
        recording: of one run.
        over: whether the run has ended; while it has not, figures of the last step and events that have not
            happened are open.
    """
    scenario = recording.header.get("scenario", {})
    raw = scenario.get("expect", []) if isinstance(scenario, dict) else []
    return [_check(recording, item, over) for item in (raw if isinstance(raw, list) else [])]


def _check(recording: Readable, raw: Any, over: bool) -> Outcome:
    try:
        expectation = Expectation.model_validate(raw)
    except ValidationError:
        return Outcome(Verdict.UNMET, "an expectation that this version can't read", "–")
    if expectation.event is not None:
        return _event(recording, expectation, over)
    return _metric(recording, expectation, over)


def _event(recording: Readable, expectation: Expectation, over: bool) -> Outcome:
    kind, arm = expectation.event, expectation.arm
    step = _first(recording, kind, arm)
    subject = f"{arm}: {kind}"
    measured = "not yet" if step is None and not over else "never" if step is None else f"at step {step}"
    if expectation.never:
        verdict = Verdict.UNMET if step is not None else Verdict.MET if over else Verdict.OPEN
        return Outcome(verdict, f"{subject}: never", measured, expectation.because)
    claim, holds = _claim(expectation, lambda other: _number(_first(recording, kind, other)))
    if step is None:
        verdict = Verdict.UNMET if over else Verdict.OPEN
    else:
        verdict = Verdict.MET if holds(float(step)) else Verdict.UNMET
    return Outcome(verdict, f"{subject} at step {claim}", measured, expectation.because)


def _metric(recording: Readable, expectation: Expectation, over: bool) -> Outcome:
    metric, step, near = str(expectation.metric), expectation.step, expectation.near
    figure_at = partial(_figure, recording, step=step)
    reached = recording.last_step >= step if isinstance(step, int) else over
    layers: Sequence[int | None]
    if isinstance(near, list):
        layers = range(1, len(near) + 1)
    elif isinstance(expectation.layer, str):
        depth = _depth(recording, f"{expectation.arm}/{metric}")
        layers = range(1, depth + 1) if expectation.layer == "all" else [depth]
    else:
        layers = [expectation.layer]
    figures: list[float | None] = []
    kept: list[bool] = []
    claim = ""
    for position, layer in enumerate(layers):
        path = metric if layer is None else f"{metric}/{layer}"
        claim, holds = _claim(expectation, partial(figure_at, path), position)
        figure = figure_at(path, expectation.arm)
        figures.append(figure)
        kept.append(figure is not None and holds(figure))
    if isinstance(near, list):
        claim = f"≈ {_list(near)} (±{100 * (expectation.within or 0):g} %)"
    if expectation.never:
        claim, kept = "never measured", [figure is None for figure in figures]
    met = bool(kept) and all(kept)
    verdict = Verdict.OPEN if not reached else Verdict.MET if met else Verdict.UNMET
    promise = f"{expectation.arm}: {metric}{_where(layers)}{_MOMENTS.get(step, f' at step {step}')} {claim}"
    measured = _list(figures) if len(figures) <= _LISTED else _extremes(figures, kept)
    return Outcome(verdict, promise, measured or "nothing", expectation.because)


_LISTED = 12
"""Layers up to which every one's figure is told."""
_MOMENTS: dict[int | str, str] = {"last": "", "max": " (largest)", "min": " (smallest)"}


def _where(layers: Sequence[int | None]) -> str:
    if len(layers) == 1:
        return "" if layers[0] is None else f" of layer {layers[0]}"
    return f" of layers 1–{len(layers)}"


def _figure(recording: Readable, path: str, arm: str, step: int | str) -> float | None:
    """The value at a step, or the largest or smallest of the run; None where there is none."""
    name = f"{arm}/{path}"
    try:
        if isinstance(step, int) or step == "last":
            return recording.at(name, recording.last_step if isinstance(step, str) else step)
        _, values = recording.read(name)
    except KeyError:
        return None
    if not len(values):
        return None
    return float(values.max() if step == "max" else values.min())


def _depth(recording: Readable, path: str) -> int:
    """The highest layer that a per-layer series was recorded for; 0 for none."""
    layers = [name.rpartition("/")[2] for name in recording.series(glob.escape(path) + "/*")]
    return max((int(layer) for layer in layers if layer.isdecimal()), default=0)


def _claim(
    expectation: Expectation, figure_of: Callable[[str], float | None], position: int = 0
) -> tuple[str, Callable[[float], bool]]:
    """The claim in words, and the test of a figure; NaN keeps no claim."""
    if expectation.between is not None:
        low, high = expectation.between
        words = f"= {low:.5g}" if low == high else f"in {low:.5g} … {high:.5g}"
        return words, lambda figure: low <= figure <= high
    if expectation.near is not None:
        near = expectation.near[position] if isinstance(expectation.near, list) else expectation.near
        tolerance = abs(near) * (expectation.within or 0)
        words = f"≈ {near:.5g} (±{100 * (expectation.within or 0):g} %)"
        return words, lambda figure: abs(figure - near) <= tolerance
    other = expectation.below or expectation.above
    if other is None:
        return "", lambda figure: False
    bound = figure_of(other)
    text = "nothing" if bound is None else f"{bound:.4g}"
    factor = expectation.by or 1.0
    by = f" by a factor of {factor:g}" if expectation.by is not None else ""
    if expectation.below is not None:
        return f"below {other}'s ({text}){by}", lambda figure: bound is not None and figure * factor < bound
    return f"above {other}'s ({text}){by}", lambda figure: bound is not None and figure > bound * factor


def _first(recording: Readable, kind: str | None, arm: str) -> int | None:
    steps = [event.step for event in recording.events() if event.kind == kind and event.arm == arm]
    return min(steps, default=None)


def _number(step: int | None) -> float | None:
    return None if step is None else float(step)


def _extremes(figures: Sequence[float | None], kept: Sequence[bool]) -> str:
    """The smallest and the largest figure with their layers, and the first layer that breaks the promise."""
    known = [(figure, layer) for layer, figure in enumerate(figures, 1) if figure is not None]
    numbers = [(figure, layer) for figure, layer in known if not math.isnan(figure)]
    if not known:
        return "nothing"
    ends = [min(numbers), max(numbers)] if numbers else []
    told = f"{len(known)} layers: " + " … ".join(f"{figure:.4g} (layer {layer})" for figure, layer in ends)
    if not all(kept):
        first = kept.index(False)
        told += f"; broken by {kept.count(False)}, first layer {first + 1}: {_list([figures[first]])}"
    return told


def _list(figures: Any) -> str:
    return ", ".join("nothing" if figure is None else f"{figure:.4g}" for figure in figures)
