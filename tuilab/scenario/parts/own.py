"""Parts of the user's own: a class or function in a Python file, named `FILE.py:NAME` in a part's place.

Here they are text. Nothing of this room opens the file; the engine loads it, and only where it is told to
trust it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from tuilab.scenario.strict import Strict

_REFERENCE = r"^.+\.py:[A-Za-z_]\w{0,99}$"


def _plain(value: Any) -> Any:
    if not all(
        isinstance(one, bool | int | float | str) for one in (value if isinstance(value, list) else [value])
    ):
        raise ValueError("a setting of an own part is a number, a text, true or false, or a list of these")
    return value


Setting = Annotated[Any, AfterValidator(_plain)]

FAMILIES = {
    "optimizer": "optimizer",
    "activation": "activation",
    "init": "initializer",
    "schedule": "schedule",
    "surface": "surface",
    "network": "model",
    "loss": "loss",
    "data": "data set",
}
"""The keys at which a scenario may name an own part, and what is then wanted there."""


class Own(Strict):
    """A part of one's own, `FILE.py:NAME`, and whatever settings it takes."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Setting]

    name: Annotated[str, Field(pattern=_REFERENCE, max_length=4_096)]

    @model_validator(mode="before")
    @classmethod
    def _from_its_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """A table, or the name alone."""
        table = handler.resolve_ref_schema(handler(core))
        name = table["properties"]["name"]
        return {"anyOf": [{"type": "string", "pattern": name["pattern"]}, table]}


def _whose(value: Any) -> str:
    name = value.get("name") if isinstance(value, dict) else getattr(value, "name", value)
    return "[own]" if is_own(name) else "[ours]"


WHOSE = Discriminator(_whose)
"""Tells an own part (tag `[own]`) from one that a scenario knows by its name (tag `[ours]`)."""


def is_own(name: object) -> bool:
    """Whether a part's name has the form `FILE.py:NAME`."""
    return isinstance(name, str) and re.match(_REFERENCE, name) is not None


def split(reference: str) -> tuple[Path, str]:
    """The file and the name in it of `FILE.py:NAME`."""
    file, _, name = reference.rpartition(":")
    return Path(file), name


def own_parts(table: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each own part in a scenario's plain data: its key, and its table of name and settings."""
    for key, value in _items(table):
        if key in FAMILIES and isinstance(value, dict) and is_own(value.get("name")):
            yield str(key), value
        yield from own_parts(value)


def untrusted(key: str, part: Mapping[str, Any]) -> str:
    """Why a scenario with this own part does not run just so."""
    return (
        f"its {FAMILIES[key]} {part['name']} is Python code, which runs with all your rights: "
        "read that file, and add --trust to the command if you trust it"
    )


def located(table: Any, folder: Path) -> Any:
    """The tables of a scenario file with the own parts in them at absolute paths, seen from a folder."""
    if isinstance(table, list):
        return [located(value, folder) for value in table]
    if not isinstance(table, dict):
        return table
    found = {}
    for key, value in table.items():
        below = located(value, folder)
        if key in FAMILIES and is_own(value):
            below = _absolute(value, folder)
        elif key in FAMILIES and isinstance(value, dict) and is_own(value.get("name")):
            below = {**below, "name": _absolute(value["name"], folder)}
        found[key] = below
    return found


def _absolute(reference: str, folder: Path) -> str:
    file, name = split(reference)
    return f"{(folder / file).resolve()}:{name}"


def _items(table: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(table, dict):
        yield from table.items()
    elif isinstance(table, list):
        yield from enumerate(table)
