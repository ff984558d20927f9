"""What a terminal shows, by its environment, and what becomes of writing to one that is gone."""

from __future__ import annotations

import io
import os
import pty
from collections.abc import Iterator
from typing import TextIO

import pytest

from tuilab import terminal


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[TextIO]:
    """A terminal, of which the environment says nothing yet."""
    for name in ("TUILAB_GLYPHS", "NO_COLOR", "COLORTERM", "TERM"):
        monkeypatch.delenv(name, raising=False)
    controller, user = pty.openpty()
    with open(user, "w", encoding="utf-8") as stream:  # noqa: PTH123
        yield stream
    os.close(controller)


@pytest.mark.parametrize(
    ("environment", "colors", "glyphs"),
    [
        ({"TERM": "xterm", "TUILAB_GLYPHS": "ascii"}, 16, "ascii"),
        ({"TERM": "xterm", "TUILAB_GLYPHS": "block"}, 16, "block"),
        ({"TERM": "xterm", "TUILAB_GLYPHS": "nonsense"}, 16, "braille"),
        ({"TERM": "linux"}, 16, "block"),
        ({"TERM": "screen-256color"}, 256, "braille"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, 2**24, "braille"),
        ({"TERM": "xterm-direct"}, 2**24, "braille"),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, 0, "braille"),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, 256, "braille"),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, 0, "ascii"),
        ({}, 0, "ascii"),
    ],
)
def test_what_a_terminal_shows(
    environment: dict[str, str],
    colors: int,
    glyphs: str,
    screen: TextIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert (terminal.colors(screen), terminal.glyphs(screen)) == (colors, glyphs)


@pytest.mark.parametrize(("encoding", "glyphs"), [("utf-8", "braille"), ("latin-1", "ascii")])
def test_a_file_has_no_colours_and_the_marks_of_its_encoding(
    encoding: str, glyphs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TUILAB_GLYPHS", raising=False)
    monkeypatch.setenv("TERM", "dumb")
    file = io.TextIOWrapper(io.BytesIO(), encoding)
    assert (terminal.colors(file), terminal.glyphs(file)) == (0, glyphs)


def test_what_can_not_be_written_is_dropped() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as pipe:  # noqa: PTH123
        lasting = terminal.Lasting(pipe)
        lasting.write("nobody reads this")
        lasting.flush()
        assert not lasting.isatty()
        os.dup2(os.open(os.devnull, os.O_WRONLY), writing)


def test_a_terminal_is_there_until_its_other_end_is_closed() -> None:
    controller, user = pty.openpty()
    assert not terminal.vanished(user)
    os.close(controller)
    assert terminal.vanished(user)
    os.close(user)
