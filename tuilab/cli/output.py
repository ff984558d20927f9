"""What commands print: tables, JSON and headings, plain where nobody looks at colours."""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
RunsFolder = Annotated[
    Path | None,
    typer.Option("--runs", metavar="DIR", help="Folder of runs [default: $TUILAB_RUNS or your data folder]."),
]


def colors() -> int:
    """How many colours standard output shows: 0, 16, 256 or 2**24."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb":
        return 0
    if os.environ.get("COLORTERM", "") in ("truecolor", "24bit"):
        return 2**24
    return 256 if "256" in os.environ.get("TERM", "") else 16


def glyphs() -> Literal["braille", "block", "ascii"]:
    """The finest marks that standard output can carry: braille, or ASCII where it is not UTF-8."""
    match os.environ.get("TUILAB_GLYPHS"):
        case ("braille" | "block" | "ascii") as chosen:
            return chosen
    return "braille" if "utf" in (sys.stdout.encoding or "").lower() else "ascii"


def width() -> int:
    """Columns to print in; 100 where there is no terminal."""
    return shutil.get_terminal_size((100, 30)).columns


def heading(text: str) -> str:
    """Text in bold where that shows."""
    return typer.style(text, bold=True) if colors() else text


def print_table(rows: Iterable[Sequence[str]], header: Sequence[str]) -> None:
    """Columns as wide as their widest cell, two spaces apart."""
    cells = [list(header), *(list(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    for number, row in enumerate(cells):
        line = "  ".join(cell.ljust(size) for cell, size in zip(row, widths, strict=True)).rstrip()
        print(heading(line) if number == 0 else line)


def print_json(value: Any) -> None:
    """One JSON document; NaN and infinities become the strings "nan", "inf" and "-inf"."""
    print(json.dumps(plain(value), ensure_ascii=False, indent=2))


def print_json_line(value: Any) -> None:
    """One JSON object on one line."""
    print(json.dumps(plain(value), ensure_ascii=False))


def plain(value: Any) -> Any:
    """The value with every non-finite number as a string, which JSON can hold."""
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def age(seconds: float) -> str:
    """`12 s`, `3 min`, `5 h`, `2 d`."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def size(count: int) -> str:
    """`812 B`, `3.1 MB`."""
    amount = float(count)
    for unit in ("B", "KB", "MB"):
        if amount < 1_000:
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"
        amount /= 1_000
    return f"{amount:.1f} GB"
