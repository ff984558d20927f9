"""What the lab understands and how it puts things."""

from __future__ import annotations

import pytest

from tuilab.recording import Event
from tuilab.tui import words
from tuilab.tui.screens.goto import step_of
from tuilab.tui.snapshot import ArmLabel

ARMS = (ArmLabel("sgd", "●", 33),)


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("120", 120),
        (" 1,200 ", 1_200),
        ("50%", 1_005),
        ("end", 2_000),
        ("END", 2_000),
        ("0", 10),
        ("-5", 10),
        ("9e9", None),
        ("99999999999999999999", 2_000),
        ("", None),
        ("abc", None),
        ("nan%", None),
        ("inf%", None),
        ("1.5", None),
    ],
)
def test_steps_that_people_type(text: str, step: int | None) -> None:
    assert step_of(text, 10, 2_000) == step


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Event(1_200, "paused", None, {}, 0.0), "  1,200  paused"),
        (Event(97, "escaped", "sgd", {}, 0.0), "     97  ● sgd escaped"),
        (
            Event(5, "set", None, {"key": "sgd/optimizer.lr", "value": 0.01, "was": 0.1}, 0.0),
            "      5  sgd/optimizer.lr 0.1 → 0.01",
        ),
        (Event(5, "set", None, {"value": "nan"}, 0.0), "      5  None nan"),
        (Event(0, "pace", None, {"steps_per_second": None}, 0.0), "      0  pace: as fast as it can"),
        (Event(9, "failed", None, {"message": "out of memory"}, 0.0), "      9  failed: out of memory"),
        (
            Event(5, "set", None, {"key": "a", "was": 10**400, "value": [1]}, 0.0),
            "      5  a a number without end → [1]",
        ),
        (Event(9, "failed", None, {"message": "x" * 10**6}, 0.0), f"      9  failed: {'x' * 491}…"),
        (Event(9, "never-heard-of", "gone", {}, 0.0), "      9  gone never heard of"),
    ],
)
def test_events_in_words(event: Event, line: str) -> None:
    assert words.event_line(event, ARMS).plain == line


@pytest.mark.parametrize(
    ("seconds", "age"), [(-5, "now"), (59, "now"), (60, "1 min"), (7_300, "2 h"), (200_000, "2 d")]
)
def test_ages_are_coarse(seconds: float, age: str) -> None:
    assert words.age(seconds) == age
