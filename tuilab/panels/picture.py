"""What a panel draws: characters and colours in cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuilab.panels.colors import DEFAULT, reduced, sgr
from tuilab.printable import printable

Chars = NDArray[np.str_]
Colors = NDArray[np.int32]

_GAP = 4
"""Unchanged cells between two changed spans that are cheaper to write than to jump over."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Cells of height × width.

    A panel writes into its picture with `put` and `paste` while it draws, and hands it out frozen.

    Attributes:
        chars: (h, w) '<U1', one column wide each.
        fg: (h, w) int32 colour codes of the characters (see `colors`).
        bg: (h, w) int32 colour codes behind them.
    """

    chars: Chars
    fg: Colors
    bg: Colors

    @classmethod
    def blank(cls, width: int, height: int) -> Picture:
        """Nothing but spaces in the terminal's own colours."""
        shape = (max(height, 0), max(width, 0))
        return cls(
            np.full(shape, " ", "<U1"), np.full(shape, DEFAULT, np.int32), np.full(shape, DEFAULT, np.int32)
        )

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.chars.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.chars.shape[1])

    def put(self, y: int, x: int, text: str, fg: int = DEFAULT, bg: int = DEFAULT) -> None:
        """Write a line of text with its first character at (y, x); what lies outside is cut off."""
        text = printable(text)
        if x < 0:
            text, x = text[-x:], 0
        text = text[: max(self.width - x, 0)]
        if text and 0 <= y < self.height:
            self.chars[y, x : x + len(text)] = list(text)
            self.fg[y, x : x + len(text)] = fg
            self.bg[y, x : x + len(text)] = bg

    def paste(self, y: int, x: int, other: Picture) -> None:
        """Copy another picture so that its top left cell lies at (y, x); what lies outside is cut off."""
        rows, columns = min(other.height, self.height - y), min(other.width, self.width - x)
        if rows > 0 and columns > 0:
            for mine, theirs in ((self.chars, other.chars), (self.fg, other.fg), (self.bg, other.bg)):
                mine[y : y + rows, x : x + columns] = theirs[:rows, :columns]

    def cover(self, other: Picture) -> None:
        """Copy what another picture of the same size has that is no blank."""
        ink = other.chars != " "
        for mine, theirs in ((self.chars, other.chars), (self.fg, other.fg), (self.bg, other.bg)):
            mine[ink] = theirs[ink]

    def part(self, y: int, x: int, height: int, width: int) -> Picture:
        """A rectangle of this picture; what is drawn on it is drawn on this one."""
        cells = slice(y, y + max(height, 0)), slice(x, x + max(width, 0))
        return Picture(self.chars[cells], self.fg[cells], self.bg[cells])

    def frozen(self) -> Picture:
        """This picture, no longer to be written to."""
        for cells in (self.chars, self.fg, self.bg):
            cells.setflags(write=False)
        return self

    def same(self, other: Picture) -> bool:
        """Whether every cell of the other is equal to this one's."""
        return self.chars.shape == other.chars.shape and not changed_spans(self, other)

    def text(self) -> str:
        """The characters, a line a row, without spaces at the ends."""
        return "\n".join("".join(row).rstrip() for row in self.chars.tolist())

    def reduced(self, colors: int) -> Picture:
        """The same picture in the colour codes of a terminal of 0, 16, 256 or 2**24 colours."""
        return Picture(self.chars, _mapped(self.fg, colors), _mapped(self.bg, colors))

    def ansi(self, colors: int) -> str:
        """The rows with escape sequences for a terminal of 0, 16, 256 or 2**24 colours."""
        if colors == 0:
            return self.text()
        shown = self.reduced(colors)
        return "\n".join(map(_ansi_row, shown.chars.tolist(), shown.fg.tolist(), shown.bg.tolist()))


def _mapped(codes: Colors, colors: int) -> Colors:
    """The codes as a poorer terminal shows them."""
    if colors >= 2**24:
        return codes
    distinct, places = np.unique(codes, return_inverse=True)
    table = np.array([reduced(int(code), colors) for code in distinct], np.int32)
    return table[places].reshape(codes.shape)


def _ansi_row(chars: list[str], fg: list[int], bg: list[int]) -> str:
    end = len(chars)
    while end and chars[end - 1] == " " and bg[end - 1] == DEFAULT:
        end -= 1
    parts: list[str] = []
    style = (DEFAULT, DEFAULT)
    for char, *wanted in zip(chars[:end], fg[:end], bg[:end], strict=True):
        if char == " ":
            wanted[0] = style[0]  # a blank has no foreground to change
        if style != (now := (wanted[0], wanted[1])):
            drops = any(old != DEFAULT and new == DEFAULT for old, new in zip(style, now, strict=True))
            parts.append(f"\x1b[{_switch((DEFAULT, DEFAULT) if drops else style, now, drops)}m")
            style = now
        parts.append(char)
    return "".join(parts) + ("\x1b[0m" if style != (DEFAULT, DEFAULT) else "")


def _switch(old: tuple[int, int], new: tuple[int, int], reset: bool) -> str:
    """The shortest parameters from one style to another."""
    changed = sgr(*(code if code != before else DEFAULT for before, code in zip(old, new, strict=True)))
    return ("0;" + changed if changed else "") if reset else changed


def changed_spans(old: Picture, new: Picture) -> list[tuple[int, int, int]]:
    """Where two pictures of one size differ, as (y, x, width), row by row.

    Spans a few cells apart are given as one: each costs about 20 bytes of cursor and style on the wire.
    Pictures of different sizes differ in every row of the new one.
    """
    if old.chars.shape != new.chars.shape:
        return [(y, 0, new.width) for y in range(new.height)]
    differ = (old.chars != new.chars) | (old.fg != new.fg) | (old.bg != new.bg)
    spans: list[tuple[int, int, int]] = []
    for y in np.flatnonzero(differ.any(axis=1)).tolist():
        columns = np.flatnonzero(differ[y])
        breaks = np.flatnonzero(np.diff(columns) > _GAP + 1)
        starts, ends = columns[[0, *(breaks + 1).tolist()]], columns[[*breaks.tolist(), -1]]
        spans += [(y, int(start), int(end - start + 1)) for start, end in zip(starts, ends, strict=True)]
    return spans


def map_chars(picture: Picture, change: Callable[[str], str]) -> None:
    """Replace every distinct character of a picture by what `change` makes of it."""
    distinct: Any
    distinct, places = np.unique(picture.chars, return_inverse=True)
    picture.chars[...] = np.array([change(char) for char in distinct.tolist()], "<U1")[places].reshape(
        picture.chars.shape
    )
