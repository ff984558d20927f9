"""Text from files, scenarios and errors as a terminal may safely show it, decided in one place.

Titles, names and messages come from scenarios, recordings and logs, which may come from strangers: no control
character, escape sequence or mark that turns the reading direction may reach a terminal.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_NO_CELL = ("Mn", "Me")
"""Categories of marks that stand on the character before them."""


def printable(text: str) -> str:
    """Text in which every character takes exactly one cell, for pictures made of cells.

    Control characters, and characters two cells wide, become "?"; marks that take no cell of their own are
    left out.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_one_cell, unicodedata.normalize("NFC", text)))


def printable_lines(text: str) -> str:
    """Text in which newlines are kept, and every other character is as `shown` has it."""
    if text.isprintable():
        return text
    return "".join(char if char == "\n" else shown(char) for char in text)


@lru_cache(maxsize=4096)
def shown(char: str) -> str:
    """A character as a terminal may show it: a space for any kind of space, "?" for what commands terminals.

    Characters that only change how others are shown (the reading direction, joining) become nothing.
    """
    if char.isprintable():
        return char
    category = unicodedata.category(char)
    return "" if category == "Cf" else " " if category == "Zs" or char == "\t" else "?"


def cells(text: str) -> int:
    """How many cells of a terminal's line a printable text takes."""
    return len(text) if text.isascii() else sum(map(_width, text))


@lru_cache(maxsize=4096)
def _width(char: str) -> int:
    if unicodedata.category(char) in _NO_CELL:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


@lru_cache(maxsize=4096)
def _one_cell(char: str) -> str:
    seen = shown(char)
    width = cells(seen)
    return seen if width == len(seen) else "?" if width else ""
