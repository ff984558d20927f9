"""Text from files, scenarios and errors as a terminal may safely show it, decided in one place."""

from __future__ import annotations

import unicodedata
from functools import lru_cache


def printable(text: str) -> str:
    """Text in which every character takes exactly one cell.

    Titles and names come from recordings, which may come from strangers: control characters and escape
    sequences must not reach a terminal. They, and characters two cells wide, become "?"; marks that take no
    cell of their own are left out.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_one_cell, unicodedata.normalize("NFC", text)))


@lru_cache(maxsize=1024)
def _one_cell(char: str) -> str:
    category = unicodedata.category(char)
    if category in ("Mn", "Me", "Cf"):
        return ""
    if category[0] == "C" or category in ("Zl", "Zp") or unicodedata.east_asian_width(char) in "WF":
        return "?"
    return " " if category == "Zs" else char
