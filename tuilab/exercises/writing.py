"""An exercise's file: our signature and docstring, an empty body, a test."""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any

from tuilab.exercises.tasks import Exercise

_FAMILY_KEYS = {"optimizer": "optimizer", "activation": "activation", "init": "init", "schedule": "schedule"}
"""Families of which a scenario may name an own part, and the key there."""
_IMPORTS = {
    "optimizer": """
import math
from dataclasses import dataclass

import torch
from torch import Tensor

from tuilab.parts.optimizers import Differentiable, Number, State
""",
    "init": """
import math

import torch
from torch import Tensor

from tuilab.parts.initializers import GAINS, TRUNCATED, Initializer, gain_of
""",
    "normalization": """
import math

import torch
from torch import Tensor

from tuilab.parts.normalization import EPS, Normalization
""",
    "activation": """
import math
from collections.abc import Sequence
from itertools import combinations

import torch
from torch import Tensor
from torch.nn import functional
""",
    "schedule": """
import math
from collections.abc import Mapping, Sequence
from typing import Any

from tuilab.parts.schedules import factor
""",
    "regularizer": """
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
""",
}
_EMPTY = "raise NotImplementedError"
_KERNEL = '''
    def kernel(self, x: Tensor) -> Tensor:
        """Ours asks torch here; yours is the formula both times."""
        return self.formula(x)
'''
_LAW = '''

def law(rows: int, columns: int, generator: torch.Generator) -> Tensor:
    """{doc}

    Draw the Gaussian matrix as torch.randn(max(rows, columns), min(rows, columns), generator=generator).

    Returns:
        (rows, columns).
    """
    {empty}
'''


def written(exercise: Exercise) -> str:
    """The text of the exercise's file."""
    source = exercise.source
    function = inspect.isfunction(source)
    imports = _IMPORTS[exercise.family].strip()
    if (
        isinstance(source, type)
        and (base := source.__mro__[1]) is not object
        and base.__name__ not in imports
    ):
        imports += f"\n\nfrom {base.__module__} import {base.__name__}"
    body = _function(exercise) if function else _class(exercise)
    return "\n\n\n".join([f"{_about(exercise)}\n{imports}", body.strip(), _test(exercise)]) + "\n"


def _about(exercise: Exercise) -> str:
    key = _FAMILY_KEYS.get(exercise.family)
    use = (
        f'\nA scenario can have it, `{key} = "{exercise.file}:{exercise.attribute}"`, run with --trust.\n'
        if key
        else ""
    )
    return f'''"""Exercise: {exercise.name}. Write what raises NotImplementedError.

    tuilab exercise {exercise.name} --check {exercise.file}

compares it with tuilab's own, value by value; `python -m pytest {exercise.file}` does so as a test.
{use}"""

from __future__ import annotations
'''


def _test(exercise: Exercise) -> str:
    return f'''def test_{exercise.name.replace("-", "_")}() -> None:
    from tuilab.exercises import difference

    assert difference("{exercise.name}", {exercise.attribute}) is None'''


def _function(exercise: Exercise) -> str:
    lines = _lines(exercise.source)
    node = ast.parse("\n".join(lines)).body[0]
    text = "\n".join(_blank(node, lines))
    if exercise.family != "init":
        return text
    text = text.replace(f"def {exercise.source.__name__}(", "def scale(", 1)
    law = repr(exercise.ours.law)
    if exercise.part == "orthogonal":
        from tuilab.parts.initializers import LAWS

        doc = textwrap.indent(inspect.getdoc(LAWS["orthogonal"]) or "", "    ").strip()
        text += "\n" + _LAW.format(doc=doc, empty=_EMPTY)
        law = "law"
    return f"{text.rstrip()}\n\n\n{exercise.part} = Initializer(scale, {law})"


def _class(exercise: Exercise) -> str:
    """The class with the asked methods emptied: those of its bases too, where it has none of its own."""
    lines = _lines(exercise.source)
    (node,) = ast.parse("\n".join(lines)).body
    assert isinstance(node, ast.ClassDef)
    kept = lines[: node.body[0].lineno - 1]
    asked = set(exercise.asked)
    for child in node.body:
        text = lines[_first(child) - 1 : child.end_lineno]
        if isinstance(child, ast.FunctionDef):
            if child.name in asked:
                text = _blank(child, lines)
            elif _gives_away(exercise, child.name):
                continue
            asked.discard(child.name)
        docstring = child is node.body[0]
        kept += ["", *text] if isinstance(child, ast.FunctionDef) and kept[-1] else text
        kept += [""] if docstring else []
    for name in sorted(asked) if exercise.family == "activation" else []:
        theirs = _lines(getattr(exercise.source, name))
        kept += [
            "",
            *textwrap.indent("\n".join(_blank(ast.parse("\n".join(theirs)).body[0], theirs)), "    ").split(
                "\n"
            ),
        ]
    return "\n".join(kept) + ("\n" + _KERNEL.rstrip() if exercise.family == "normalization" else "")


def _gives_away(exercise: Exercise, method: str) -> bool:
    """Whether a method that is not asked for is how ours solves it."""
    private = method.startswith("_") and not method.startswith("__")
    match exercise.family:
        case "optimizer" | "regularizer":
            return private or not method.startswith("__")
        case "normalization":
            return method in ("kernel", "forward")
    return False


def _blank(node: ast.AST, lines: list[str]) -> list[str]:
    """A function's lines up to the end of its docstring, and nothing else."""
    assert isinstance(node, ast.FunctionDef)
    doc = node.body[0]
    end = doc.end_lineno if isinstance(doc, ast.Expr) else doc.lineno - 1
    return [*lines[_first(node) - 1 : end], " " * (node.col_offset + 4) + _EMPTY]


def _first(node: ast.AST) -> int:
    """The line at which a definition begins, its decorators included."""
    decorators = getattr(node, "decorator_list", [])
    return min(int(getattr(one, "lineno")) for one in (node, *decorators))  # noqa: B009


def _lines(part: Any) -> list[str]:
    return textwrap.dedent(inspect.getsource(part)).rstrip().split("\n")
