"""Nonsense with structure: values of the wrong kind, size, depth and place in data that was right."""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Iterator
from typing import Any

NASTY: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63), 2**64, 10**30, 0.0, -0.0, 1e-320, 1e308,
    math.nan, math.inf, -math.inf, "", " ", "\x00", "\x1b]52;c;aGk=\x07", "\x1b[2J", "\u202e", "\ud7ff",
    "a/b", "../../etc/passwd", "/dev/zero", "*", "engine", "x" * 5_000, "€" * 300,
    [], [[]], [0] * 2_000, {}, {"": 0}, {"name": "\x9b31m"}, [None], ["a", 1, {}],
)  # fmt: skip
"""What a field is least likely to expect."""


def mutated(value: Any, draw: random.Random, nasty: tuple[Any, ...] = NASTY) -> Any:
    """A copy with one to four places changed: replaced, removed, renamed, repeated, nested, scaled."""
    changed = copy.deepcopy(value)
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        places = list(_places(changed))
        if not places:
            return draw.choice(nasty)
        holder, key = draw.choice(places)
        _change(holder, key, draw, nasty)
    return changed


def cut_or_flipped(data: bytes, draw: random.Random) -> bytes:
    """Bytes with a piece missing, repeated, zeroed or changed."""
    if not data:
        return bytes(draw.randrange(256) for _ in range(draw.randrange(64)))
    a, b = sorted((draw.randrange(len(data) + 1), draw.randrange(len(data) + 1)))
    piece = data[a : min(b, a + 4096)]
    other = bytes(draw.randrange(256) for _ in range(draw.choice((1, 4, 40))))
    return draw.choice(
        (
            data[:a],
            data[a:],
            data[:a] + data[a + len(piece) :],
            data[:a] + piece + data[a:],
            data[:a] + bytes(len(piece)) + data[a + len(piece) :],
            data[:a] + other + data[a + len(other) :],
            other,
        )
    )


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in list(keys):
        yield value, key
        yield from _places(value[key])


def _change(holder: Any, key: Any, draw: random.Random, nasty: tuple[Any, ...]) -> None:
    was = holder[key]
    match draw.randrange(8):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[draw.choice(("", "name", "arms", "x" * 300, "\x1b[31m", f"{key}s"))] = holder.pop(key)
        case 2:
            holder[key] = [was] * draw.choice((1, 2, 40))
        case 3:
            deep = was
            for _ in range(draw.choice((3, 20, 150))):
                deep = {"a": deep} if draw.random() < 0.5 else [deep]
            holder[key] = deep
        case 4 if isinstance(was, int | float) and not isinstance(was, bool):
            holder[key] = was * draw.choice((-1, 0.5, 1e6, 1e-6, 10**12))
        case 5 if isinstance(was, str) and was:
            place = draw.randrange(len(was))
            holder[key] = (
                was[:place] + draw.choice(("\x1b", "\x00", "/", '"', "\n", "\u202e", "é")) + was[place:]
            )
        case _:
            holder[key] = copy.deepcopy(draw.choice(nasty))
