"""What editors are told of scenario files: every shipped one is fine, and mistakes are not."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

from tuilab.scenario.catalogue import Entry, entries
from tuilab.scenario.jsonschema import json_schema

SCHEMA = json_schema()
SHIPPED = [entry for entry in entries() if entry.origin == "shipped"]
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}


def fits(value: Any, schema: Any) -> bool:
    """As much of JSON Schema as decides which keys and words may stand where."""
    if isinstance(schema, bool):
        return schema
    if "$ref" in schema and not fits(value, SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")]):
        return False
    if ("const" in schema and value != schema["const"]) or ("enum" in schema and value not in schema["enum"]):
        return False
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        return False
    if "type" in schema and not isinstance(value, TYPES[schema["type"]]):
        return False
    if "anyOf" in schema and not any(fits(value, choice) for choice in schema["anyOf"]):
        return False
    if "oneOf" in schema and sum(fits(value, choice) for choice in schema["oneOf"]) != 1:
        return False
    if isinstance(value, list):
        return all(fits(item, schema.get("items", True)) for item in value)
    if isinstance(value, dict):
        known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
        return set(schema.get("required", [])) <= set(value) and all(
            fits(item, known.get(key, others)) for key, item in value.items()
        )
    return True


@pytest.mark.parametrize("entry", SHIPPED, ids=lambda entry: entry.name)
def test_every_shipped_scenario_fits(entry: Entry) -> None:
    assert fits(tomllib.loads(entry.path.read_text()), SCHEMA)


@pytest.mark.parametrize(
    "mistake",
    [
        {"titel": "typing"},
        {"steps": "many"},
        {"surface": {"name": "bowl"}},
        {"arms": {"sgd": {"optimizer": {"name": "sdg"}}}},
        {"arms": {"sgd": {"optimizer": {"learning_rate": 1}}}},
        {"panels": [{"type": "curves"}]},
        {"expect": [{"metric": "loss"}]},
    ],
)
def test_mistakes_do_not(mistake: dict[str, Any]) -> None:
    [entry] = [entry for entry in SHIPPED if entry.name == "saddle"]
    assert not fits(tomllib.loads(entry.path.read_text()) | mistake, SCHEMA)
