"""The library's list: shipped files, the user's own, and files that only look alike."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tuilab.scenario.catalogue import KINDS, entries, find
from tuilab.scenario.jsonschema import json_schema
from tuilab.scenario.load import load
from tuilab.scenario.schema import KINDS as MODELS


def test_the_four_families_are_shipped_and_valid() -> None:
    shipped = {entry.name: entry for entry in entries() if entry.origin == "shipped"}
    assert {"deep-tanh-init", "ill-conditioned", "saddle", "cifar10"} <= shipped.keys()
    for entry in shipped.values():
        assert entry.error is None
        scenario = load(entry.path)
        assert (scenario.title, scenario.question, scenario.kind) == (entry.title, entry.question, entry.kind)
        assert scenario.notes.strip(), f"{entry.name} says nothing about what to look at"
        assert scenario.expect, f"{entry.name} promises nothing"


def test_chapters_come_in_the_syllabus_order() -> None:
    chapters = [int(entry.chapter.split()[0]) for entry in entries() if entry.origin == "shipped"]
    assert chapters == sorted(chapters)


def test_own_scenarios_are_listed_and_the_nearer_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, here = tmp_path / "library", tmp_path / "here"
    for folder, title in ((library, "library's"), (here, "mine")):
        folder.mkdir()
        (folder / "own.toml").write_text(f'kind = "descent"\ntitle = "{title}"\nquestion = "?"\n')
    (library / "extra.toml").write_text('kind = "training"\ntitle = "extra"\nquestion = "?"\n')
    (library / "broken.toml").write_text("kind = \n")
    (here / "pyproject.toml").write_text('[project]\nname = "x"\n')
    monkeypatch.setenv("TUILAB_SCENARIOS", str(library))
    monkeypatch.chdir(here)
    found = {entry.name: entry for entry in entries()}
    assert found["own"].title == "mine"
    assert found["extra"].origin == "$TUILAB_SCENARIOS"
    assert found["broken"].error is not None
    assert "line 1" in found["broken"].error
    assert "pyproject" not in found
    assert find("own").read_text() == (here / "own.toml").read_text()


def test_listing_needs_no_pydantic() -> None:
    code = (
        "import sys, tuilab.scenario.catalogue as c; c.entries();"
        "print([m for m in ('pydantic', 'numpy', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_kinds_are_the_same_in_the_catalogue_and_the_schema() -> None:
    assert set(KINDS) == set(MODELS)


def test_the_json_schema_knows_every_kind_and_lets_arms_be_partial() -> None:
    schema = json.loads(json.dumps(json_schema()))
    assert {kind["properties"]["kind"]["const"] for kind in schema["oneOf"]} == set(MODELS)
    for kind in schema["oneOf"]:
        setup = MODELS[kind["properties"]["kind"]["const"]].SETUP
        assert set(setup.model_fields) <= set(kind["properties"])
        assert "arms" not in kind["required"]
    assert "required" not in schema["$defs"]["DescentSetup"]
