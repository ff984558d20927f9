"""Double buffering: sends the terminal only what it does not show yet, and nothing that commands it.

Textual repaints a changed widget from its left edge and styles each fragment afresh. Over a thin link
those are most of the bytes, so this module keeps what the terminal shows, cell by cell, and writes the
difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from rich.cells import get_character_cell_size
from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

from tuilab.printable import shown

Cell = tuple[str, str]
"""A character and its SGR parameters; the right half of a wide character is the empty string."""

BLANK: Cell = (" ", "")
_ATTRIBUTES = {"bold": "1", "dim": "2", "italic": "3", "underline": "4", "reverse": "7", "strike": "9"}
_SEEN_ON_BLANKS = ("underline", "reverse", "strike")
_BRIDGE = 4
"""Bytes of unchanged characters that are cheaper to write again than to jump over."""
_INK = r"(?:38;5;\d+|38;2;\d+;\d+;\d+|[39]\d)"
_PLAIN = {
    **dict.fromkeys("─━┄▔▁", "-"),
    **dict.fromkeys("│┃▏▕▎▌▐‖", "|"),
    **dict.fromkeys("╭╮╰╯┌┐└┘├┤┬┴┼", "+"),
    **dict(zip("●■▲◆▼★◉▣✓✗…·•×÷▶◀–—−≈←→↑↓≤≥", "o#^*v@%&vx..-x/><---~<>^v<>", strict=True)),
}
"""What the frame around the panels becomes where the terminal shows no more than ASCII."""


_SYSTEMS = {0: None, 16: ColorSystem.STANDARD, 256: ColorSystem.EIGHT_BIT, 2**24: ColorSystem.TRUECOLOR}
_MOST_MARKS = 4
"""Marks that may stand on one character."""


class Wire:
    """What a terminal shows. Turns Textual's updates into the fewest bytes that bring it up to date."""

    def __init__(self, colors: int = 2**24, ascii_only: bool = False) -> None:
        """For a terminal of 0, 16, 256 or 2**24 colours."""
        self._system = _SYSTEMS[colors]
        self._ascii = ascii_only
        self._shown: list[list[Cell]] = []

    def forget(self) -> None:
        """Nothing is known of the terminal any more (it was resized, suspended, scribbled on)."""
        self._shown = []

    def difference(self, update: LayoutUpdate | ChopsUpdate) -> str:
        """The characters to write for an update, "" when the terminal shows it already."""
        out = _Out()
        for y, x, cells in _pieces(update, self._system, self._ascii):
            self._make_room(y, x + len(cells), out)
            _write_changes(self._shown[y], y, x, cells, out)
        return out.finish()

    def _make_room(self, rows: int, columns: int, out: _Out) -> None:
        if not self._shown:
            out.text("\x1b[m\x1b[2J")
        while len(self._shown) <= rows:
            self._shown.append([])
        row = self._shown[rows]
        row.extend([BLANK] * (columns - len(row)))


class Written(CompositorUpdate):
    """An update that is characters already."""

    def __init__(self, text: str) -> None:
        self._text = text

    def render_segments(self, console: Console) -> str:
        """The characters."""
        return self._text


