"""What the shipped scenarios' notes tell one to try can be tried, and their panels' titles can be read."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise

import pytest

from tuilab.scenario.catalogue import Entry, entries
from tuilab.scenario.load import load

SHIPPED = [entry for entry in entries() if entry.origin == "shipped"]
TITLE = 38
"""Cells inside a panel's frame, three panels side by side on a terminal of 120 columns."""
PLACEHOLDER = re.compile(r"\b(NAME|X|Y)\b")


@pytest.mark.parametrize("entry", SHIPPED, ids=lambda entry: entry.name)
def test_every_override_in_the_notes_is_one(entry: Entry) -> None:
    for span in re.findall("`([^`]*)`", load(entry.path).notes):
        words = shlex.split(span) if re.search(r"(^|\s)-s\s", span) else []
        overrides = [word for option, word in pairwise(words) if option == "-s"]
        if overrides and not any(map(PLACEHOLDER.search, overrides)):
            load(words[2] if words[:2] == ["tuilab", "run"] else entry.path, overrides)


@pytest.mark.parametrize("entry", SHIPPED, ids=lambda entry: entry.name)
def test_titles_fit_their_panels(entry: Entry) -> None:
    titles = [str(panel.get("title", "")) for panel in load(entry.path).shown_panels]
    assert [title for title in titles if len(title) > TITLE] == []
