"""docs/panels.md keeps to what there is."""

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from tuilab.panels import panels_of
from tuilab.panels.unknown import Unknown
from tuilab.scenario.panels import Panel

PAGE = (Path(__file__).parents[2] / "docs" / "panels.md").read_text()
EXAMPLES = [tomllib.loads(block)["panels"][0] for block in re.findall("```toml\n(.*?)```", PAGE, re.DOTALL)]
SCHEMA = TypeAdapter(Panel).json_schema()


def test_every_type_has_its_chapter():
    types = set(SCHEMA["discriminator"]["mapping"])
    assert set(re.findall("^## (.*)$", PAGE, re.MULTILINE)) == types
    assert {example["type"] for example in EXAMPLES} == types


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["type"])
def test_every_example_is_a_panel_with_every_setting(example):
    checked = TypeAdapter(Panel).validate_python(example)
    assert set(example) | {"title"} == set(type(checked).model_fields)
    [panel] = panels_of({"panels": [checked.model_dump(exclude_none=True)]})
    assert not isinstance(panel, Unknown)
