"""An exercise's answer beside ours, value by value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from tuilab.exercises.cases import TRACES, settings_of
from tuilab.exercises.tasks import Exercise, find
from tuilab.parts.own import FITS, OwnError, OwnFile, said, words

_TOLERANCE = 2e-5
"""Relative: other ways of writing a formula round otherwise. Adam's 1 − .999ᵗ with a count of steps in single
precision is off by as much."""
_TINY = 1e-12

Verdict = Literal["right", "differs", "not written", "fails"]


@dataclass(frozen=True)
class Answer:
    """What was found of a part that somebody has written."""

    verdict: Verdict
    said: list[str]
    """Why, the first line alone being enough; and then what else is known."""


@dataclass(frozen=True)
class _Found:
    """The first value that differs."""

    where: str
    lines: list[str]


def compare(exercise: Exercise, file: OwnFile) -> Answer:
    """A file's answer to an exercise."""
    made = vars(file.module).get(exercise.attribute)
    if made is None:
        there = ", ".join(file.names) or "none"
        return Answer("fails", [f"{file.path}: there is no {exercise.attribute} in it; there are {there}"])
    return judged(exercise, made)


def difference(name: str, made: Any) -> str | None:
    """What tells a part from ours, in some lines; None where nothing does.

    Args:
        name: of the exercise.
        made: the class or function.
    """
    found = judged(find(name), made)
    return None if found.verdict == "right" else "\n".join(found.said)


def judged(exercise: Exercise, made: Any) -> Answer:
    """The answer to an exercise beside ours, with all settings."""
    agree: list[str] = []
    differ: list[str] = []
    first: tuple[str, _Found] | None = None
    values = 0
    for label, settings in settings_of(exercise):
        try:
            if not agree + differ and exercise.family in FITS:
                FITS[exercise.family](made, exercise.attribute, settings)
            found, count = _beside(exercise, made, settings)
        except NotImplementedError as error:
            return Answer("not written", [f"not written yet: {said(error) or words(error)}"])
        except OwnError as error:
            return Answer("fails", [str(error)])
        except (Exception, SystemExit) as error:
            return Answer("fails", [f"{said(error) or words(error)} ({label})"])
        values += count
        if found is None:
            agree.append(label)
        else:
            differ.append(label)
            first = first or (label, found)
    if first is None:
        told = f"the same as tuilab's at all {values:,} values, with {len(agree)} settings"
        return Answer("right", [told])
    label, found = first
    lines = [f"differs first at {found.where} ({label})", *found.lines]
    return Answer(
        "differs", [*lines, f"agrees: {'; '.join(agree) or 'nothing'}", f"differs: {'; '.join(differ)}"]
    )


def _beside(exercise: Exercise, made: Any, settings: dict[str, Any]) -> tuple[_Found | None, int]:
    """The first difference with these settings, and how many values were the same until then."""
    trace = TRACES[exercise.family]
    before: Tensor | None = None
    count = 0
    for (where, right), (_, given) in zip(trace(exercise.ours, settings), trace(made, settings), strict=True):
        if not isinstance(given, Tensor):
            return _Found(
                where, [f"yours is a {type(given).__name__}; wanted a tensor {tuple(right.shape)}"]
            ), count
        if given.shape != right.shape:
            return _Found(where, [f"yours has shape {tuple(given.shape)}, ours {tuple(right.shape)}"]), count
        off = _off(right, given)
        if bool(off.any()):
            return _Found(where, _told(right, given, off, before)), count
        before, count = right.clone(), count + right.numel()
    return None, count


def _off(ours: Tensor, theirs: Tensor) -> Tensor:
    """Where they differ by more than rounding does."""
    near = _TOLERANCE * torch.maximum(ours.abs(), theirs.abs()) + _TINY
    same = ((ours - theirs).abs() <= near) | (ours == theirs) | (ours.isnan() & theirs.isnan())
    return ~same


def _told(ours: Tensor, theirs: Tensor, off: Tensor, before: Tensor | None) -> list[str]:
    """Both values, how many differ, and what the difference is where it is one thing at all of them."""
    place = tuple(off.nonzero()[0].tolist())
    at = f" at {list(place)}" if place and ours.numel() > 1 else ""
    lines = [f"ours {ours[place].item():.10g}, yours {theirs[place].item():.10g}{at}"]
    if ours.numel() > 1:
        lines[0] += f"; {int(off.sum())} of {ours.numel()} differ"
    if (
        before is not None
        and before.shape == ours.shape
        and (share := _ratio(ours - before, theirs - before))
    ):
        lines.append(f"the change from the value before is {share:.4g} times ours everywhere")
    elif share := _ratio(ours, theirs):
        lines.append(f"it is {share:.4g} times ours everywhere")
    return lines


def _ratio(ours: Tensor, theirs: Tensor) -> float | None:
    """What theirs is times ours, if to a thousandth that is one number, not 1, at all of several places."""
    there = ours.abs() > _TINY
    if int(there.sum()) < 2 or bool((theirs[~there].abs() > _TINY).any()):
        return None
    shares = theirs[there] / ours[there]
    share = float(shares.mean())
    alike = bool(((shares - share).abs() <= 1e-3 * abs(share)).all())
    return share if alike and abs(share - 1) > 1e-3 else None