class _Out:
    """Collects output, remembering where the cursor stands and which style is on."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._at: tuple[int, int] | None = None
        self._sgr = ""

    def text(self, text: str) -> None:
        self._parts.append(text)

    def move(self, y: int, x: int) -> None:
        if self._at == (y, x):
            return
        if self._at is not None and self._at[0] == y and self._at[1] < x:
            self.text(f"\x1b[{x - self._at[1]}C")
        else:
            self.text(f"\x1b[{y + 1};{x + 1}H")
        self._at = (y, x)

    def cell(self, cell: Cell, wide: bool) -> None:
        character, sgr = cell
        if sgr != self._sgr and not (cell == BLANK and _ink_only(self._sgr)):
            replaces = not self._sgr or (_only_color(sgr) and _only_color(self._sgr))
            self.text(f"\x1b[{sgr}m" if replaces or not sgr else f"\x1b[0;{sgr}m")
            self._sgr = sgr
        self.text(character)
        if wide or len(character) > 1:
            self._at = None  # terminals disagree about such widths: say anew where the next one goes
        elif self._at is not None:
            self._at = (self._at[0], self._at[1] + 1)

    def bridges(self, cells: list[Cell]) -> bool:
        """Whether writing these unchanged cells again is the cheapest way to the cell after them."""
        return (
            self._at is not None
            and sum(len(character.encode()) for character, _ in cells) <= _BRIDGE
            and all(
                (sgr == self._sgr and len(character) == 1)
                or ((character, sgr) == BLANK and _ink_only(self._sgr))
                for character, sgr in cells
            )
        )

    def finish(self) -> str:
        if self._sgr:
            self.text("\x1b[m")
        return "".join(self._parts)


def _write_changes(shown: list[Cell], y: int, x: int, cells: list[Cell], out: _Out) -> None:
    """Write the cells that differ from those shown, and take them as shown."""
    count = len(cells)
    if shown[x : x + count] == cells:
        return
    last: int | None = None
    for i, cell in enumerate(cells):
        if shown[x + i] == cell or not cell[0]:
            continue
        gap = cells[last:i] if last is not None else []
        if gap and out.bridges(gap):
            for between in gap:
                out.cell(between, wide=False)
        else:
            out.move(y, x + i)
        out.cell(cell, wide=i + 1 < count and not cells[i + 1][0])
        last = i + 1
    shown[x : x + count] = cells


def _pieces(
    update: LayoutUpdate | ChopsUpdate, system: ColorSystem | None, ascii_only: bool
) -> Iterator[tuple[int, int, list[Cell]]]:
    """The parts of lines that an update speaks of: row, column, cells."""
    if isinstance(update, LayoutUpdate):
        for y, strips in enumerate(update.strips, update.region.y):
            yield y, update.region.x, _cells(strips, system, ascii_only)
        return
    for y, x1, x2 in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is None or x >= x2 or end <= x1:
                continue
            cells = _cells([strip], system, ascii_only)
            first, stop = max(x1 - x, 0), x2 - x
            if first < len(cells) and not cells[first][0]:
                first -= 1
            yield y, x + first, cells[first:stop]


def _cells(strips: Iterable[Strip], system: ColorSystem | None, ascii_only: bool) -> list[Cell]:
    cells: list[Cell] = []
    for strip in strips:
        for text, style, control in strip:
            if not control:
                cells.extend(_segment(text, style, system, ascii_only))
    return cells


@lru_cache(maxsize=4096)
def _segment(
    text: str, style: Style | None, system: ColorSystem | None, ascii_only: bool
) -> tuple[Cell, ...]:
    """A segment as cells, as many as Textual reckons with; it may hold any text from strangers."""
    sgr, blank = _sgr(style, system)
    cells: list[Cell] = []
    for c in text:
        width, seen = get_character_cell_size(c), shown(c)
        if seen == " " and width == 1:
            cells.append((" ", blank))
        elif width:
            cells.append((_PLAIN.get(c, "?") if ascii_only and not c.isascii() else seen or " ", sgr))
            cells.extend([(" ", blank) if ascii_only or seen != c else ("", sgr)] * (width - 1))
        elif seen == c and cells and not ascii_only:
            at = -1 if cells[-1][0] else -2  # the left half of a wide character
            if len(cells[at][0]) <= _MOST_MARKS:
                cells[at] = (cells[at][0] + c, cells[at][1])
    return tuple(cells)


@lru_cache(maxsize=4096)
def _sgr(style: Style | None, system: ColorSystem | None) -> tuple[str, str]:
    """SGR parameters of a style after a reset, for a character and for a blank (whose ink is invisible)."""
    if style is None:
        return "", ""
    attributes = {name: code for name, code in _ATTRIBUTES.items() if getattr(style, name)}
    ink = _color(style, system, foreground=True)
    paper = _color(style, system, foreground=False)
    visible = [code for name, code in attributes.items() if name in _SEEN_ON_BLANKS]
    on_blank = [*visible, *ink, *paper] if visible else paper
    return ";".join([*attributes.values(), *ink, *paper]), ";".join(on_blank)


def _color(style: Style, system: ColorSystem | None, foreground: bool) -> list[str]:
    color = style.color if foreground else style.bgcolor
    if system is None or color is None or color.is_default:
        return []
    return list(color.downgrade(system).get_ansi_codes(foreground))


@lru_cache(maxsize=4096)
def _only_color(sgr: str) -> bool:
    """Whether the parameters set the ink's colour and nothing else, so that one replaces another."""
    return re.fullmatch(_INK, sgr) is not None


@lru_cache(maxsize=4096)
def _ink_only(sgr: str) -> bool:
    """Whether a blank looks the same with these parameters as without any."""
    return re.fullmatch(rf"(?:(?:[123]|{_INK})(?:;|$))*", sgr) is not None
