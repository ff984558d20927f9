"""Expectations held against a recording."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from pydantic import ValidationError

from tuilab.recording import Recording
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


def check(recording: Recording, over: bool = True) -> list[Outcome]:
    """Every expectation of the recorded scenario, in the file's order.

    Args:
        recording: of one run.
        over: whether the run has ended; while it has not, figures of the last step and events that have not
            happened are open.
    """
    scenario = recording.header.get("scenario", {})
    raw = scenario.get("expect", []) if isinstance(scenario, dict) else []
    return [_check(recording, item, over) for item in (raw if isinstance(raw, list) else [])]


def _check(recording: Recording, raw: Any, over: bool) -> Outcome:
    try:
        expectation = Expectation.model_validate(raw)
    except ValidationError:
        return Outcome(Verdict.UNMET, "an expectation that this version can't read", "–")
    if expectation.event is not None:
        return _event(recording, expectation, over)
    return _metric(recording, expectation, over)


def _event(recording: Recording, expectation: Expectation, over: bool) -> Outcome:
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


def _metric(recording: Recording, expectation: Expectation, over: bool) -> Outcome:
    metric = expectation.metric
    moment = "" if expectation.step == "last" else f" at step {expectation.step}"
    at = recording.last_step if expectation.step == "last" else expectation.step
    reached = over if expectation.step == "last" else recording.last_step >= expectation.step
    many = isinstance(expectation.near, list)
    layers = (
        range(1, len(expectation.near) + 1) if isinstance(expectation.near, list) else [expectation.layer]
    )
    figures: list[float | None] = []
    kept: list[bool] = []
    claim = ""
    for position, layer in enumerate(layers):
        path = str(metric) if layer is None else f"{metric}/{layer}"
        claim, holds = _claim(expectation, partial(_at, recording, path, at), position)
        figure = _at(recording, path, at, expectation.arm)
        figures.append(figure)
        kept.append(figure is not None and holds(figure))
    if many:
        claim = f"≈ {_list(expectation.near)} (±{100 * (expectation.within or 0):g} %)"
    where = (
        ""
        if layers == [None]
        else f" of layers 1–{len(figures)}"
        if many
        else f" of layer {expectation.layer}"
    )
    if expectation.never:
        claim, kept = "never measured", [figure is None for figure in figures]
    verdict = Verdict.OPEN if not reached else Verdict.MET if all(kept) else Verdict.UNMET
    promise = f"{expectation.arm}: {metric}{where}{moment} {claim}"
    return Outcome(verdict, promise, _list(figures), expectation.because)


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
    if expectation.below is not None:
        return f"below {other}'s ({text})", lambda figure: bound is not None and figure < bound
    return f"above {other}'s ({text})", lambda figure: bound is not None and figure > bound


def _at(recording: Recording, path: str, step: int, arm: str) -> float | None:
    try:
        return recording.at(f"{arm}/{path}", step)
    except KeyError:
        return None


def _first(recording: Recording, kind: str | None, arm: str) -> int | None:
    steps = [event.step for event in recording.events() if event.kind == kind and event.arm == arm]
    return min(steps, default=None)


def _number(step: int | None) -> float | None:
    return None if step is None else float(step)


def _list(figures: Any) -> str:
    return ", ".join("nothing" if figure is None else f"{figure:.4g}" for figure in figures)
