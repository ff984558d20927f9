"""From a TOML file to plain tables, with every way that can fail said in one sentence.

A scenario may come from a stranger: what is read is bounded, and so are the time and the memory it takes.
"""

from __future__ import annotations

import re
import stat
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tuilab.scenario.errors import ScenarioError, shortened

LARGEST = 100_000
"""Bytes; a scenario is a page of text, so a larger file is something else."""
_DOTS = 200
"""In one line; tomllib takes time and memory by the square of a dotted key's length."""
_DEEPEST, _MOST_KEYS, _MOST_VALUES = 16, 200, 1_000
"""Tables within tables, keys of a table, values of a list."""

Place = tuple[str | int, ...]
"""Where something stands: the keys and list positions that lead to it."""


def read_text(path: Path) -> str:
    """The text of a scenario file.

    Raises:
        ScenarioError: no such file, no regular one, unreadable, empty, too large, or not UTF-8 text.
    """
    try:
        facts = path.stat()
        if stat.S_ISDIR(facts.st_mode):
            raise ScenarioError(path, ["is a folder; wanted a scenario file (TOML)"])
        if not stat.S_ISREG(facts.st_mode):
            raise ScenarioError(path, ["is a pipe or a device; wanted a scenario file (TOML)"])
        if facts.st_size > LARGEST:
            raise ScenarioError(
                path, [f"holds {facts.st_size:,} bytes; a scenario file has at most {LARGEST:,}"]
            )
        with path.open("rb") as file:
            text = file.read(LARGEST).decode("utf-8-sig")
    except FileNotFoundError:
        raise ScenarioError(path, ["there is no such file; `tuilab list` shows the scenarios"]) from None
    except (OSError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            problem = f"is not text (byte {error.start} is not UTF-8); wanted a TOML file"
        else:
            problem = f"can't be read: {getattr(error, 'strerror', None) or error}"
        raise ScenarioError(path, [problem]) from None
    if not text.strip():
        raise ScenarioError(path, ["is empty; `tuilab new NAME` makes a scenario to start from"])
    return text


def parse(text: str, source: Path) -> dict[str, Any]:
    """The file's tables.

    Raises:
        ScenarioError: not TOML, or more than a scenario may hold; names the line.
    """
    try:
        raw = loads(text)
    except ValueError as error:
        problem = _two_arms(text) or shortened(str(error), 200)
        raise ScenarioError(source, [f"is not valid TOML: {problem}"]) from None
    for place, problem in unfit(raw):
        line = line_of(text, place)
        where = (f"line {line}" if line else "", key_of(place))
        raise ScenarioError(source, [": ".join([*filter(None, where), problem])])
    return raw


def loads(text: str) -> dict[str, Any]:
    """TOML's tables, in time and memory that stay in proportion; raises ValueError."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > _DOTS:
            raise ValueError(f"more than {_DOTS} dots in one line, line {number}; break it into shorter ones")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def unfit(raw: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    """Each key or value that no scenario may hold, whatever it means, with what is wrong with it."""
    below: list[tuple[Place, Any]] = [((), raw)]
    while below:
        place, value = below.pop()
        if isinstance(value, dict | list):
            most, what = (_MOST_KEYS, "keys") if isinstance(value, dict) else (_MOST_VALUES, "values")
            if len(value) > most:
                yield place, f"has {len(value):,} {what}; at most {most:,} are read"
            elif len(place) > _DEEPEST:
                yield place[:_DEEPEST], "is nested too deeply"
            else:
                items = value.items() if isinstance(value, dict) else enumerate(value)
                below += [((*place, key), item) for key, item in items]
                keys = value if isinstance(value, dict) else ()
                yield from ((place, f"a key {problem}") for key in keys if (problem := _unprintable(key)))
        elif isinstance(value, str):
            # Only notes have lines.
            text = re.sub(r"[\n\t]", "", value) if place == ("notes",) else value
            if problem := _unprintable(text):
                yield place, problem
        elif isinstance(value, int) and not -(2**63) <= value < 2**63:
            yield place, "holds a number of more than 64 bits"


def _unprintable(text: str) -> str:
    """What is wrong with a text that has a character which is no sign to be read; nothing otherwise."""
    if text.isprintable():
        return ""
    char = next(char for char in text if not char.isprintable())
    what = "more than one line" if char == "\n" else f"the character U+{ord(char):04X}"
    return f"holds {what}; wanted printable text" + (" in one line" if char == "\n" else "")


def key_of(place: Sequence[str | int]) -> str:
    """A place as people write it: `expect.2.because`, list positions counted from 1."""
    return shortened(".".join(str(piece + 1) if isinstance(piece, int) else piece for piece in place), 100)


def _two_arms(text: str) -> str | None:
    """A clearer word for the commonest TOML mistake here: an arm pasted twice."""
    seen: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if match := re.match(r"\s*\[\s*arms\s*\.([^\]]+)\]", line):
            name = match[1].strip().strip("\"'")
            if name in seen:
                return (
                    f"arm {shortened(name, 40)!r} stands twice, at lines {seen[name]} and {number}; "
                    "give one another name"
                )
            seen[name] = number
    return None


_HEADER = re.compile(r"\s*(\[\[?)([^\[\]]+)\]\]?\s*(#.*)?$")
_KEY = re.compile(
    r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
)
_PIECE = re.compile(r""""[^"]*"|'[^']*'|[^.\s]+""")


def line_of(text: str, path: Sequence[str | int]) -> int | None:
    """The line (from 1) at which `path`, or the nearest table around it, is set; None if nowhere.

    tomllib keeps no positions, so this looks again for the headers and keys at the starts of lines.
    """
    wanted = tuple(str(piece) for piece in path)
    table: tuple[str, ...] = ()
    counts: dict[str, int] = {}
    best: tuple[int, int | None] = (0, None)
    quoted: str | None = None
    for number, line in enumerate(text.split("\n"), 1):
        if quoted is not None:
            if quoted in line:
                quoted = None
            continue
        if match := _HEADER.match(line):
            table = tuple(piece.strip("\"'") for piece in _PIECE.findall(match[2]))
            if match[1] == "[[":
                index = counts.get(match[2].strip(), 0)
                counts[match[2].strip()] = index + 1
                table = (*table, str(index))
            here = table
        elif match := _KEY.match(line):
            here = (*table, *(piece.strip("\"'") for piece in _PIECE.findall(match[1])))
        else:
            continue
        if wanted[: len(here)] == here and len(here) > best[0]:
            best = (len(here), number)
        for quote in ('"""', "'''"):
            if line.count(quote) % 2:
                quoted = quote
    return best[1]
