"""Arrays of values brought to the cells there are, two pixels a cell."""

from __future__ import annotations

import numpy as np

from tuilab.panels.axes import LIMIT, Floats, Ints
from tuilab.panels.colors import DEFAULT
from tuilab.panels.picture import Colors, Picture


def centres(count: int, size: int) -> Ints:
    """Which of `count` values lies under the middle of each of `size` pixels."""
    found: Ints = ((2 * np.arange(size) + 1) * count // (2 * size)).astype(np.int64)
    return found


def shares(count: int, size: int) -> Floats:
    """How much each of `count` values adds to each of `size` pixels, (size, count), rows summing to 1.

    Pixels average what lies under them; where they are more than the values, each shows one value.
    """
    found = np.zeros((size, count))
    if size >= count:
        found[np.arange(size), centres(count, size)] = 1
        return found
    edges = np.linspace(0, count, size + 1)
    starts, ends = edges[:-1, None], edges[1:, None]
    at = np.arange(count)
    under = np.clip(np.minimum(ends, at + 1) - np.maximum(starts, at), 0, None)
    mean: Floats = under / under.sum(axis=1, keepdims=True)
    return mean


def averaged(values: Floats, height: int, width: int) -> Floats:
    """A map (rows, columns) in (height, width) pixels, the order of rows kept.

    What is NaN is left out of the averages. A pixel is infinite where most of what it averages is.
    """
    down, across = shares(values.shape[0], height), shares(values.shape[1], width).T
    finite = np.isfinite(values)
    if finite.all():
        return down @ np.clip(values, -LIMIT, LIMIT) @ across
    known = down @ finite @ across
    broken = down @ np.isinf(values) @ across
    total = down @ np.clip(np.where(finite, values, 0), -LIMIT, LIMIT) @ across
    mean = np.where(known > 0, total / np.where(known > 0, known, 1), np.nan)
    return np.where(broken > known, np.inf, mean)


def fill(picture: Picture, codes: Colors) -> None:
    """Fill a picture of h × w cells with the colours (2h, w), or (h, w), that stand at its pixels.

    DEFAULT is a hole.
    """
    if len(codes) == picture.height:
        picture.bg[...] = codes
        return
    upper, lower = codes[::2], codes[1::2]
    split = upper != lower
    picture.bg[...] = lower
    picture.fg[split] = upper[split]
    picture.chars[split] = "▀"
    bare = split & (upper == DEFAULT)
    picture.chars[bare], picture.fg[bare], picture.bg[bare] = "▄", lower[bare], DEFAULT
