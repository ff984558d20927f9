"""Which exercises there are: one for each part of some families."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from tuilab.parts.registry import FAMILIES

_ASKED = {
    "optimizer": ("start", "step"),
    "init": (),
    "normalization": ("formula",),
    "activation": ("derivative",),
    "schedule": (),
    "regularizer": ("penalty", "add_gradient", "settle"),
}
"""Families with exercises, and which methods of a class are to be written; of a function all of it."""
_LEFT_OUT = {("normalization", "none"), ("regularizer", "none")}


class ExerciseError(Exception):
    """An exercise that isn't there, or a file that can't be written: one clear sentence."""


@dataclass(frozen=True)
class Exercise:
    """One part, to be written."""

    name: str
    """The part's, and with its family before it where two families have one of that name."""
    family: str
    part: str

    @property
    def ours(self) -> Any:
        """Our own, as scenarios find it."""
        return FAMILIES[self.family][self.part]

    @property
    def source(self) -> Callable[..., Any]:
        """The class or function that is to be written."""
        ours = self.ours
        found: Callable[..., Any] = ours.scale if self.family == "init" else ours
        return found

    @property
    def asked(self) -> tuple[str, ...]:
        """Methods to be written; none of a function."""
        return _ASKED[self.family]

    @property
    def attribute(self) -> str:
        """What the finished part is called in the exercise's file."""
        return self.part if self.family == "init" else self.source.__name__

    @property
    def file(self) -> str:
        """The file's name."""
        return f"{self.name}_exercise.py"

    @property
    def about(self) -> str:
        """The first line of our docstring."""
        return (inspect.getdoc(self.source) or "").split("\n")[0]


@cache
def exercises() -> dict[str, Exercise]:
    """All exercises by name, family by family."""
    pairs = [(family, part) for family in _ASKED for part in FAMILIES[family] if ".py:" not in part]
    pairs = [pair for pair in pairs if pair not in _LEFT_OUT]
    names = [part for _, part in pairs]
    found = (
        Exercise(part if names.count(part) == 1 else f"{family}-{part}", family, part)
        for family, part in pairs
    )
    return {exercise.name: exercise for exercise in found}


def find(name: str) -> Exercise:
    """The exercise of that name.

    Raises:
        ExerciseError: there is none; suggests others.
    """
    known = exercises()
    if name in known:
        return known[name]
    alike = [other for other, exercise in known.items() if exercise.part == name]
    near = alike or difflib.get_close_matches(name, known, n=2, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "`tuilab exercise` lists them"
    raise ExerciseError(f"there is no exercise {name!r}; {hint}")
