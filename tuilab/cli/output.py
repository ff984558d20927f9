"""What commands print, at one place: lines, tables and JSON, in which nothing foreign commands the terminal.

What reaches the terminal goes through `say`, `say_lines`, `say_picture`, `print_table` or `print_json`. They
make all text safe but `Inked`, which is made here alone.
"""

from __future__ import annotations

import json
import math
import re
import shlex
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuilab import terminal
from tuilab.amounts import age as age
from tuilab.amounts import size as size
from tuilab.printable import cells, printable_lines

if TYPE_CHECKING:
    from tuilab.panels import Picture
    from tuilab.panels.view import Glyphs

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
RunsFolder = Annotated[
    Path | None,
    typer.Option("--runs", metavar="DIR", help="Folder of runs [default: $TUILAB_RUNS or your data folder]."),
]


class Inked(str):
    """Safe text with colours of our own; what is made of it with another text is a plain string again."""


def say(*parts: str, error: bool = False) -> None:
    """One line, the parts joined; newlines in them become spaces."""
    _write("".join(map(_line, parts)), error)


def say_lines(text: str, error: bool = False) -> None:
    """A text of one line or several."""
    _write(printable_lines(text), error)


def say_picture(picture: Picture) -> None:
    """A picture in the colours that standard output shows."""
    _write(picture.ansi(colors()))


def typed(command: str, name: str) -> str:
    """A command as it would have to be typed: `tuilab replay 'two words'`."""
    return f"tuilab {command} {shlex.quote(name)}"


def heading(text: str) -> str:
    """Text in bold where that shows."""
    return ink(text, bold=True)


def ink(text: str, **style: Any) -> str:
    """Text in a style (see `typer.style`) where that shows."""
    return Inked(typer.style(_line(text), **style)) if colors() else text


def print_table(rows: Iterable[Sequence[str]], header: Sequence[str]) -> None:
    """Columns as wide as their widest cell, two spaces apart."""
    lines = [[_line(cell) for cell in row] for row in (header, *rows)]
    widths = [max(cells(row[column]) for row in lines) for column in range(len(header))]
    for number, row in enumerate(lines):
        line = "  ".join(cell + " " * (size - cells(cell)) for cell, size in zip(row, widths, strict=True))
        say(heading(line.rstrip()) if number == 0 else line.rstrip())


def print_json(value: Any) -> None:
    """One JSON document; NaN and infinities become the strings "nan", "inf" and "-inf"."""
    say_lines(_json(value, indent=2))


def print_json_line(value: Any) -> None:
    """One JSON object on one line."""
    say_lines(_json(value))


def _json(value: Any, indent: int | None = None) -> str:
    """JSON in which what would not be printed as it is stands as an escape, so that nothing is lost."""
    text = json.dumps(plain(value), ensure_ascii=False, indent=indent)
    return re.sub(r"[^ -~\n]", lambda found: found[0] if found[0].isprintable() else _escape(found[0]), text)


def _escape(char: str) -> str:
    return json.dumps(char)[1:-1] if ord(char) > 0x7F else f"\\u{ord(char):04x}"


def plain(value: Any) -> Any:
    """The value with every non-finite number as a string, which JSON can hold."""
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def colors() -> int:
    """How many colours standard output shows: 0, 16, 256 or 2**24."""
    return terminal.colors(sys.stdout)


def glyphs() -> Glyphs:
    """The finest marks that standard output carries."""
    return terminal.glyphs(sys.stdout)


def width() -> int:
    """Columns to print in; 100 where there is no terminal."""
    return shutil.get_terminal_size((100, 30)).columns


def _line(text: str) -> str:
    return text if isinstance(text, Inked) else printable_lines(text).replace("\n", " ")


def _write(text: str, error: bool = False) -> None:
    print(text, file=sys.stderr if error else sys.stdout, flush=error)
