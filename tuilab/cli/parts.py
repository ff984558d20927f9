"""`tuilab show PART`: what a part is, and with --source the lines that compute it."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

import tuilab
from tuilab.cli.output import AsJson, heading, print_json, say, say_lines


class PartError(Exception):
    """No part of that name: one clear sentence."""


def part(
    name: Annotated[str, typer.Argument(help="As scenarios call it, such as adam or batch.")],
    source: Annotated[bool, typer.Option("--source", help="Print the code.")] = False,
    as_json: AsJson = False,
) -> None:
    """A part: what it is, its settings, and where its code lies.

    `tuilab show adam` is short for this.
    """
    found = [_facts(family, made) for family, made in _named(name)]
    if as_json:
        print_json(found)
        return
    for number, facts in enumerate(found):
        if number:
            say()
        if source:
            say_lines(facts["source"])
            continue
        say(heading(f"{facts['family']} {name}"))
        say_lines(facts["about"])
        say()
        for setting, default in facts["settings"].items():
            say(f"  {setting}" + ("" if default is None else f" = {default}"))
        say(f"code: {facts['file']}:{facts['line']}")


def _named(name: str) -> Iterator[tuple[str, Any]]:
    from tuilab.parts.registry import FAMILIES

    found = [(family, parts[name]) for family, parts in FAMILIES.items() if name in parts]
    if not found:
        known = sorted({part for parts in FAMILIES.values() for part in parts})
        near = difflib.get_close_matches(name, known, n=2, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
        raise PartError(f"there is no part {name!r}, and no table of that name; {hint}")
    yield from found


def _facts(family: str, made: Any) -> dict[str, Any]:
    from tuilab.parts.initializers import LAWS
    from tuilab.parts.registry import GIVEN

    code = [made.scale, LAWS[made.law]] if family == "init" else [getattr(made, "func", made)]
    asked = made.scale if family == "init" else made
    parameters = list(inspect.signature(asked).parameters.values())[GIVEN.get(family, 0) :]
    file = Path(inspect.getsourcefile(code[0]) or "")
    return {
        "family": family,
        "about": inspect.getdoc(code[0]) or "",
        "settings": {p.name: None if p.default is p.empty else repr(p.default) for p in parameters},
        "file": str(file.relative_to(Path(tuilab.__file__).parents[1])),
        "line": inspect.getsourcelines(code[0])[1],
        "source": "\n\n".join(inspect.getsource(one).rstrip() for one in code),
    }
