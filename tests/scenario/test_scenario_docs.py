"""docs/writing-a-scenario.md keeps to what there is, and its scenarios keep what they promise."""

from __future__ import annotations

import re
import shlex
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tuilab.doctor import check
from tuilab.engine import conduct
from tuilab.runs import State, create
from tuilab.scenario.expect import Expectation
from tuilab.scenario.load import load

PAGE = (Path(__file__).parents[2] / "docs" / "writing-a-scenario.md").read_text()


def scenarios() -> dict[str, str]:
    """The page's scenarios by title: a block without `kind` goes to the end of the page's first."""
    whole: list[str] = []
    for block in re.findall("```toml\n(.*?)```", PAGE, re.DOTALL):
        if "kind" in tomllib.loads(block):
            whole.append(block)
        else:
            whole[0] += block
    return {tomllib.loads(text)["title"]: text for text in whole}


SCENARIOS = scenarios()


@pytest.fixture
def written(tmp_path: Path) -> dict[str, Path]:
    paths = {title: tmp_path / f"{number}.toml" for number, title in enumerate(SCENARIOS)}
    for title, path in paths.items():
        path.write_text(SCENARIOS[title])
    return paths


@pytest.mark.parametrize("title", SCENARIOS)
def test_every_block_is_a_scenario_or_part_of_one(written: dict[str, Path], title: str) -> None:
    load(written[title])


def test_the_first_is_ten_lines_and_complete(tmp_path: Path) -> None:
    first = re.search("```toml\n(.*?)```", PAGE, re.DOTALL)
    assert first is not None
    assert first[1].count("\n") == 10
    (tmp_path / "bowl.toml").write_text(first[1])
    assert load(tmp_path / "bowl.toml").arm_names == ["small", "large"]


@pytest.mark.parametrize("title", [title for title, text in SCENARIOS.items() if "[[expect]]" in text])
def test_promises_on_the_page_are_kept(written: dict[str, Path], title: str, tmp_path: Path) -> None:
    scenario: dict[str, Any] = load(written[title]).model_dump(mode="json")
    run = create(tmp_path, "page", scenario, {"device": "cpu", "threads": 1, "pace": None})
    assert conduct(run) is State.FINISHED
    with run.open() as recording:
        outcomes = check(recording)
    assert outcomes
    assert not [f"{o.promise}: {o.measured}" for o in outcomes if o.verdict != "met"]


def test_every_override_on_the_page_is_one(written: dict[str, Path]) -> None:
    lines = re.findall(r"^    (tuilab run bowl .*-s .*)$", PAGE, re.MULTILINE)
    assert len(lines) == 3
    for line in lines:
        words = shlex.split(line, comments=True)
        load(written["A bowl"], [word for option, word in pairwise(words) if option == "-s"])


def test_the_table_has_every_word_of_an_expectation() -> None:
    rows = "".join(re.findall(r"^\| (.*?) \|", PAGE, re.MULTILINE))
    words = set(re.findall(r"`(\w+) =", rows))
    assert words == set(Expectation.model_fields) - {"arm", "metric", "event"}
