"""From a TOML file to plain tables, with every way that can fail said in one sentence."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tuilab.scenario.errors import ScenarioError

LARGEST = 1_000_000
"""Bytes; a scenario is a page of text, so a larger file is something else."""


def read_text(path: Path) -> str:
    """The text of a scenario file.

    Raises:
        ScenarioError: no such file, a folder, unreadable, empty, too large, or not UTF-8 text.
    """
    try:
        if path.is_dir():
            raise ScenarioError(path, ["is a folder; wanted a scenario file (TOML)"])
        if (size := path.stat().st_size) > LARGEST:
            raise ScenarioError(path, [f"holds {size:,} bytes; a scenario file has at most {LARGEST:,}"])
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise ScenarioError(path, ["there is no such file; `tuilab list` shows the scenarios"]) from None
    except OSError as error:
        raise ScenarioError(path, [f"can't be read: {error.strerror}"]) from None
    except UnicodeDecodeError as error:
        raise ScenarioError(
            path, [f"is not text (byte {error.start} is not UTF-8); wanted a TOML file"]
        ) from None
    if not text.strip():
        raise ScenarioError(path, ["is empty; `tuilab new NAME` makes a scenario to start from"])
    return text


def parse(text: str, source: Path) -> dict[str, Any]:
    """The file's tables.

    Raises:
        ScenarioError: not TOML; names the line.
    """
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ScenarioError(
            source, [f"is not valid TOML: {_two_arms(text) or error or 'nested too deeply'}"]
        ) from None


def _two_arms(text: str) -> str | None:
    """A clearer word for the commonest TOML mistake here: an arm pasted twice."""
    seen: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if match := re.match(r"\s*\[\s*arms\s*\.\s*([^\]]+?)\s*\]", line):
            name = match[1].strip("\"'")
            if name in seen:
                return f"arm {name!r} stands twice, at lines {seen[name]} and {number}; give one another name"
            seen[name] = number
    return None


_HEADER = re.compile(r"\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(#.*)?$")
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
    for number, line in enumerate(text.splitlines(), 1):
        if quoted is not None:
            if quoted in line:
                quoted = None
            continue
        if match := _HEADER.match(line):
            table = tuple(piece.strip("\"'") for piece in _PIECE.findall(match[2]))
            if match[1] == "[[":
                index = counts.get(match[2], 0)
                counts[match[2]] = index + 1
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
