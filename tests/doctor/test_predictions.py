"""Predictions against the answers that a scenario gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tuilab.doctor import Reveal, reveals
from tuilab.recording import Recording, Writer

QUESTION = {"ask": "Up or down?", "choices": ["up", "down"], "answer": 1, "because": "it falls"}


def recorded(folder: Path, **header: Any) -> Recording:
    Writer.create(folder / "main.tlr", header).close()
    return Recording.open(folder / "main.tlr")


def test_an_answer_is_held_against_what_was_said(tmp_path: Path) -> None:
    said = [1, 0, None]
    recording = recorded(tmp_path, scenario={"predict": [QUESTION] * 4}, predicted=said)
    assert [(reveal.said, reveal.right) for reveal in reveals(recording)] == [
        ("down", True),
        ("up", False),
        (None, False),
        (None, False),
    ]
    assert reveals(recording)[0] == Reveal("Up or down?", "down", "down", "it falls")


def test_a_strangers_header_says_what_it_can(tmp_path: Path) -> None:
    odd = [{"ask": "?"}, 7, QUESTION | {"answer": 2}, QUESTION]
    recording = recorded(tmp_path, scenario={"predict": odd}, predicted=["x", 9, 9, 9])
    assert [(reveal.ask, reveal.said) for reveal in reveals(recording)] == [("Up or down?", None)]
