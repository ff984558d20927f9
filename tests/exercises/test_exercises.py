"""Every exercise: what is written into its file, and that comparing finds what is wrong and nothing else."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tuilab.exercises import compare, exercises, find, written
from tuilab.exercises.comparing import judged
from tuilab.parts.initializers import Initializer
from tuilab.parts.own import load
from tuilab.parts.registry import FAMILIES

NAMES = list(exercises())


def test_there_is_one_for_every_part_of_these_families() -> None:
    for family in ("optimizer", "init", "normalization", "activation", "schedule", "regularizer"):
        parts = {name for name in FAMILIES[family] if ".py:" not in name}
        mine = {one.part for one in exercises().values() if one.family == family}
        assert parts - mine <= {"none"}, family
    assert {"init-constant", "schedule-constant"} <= set(NAMES)
    assert len(NAMES) == 51


@pytest.mark.parametrize("name", NAMES)
def test_the_file_has_our_signature_and_docstring_and_nobodys_solution(name: str, tmp_path: Path) -> None:
    exercise = find(name)
    path = tmp_path / exercise.file
    path.write_text(written(exercise))
    file = load(path)
    found = compare(exercise, file)
    assert found.verdict == "not written"
    assert f"{path}, line " in found.said[0]
    made = vars(file.module)[exercise.attribute]
    mine = made.scale if isinstance(made, Initializer) else made
    assert inspect.signature(mine) == inspect.signature(exercise.source)
    assert inspect.getdoc(mine) == inspect.getdoc(exercise.source)
    assert f"test_{name.replace('-', '_')}" in vars(file.module)
    tree = ast.parse(path.read_text())
    for asked in exercise.asked:
        (method,) = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == asked] or [
            None
        ]
        assert method is None or isinstance(method.body[-1], ast.Raise)
        assert method is None or len(method.body) <= 2


@pytest.mark.parametrize("name", NAMES)
def test_ours_is_right_and_a_thousandth_off_is_not(name: str) -> None:
    exercise = find(name)
    assert judged(exercise, exercise.ours).verdict == "right"
    off = judged(exercise, OFF[exercise.family](exercise.ours))
    assert off.verdict == "differs", off.said


def _subclass(ours: Any, method: str, change: Callable[[Any], Any]) -> Any:
    right = getattr(ours, method)

    def wrong(self: Any, *given: Any) -> Any:
        return change(right(self, *given))

    return type("Wrong", (ours,), {method: wrong})


OFF: dict[str, Callable[[Any], Any]] = {
    "optimizer": lambda ours: _asking(ours),
    "init": lambda ours: Initializer(lambda *a, **k: 1.001 * ours.scale(*a, **k), ours.law),
    "normalization": lambda ours: _subclass(ours, "formula", lambda out: 1.001 * out),
    "activation": lambda ours: _subclass(ours, "derivative", lambda slope: 1.001 * slope),
    "schedule": lambda ours: lambda t, **settings: 1.001 * ours(t, **settings),
    "regularizer": lambda ours: _subclass(ours, "penalty", lambda penalty: 1.001 * penalty),
}


def _asking(ours: Any) -> Any:
    """The same rule, a thousandth further; its signature says still whether it asks the surface."""
    if "surface" in inspect.signature(ours.step).parameters:

        def step(self: Any, x: Any, g: Any, state: Any, surface: Any) -> Any:
            there, after = ours.step(self, x, g, state, surface)
            return x + 1.001 * (there - x), after
    else:

        def step(self: Any, x: Any, g: Any, state: Any) -> Any:  # type: ignore[misc]
            there, after = ours.step(self, x, g, state)
            return x + 1.001 * (there - x), after

    return type("Wrong", (ours,), {"step": step})


def test_what_differs_is_said_with_its_step_both_values_and_what_they_have_in_common() -> None:
    from tuilab.parts.optimizers import Adam

    class NoCorrection(Adam):
        def step(self, x: Any, g: Any, state: Any) -> Any:
            m, s, t = state
            m = self.beta1 * m + (1 - self.beta1) * g
            s = self.beta2 * s + (1 - self.beta2) * g * g
            return x - self.lr * m / (torch.sqrt(s) + self.eps), (m, s, t + 1)

    found = judged(find("adam"), NoCorrection)
    assert found.verdict == "differs"
    assert found.said[0] == "differs first at step 1: x (settings as they are)"
    assert found.said[1].startswith("ours ")
    assert found.said[1].endswith("at [0, 0]; 12 of 12 differ")
    assert found.said[2] == "the change from the value before is 3.162 times ours everywhere"
    assert found.said[3] == "agrees: bias_correction = False"


def test_an_answer_of_another_form_is_told_what_it_should_be() -> None:
    assert "wanted" in judged(find("cosine"), lambda t: "one").said[0]
    assert judged(find("cosine"), lambda t: "one").verdict == "fails"
    assert judged(find("l2"), FAMILIES["regularizer"]["none"]).verdict == "fails"
    flat = judged(find("tanh"), _subclass(FAMILIES["activation"]["tanh"], "derivative", lambda s: s.sum()))
    assert flat.verdict == "fails"
    assert "derivative gave a tensor () float64 for a tensor (7,) float64" in flat.said[0]
