"""`tuilab schema`."""

from __future__ import annotations

from tuilab.cli.output import print_json


def schema() -> None:
    """The JSON Schema of scenario files."""
    from tuilab.scenario.jsonschema import json_schema

    print_json(json_schema())
