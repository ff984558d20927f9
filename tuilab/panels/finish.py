"""What every panel does around its drawing: the title row, the last resorts, the poorer terminals."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from tuilab.panels.colors import DEFAULT
from tuilab.panels.fading import dim_others
from tuilab.panels.numbers import WIDTH
from tuilab.panels.palette import ARM_MARKS, ASCII_MARKS, BROKEN, DIM, POINT
from tuilab.panels.picture import Picture, map_chars
from tuilab.panels.view import View
from tuilab.printable import printable
from tuilab.recording import Readable, RecordingError

_TITLE = 30
"""Cells that a title keeps beside the legend, at least."""

_ASCII = {
    **dict(zip(ARM_MARKS, ASCII_MARKS, strict=True)),
    **{
        BROKEN: "X",
        POINT: "o",
        "•": "-",
        "·": "-",
        "–": "-",
        "−": "-",
        "…": "~",
        "─": "-",
        "╌": "-",
        "│": "|",
        "≤": "<",
        "÷": "/",
        "×": "x",
        "┼": "+",
        "←": "<",
        "→": ">",
        "↑": "^",
    },
}


class Finished(ABC):
    """A panel whose `render` need not care for the last resorts and for poorer terminals."""

    __slots__ = ()

    over_steps: ClassVar[bool] = False

    def draw(self, recording: Readable, view: View, width: int, height: int) -> Picture:
        """See `Panel.draw`: in the characters and colours the view allows, frozen.

        A recording that can no longer be read (its file is gone, its disk fails) becomes a sentence.
        """
        if width < 1 or height < 1:
            raise ValueError(f"a picture of {width} × {height} cells: both are at least 1")
        picture = Picture.blank(width, height)
        try:
            self.render(picture, recording, view)
        except (RecordingError, OSError) as error:
            picture = Picture.blank(width, height)
            write(picture, 0, f"cannot read the recording: {error}")
        if view.focus is not None:
            dim_others(picture, recording.header, view.focus)
        if view.glyphs == "ascii":
            map_chars(picture, _ascii)
        if not view.color:
            picture.fg.fill(DEFAULT)
            picture.bg.fill(DEFAULT)
        return picture.frozen()

    def needs(self, header: Mapping[str, Any]) -> int | None:
        """See `Panel.needs`: as many as it gets, unless a panel says otherwise."""
        return None

    def step_at(self, recording: Readable, view: View, width: int, height: int, x: int) -> int | None:
        """See `Panel.step_at`: there is none unless a panel says otherwise."""
        return None

    @abstractmethod
    def sources(self, recording: Readable, view: View) -> Iterable[str]:
        """See `Panel.sources`."""

    @abstractmethod
    def render(self, picture: Picture, recording: Readable, view: View) -> None:
        """Draw all of it."""


def _ascii(char: str) -> str:
    return char if char.isascii() else _ASCII.get(char, "?")


def write(picture: Picture, y: int, text: str, fg: int = DIM) -> None:
    """Text broken into lines between words, from row y down."""
    line = ""
    for word in [*printable(text).split(), None]:
        if word is not None and (not line or len(line) + 1 + len(word) <= picture.width):
            line = f"{line} {word}" if line else word
            continue
        picture.put(y, 0, cut(line, picture.width), fg)
        y, line = y + 1, word or ""


def absent(recording: Readable, what: str) -> str:
    """Why there is nothing to draw: the run has not recorded anything yet, or `what`."""
    return what if recording.series() or recording.frames() else "nothing is recorded yet"


def say(picture: Picture, title: str, why: str) -> None:
    """A title, and why there is nothing else to see."""
    head(picture, title, [], [])
    write(picture, 1, why)


def cut(text: str, width: int) -> str:
    """Text in at most `width` cells, with an ellipsis where it was longer."""
    text = printable(text)
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"[: max(width, 0)]


def cut_inside(text: str, width: int) -> str:
    """The same with the ellipsis inside, for names that may differ in their ends: `jacobia…dicted`."""
    text = printable(text)
    tail = max(width - 1, 0) // 2
    return text if len(text) <= width else cut(text, width - tail) + text[len(text) - tail :]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a legend."""

    mark: str
    name: str
    color: int
    value: str = ""


def focused(entries: list[Entry], view: View) -> list[Entry]:
    """The entry of the arm in focus alone, if there is one."""
    return [entry for entry in entries if entry.name == view.focus] or entries


def head(picture: Picture, title: str, notes: Sequence[str], entries: Sequence[Entry], key: str = "") -> None:
    """The top row: the title, what must be said, and the legend in as much detail as fits.

    Args:
        picture: Written to.
        title: At the left.
        notes: Dim, after the title; they go before the values do.
        entries: The arms, with their values where there is room.
        key: How several metrics are told apart; goes before the values do.
    """
    room = picture.width - min(len(title), max(picture.width // 3, _TITLE)) - 2
    noted = sum(len(note) + 2 for note in notes)
    legend, named = _legend(entries, key, room, noted, picture.width - len(title) - 2 - noted)
    room = picture.width - sum(len(text) for text, _ in legend) - (2 if legend else 0)
    picture.put(0, 0, cut(title, room if named or picture.width < 12 else picture.width))
    x = len(printable(title)) + 2
    for note in notes:
        if x + len(note) <= room:
            picture.put(0, x, note, DIM)
            x += len(note) + 2
    x = picture.width - sum(len(text) for text, _ in legend)
    for text, color in legend:
        picture.put(0, x, text, color)
        x += len(text)


def _legend(
    entries: Sequence[Entry], key: str, room: int, noted: int, spare: int
) -> tuple[list[tuple[str, int]], bool]:
    """The most telling legend that fits, as pieces of text with their colours; and whether there is one.

    Marks without names tell so little that they get only what title and notes leave: `spare`.
    """
    keys = [(f"{key}  ", DIM)] if key else []
    for names, values, keyed in (
        (99, True, True),
        (99, False, True),
        (8, False, True),
        (99, False, False),
        (6, False, False),
        (0, False, False),
    ):
        pieces = list(keys) if keyed else []
        # Beginnings tell more, unless they are the same: `leaky .01`, `leaky .1`.
        shorten = cut if len({cut(entry.name, names) for entry in entries}) == len(entries) else cut_inside
        for place, entry in enumerate(entries):
            gap = "" if place == 0 else " " if names == 0 else "  "
            text = f"{gap}{entry.mark}"
            if names:
                text += f" {shorten(entry.name, names)}"
            if values and entry.value:
                text += f" {entry.value:<{WIDTH}}"
            pieces.append((text, entry.color))
        fits = spare if names == 0 and entries else room - (noted if values else 0)
        if sum(len(text) for text, _ in pieces) <= fits:
            return pieces, bool(pieces)
    return [], False
