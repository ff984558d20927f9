"""The JSON Schema of scenario files, for editors that complete and check them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from pydantic.json_schema import models_json_schema

from tuilab.scenario.schema import KINDS

_REF = "#/$defs/"


def json_schema() -> dict[str, Any]:
    """One schema for every kind: what an arm may hold may also stand at the top level, as the base."""
    models = [model for kind in KINDS.values() for model in (kind, kind.SETUP)]
    refs, joint = models_json_schema([(model, "validation") for model in models])
    definitions = joint["$defs"]
    names = {model: refs[model, "validation"]["$ref"].removeprefix(_REF) for model in models}
    # Neither the base nor an arm need be complete alone: only the two laid together are. So every table below
    # them may be a part of one, and then more than one part may fit.
    for name in _reachable([names[kind.SETUP] for kind in KINDS.values()], definitions):
        definitions[name].pop("required", None)
        for table in _tables(definitions[name]):
            if "oneOf" in table:
                table["anyOf"] = table.pop("oneOf")
    kinds = []
    for kind, model in KINDS.items():
        schema = definitions.pop(names[model])
        schema["properties"] |= copy.deepcopy(definitions[names[model.SETUP]]["properties"])
        schema["required"] = [key for key in schema["required"] if key != "arms"]
        schema["title"] = f"tuilab scenario: {kind}"
        kinds.append(schema)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "tuilab scenario",
        "oneOf": kinds,
        "$defs": definitions,
    }


def _reachable(names: list[str], definitions: dict[str, Any]) -> set[str]:
    """The definitions of these names, and all that they refer to."""
    found: set[str] = set()
    while names:
        name = names.pop()
        if name not in found:
            found.add(name)
            names += [
                table["$ref"].removeprefix(_REF) for table in _tables(definitions[name]) if "$ref" in table
            ]
    return found


def _tables(schema: Any) -> Iterator[dict[str, Any]]:
    """The schema and every table in it."""
    if isinstance(schema, dict):
        yield schema
    if isinstance(schema, dict | list):
        for below in list(schema.values()) if isinstance(schema, dict) else schema:
            yield from _tables(below)
