"""Every row of the lecture is served by a shipped scenario that says what to look at, asks and promises."""

from __future__ import annotations

import pytest

from tuilab.scenario.catalogue import Entry, entries
from tuilab.scenario.load import load

ROWS = {1: 7, 2: 4, 3: 7, 4: 6, 5: 7, 6: 11, 7: 5, 8: 7}
"""The rows of each chapter: 1.1 to 1.7, 2.1 to 2.4, …"""

SHIPPED = [entry for entry in entries() if entry.origin == "shipped"]


@pytest.mark.parametrize(
    "row", [f"{chapter}.{row}" for chapter, rows in ROWS.items() for row in range(1, rows + 1)]
)
def test_every_row_has_a_scenario(row: str) -> None:
    assert [entry.name for entry in SHIPPED if row in entry.lecture], f"no scenario serves row {row}"


def test_chapter_10_has_one_too() -> None:
    assert [entry.name for entry in SHIPPED if any(row.split(".")[0] == "10" for row in entry.lecture)]


@pytest.mark.parametrize("entry", SHIPPED, ids=lambda entry: entry.name)
def test_every_scenario_teaches(entry: Entry) -> None:
    scenario = load(entry.path)
    assert entry.error is None
    assert scenario.expect, "it promises nothing"
    assert all(expectation.because for expectation in scenario.expect), "a promise without a reason"
    assert "What to look at" in scenario.notes
    assert "Lecture 12A" in scenario.notes or "lecture 12A" in scenario.notes, "its source is not named"
    assert scenario.predict, "nothing is asked beforehand"
    assert all(question.because for question in scenario.predict), "an answer without a reason"
    number = entry.chapter.split()[0]
    assert entry.path.parent.name.split("-")[0] == number
    assert any(row.split(".")[0] == number for row in entry.lecture)
