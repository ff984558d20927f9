"""The JSON Schema of scenario files, for editors that complete and check them."""

from __future__ import annotations

import copy
from typing import Any

from tuilab.scenario.schema import KINDS


def json_schema() -> dict[str, Any]:
    """One schema for every kind: what an arm may hold may also stand at the top level, as the base."""
    definitions: dict[str, Any] = {}
    kinds = []
    for kind, model in KINDS.items():
        schema = model.model_json_schema(ref_template="#/$defs/{model}")
        definitions |= schema.pop("$defs")
        setup = definitions[model.SETUP.__name__]
        # Neither the base nor an arm need be complete alone: only the two laid together are.
        setup.pop("required", None)
        schema["properties"] |= copy.deepcopy(setup["properties"])
        schema["required"] = [key for key in schema["required"] if key != "arms"]
        schema["title"] = f"tuilab scenario: {kind}"
        kinds.append(schema)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "tuilab scenario",
        "oneOf": kinds,
        "$defs": definitions,
    }
