"""The cells of a map: its values, a table's figures, the labels around it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tuilab.panels.axes import Ints, ValueAxis
from tuilab.panels.blocks import Block, put_axes, put_left
from tuilab.panels.colors import DEFAULT, to_rgb
from tuilab.panels.finish import cut
from tuilab.panels.hues import AREAS, DIVERGING, DIVERGING_LEVELS, SIGNED, TEXTURES, texture
from tuilab.panels.map.field import BROKE, Axis, Field, levels_of, logarithms
from tuilab.panels.numbers import brief
from tuilab.panels.palette import BROKEN, DIM, HEAT, HEAT_LEVELS
from tuilab.panels.picture import Chars, Colors, Picture
from tuilab.panels.raster import averaged, centres, fill
from tuilab.panels.view import View
from tuilab.printable import printable

_SHADES = np.array(list(" ░▒▓"))

_SHADES_ASCII = np.array(list(" .:-="))

_LIGHT = 120
"""Backgrounds lighter than this, of 255, take black figures."""

_SHORT = 6
"""Cells a column below which an ellipsis would take too much of its name."""


_STACKED = 2
"""Cells a column up to which its name is two letters, one below the other."""


def whole_cells(block: Block, field: Field) -> Block:
    """The block cut to a multiple of a table's columns and rows, so that all of these are alike."""
    if not field.table:
        return block
    rows, columns = field.values.shape
    width = block.width // columns * columns or block.width
    height = block.height // rows * rows or block.height
    return replace(block, width=width, height=height)


def paint(body: Picture, field: Field, scale: ValueAxis, view: View) -> Ints | None:
    """Fills the cells. Returns the levels of a table, row by row, where its figures could stand."""
    halves = 2 if view.color and view.glyphs != "ascii" else 1
    values = logarithms(field.values) if scale.log and field.colors == "heat" else field.values
    if field.colors == "categories":
        rows, columns = centres(values.shape[0], body.height * halves), centres(values.shape[1], body.width)
        shown = values[rows[:, None], columns]
    else:
        shown = averaged(values, body.height * halves, body.width)
    levels = levels_of(shown, field.colors, scale)[::-1]
    if view.color:
        fill(body, _codes(levels, field))
    else:
        body.chars[...] = _glyphs(levels, field, view)
    # A cell is crossed out where both its halves broke.
    broken = (levels.reshape(body.height, halves, body.width) == BROKE).all(axis=1)
    body.chars[broken], body.fg[broken], body.bg[broken] = BROKEN, DIM, DEFAULT
    fits = body.height >= values.shape[0] and body.width >= 3 * values.shape[1]
    return levels_of(values, field.colors, scale) if field.table and fits else None


def _codes(levels: Ints, field: Field) -> Colors:
    table = AREAS if field.colors == "categories" else DIVERGING if field.colors == "diverging" else HEAT
    levels = np.where(levels < 0, levels, levels % len(table))
    # What has no value or broke finds the last of these: the terminal's own background.
    return np.array([*table, DEFAULT, DEFAULT], np.int32)[levels]


def _glyphs(levels: Ints, field: Field, view: View) -> Chars:
    known = np.maximum(levels, 0)
    if field.colors == "categories":
        signs = np.array([texture(k, view.glyphs) for k in range(len(TEXTURES))])[known % len(TEXTURES)]
    elif field.colors == "diverging":
        signs = np.array(list(SIGNED))[known * len(SIGNED) // DIVERGING_LEVELS]
    else:
        shades = _SHADES_ASCII if view.glyphs == "ascii" else _SHADES
        signs = shades[known * len(shades) // HEAT_LEVELS]
    return np.where(levels < 0, " ", signs)


def put_figures(body: Picture, field: Field, levels: Ints, view: View, percent: bool) -> None:
    """The numbers of a table in its cells, as far as they fit."""
    rows, columns = field.values.shape
    down, across = body.height // rows, body.width // columns
    for row in range(rows):
        y = (rows - 1 - row) * down + (down - 1) // 2
        for column in range(columns):
            value = float(field.values[row, column])
            label = _figure(value, field, percent) if levels[row, column] >= 0 else ""
            x = column * across + (across - len(label)) // 2
            if 0 < len(label) < across + view.color:  # colours part what touches
                behind = int(body.bg[y, min(x, body.width - 1)])
                ink = DEFAULT if behind == DEFAULT else 16 if _luma(behind) > _LIGHT else 231
                body.put(y, x, label, ink if view.color else DEFAULT, behind)


def _figure(value: float, field: Field, percent: bool) -> str:
    if field.colors == "categories" and value < len(field.categories):
        return field.categories[int(value)]
    if percent:
        return f"{100 * value:.0f}"
    return str(int(value)) if abs(value) < 1e6 and value == round(value) else brief(value)


def in_percent(field: Field, log: bool) -> bool:
    """Whether a table's figures are shares, which take less room as percentages; on a log scale none are."""
    known = field.values[np.isfinite(field.values)]
    numbers = field.table and field.colors == "heat" and not log
    return numbers and bool(((known >= 0) & (known <= 1)).all() and (known % 1 > 0).any())


def _luma(code: int) -> float:
    red, green, blue = to_rgb(code)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def put_map_axes(picture: Picture, block: Block, field: Field) -> None:
    """The labels left of a map and below it: numbers on a scale, or the names of a table."""
    put_axes(
        picture,
        replace(block, left=0 if field.y.labels else block.left, foot=block.foot and not field.x.labels),
        field.x.range,
        field.y.range,
    )
    if block.left and field.y.labels:
        short = two_letters(field.y.labels)
        for y, places in _rows_of(field.y, block.height).items():
            # Several rows in one of cells: the upper first, as they lie.
            together = " ".join(short[place] for place in reversed(places))
            whole = len(places) == 1 or not _words(field.y.labels)
            label = field.y.labels[places[0]] if whole else together
            put_left(picture, block, block.y + block.height - 1 - y, label)
    if block.foot == _STACKED and field.x.labels:
        across = max(block.width // field.x.count, 1)
        for place, letters in enumerate(two_letters(field.x.labels)):
            for row, letter in enumerate(letters):
                picture.put(
                    block.y + block.height + row, block.x + place * across + (across - 1) // 2, letter, DIM
                )
    elif block.foot and field.x.labels and not _words(field.x.labels):
        # Of numbers as many as have room, each in full where its column begins.
        across, free = max(block.width // field.x.count, 1), 0
        for place, label in enumerate(field.x.labels):
            left = place * across + max((across - len(label)) // 2, 0)
            if free <= left and left + len(label) <= block.width:
                picture.put(block.y + block.height, block.x + left, label, DIM)
                free = left + len(label) + 1
    elif block.foot and field.x.labels:
        across = max(block.width // field.x.count, 1)
        for place, x in _middles(field.x, block.width).items():
            label = cut(field.x.labels[place], max(across - 1, 1))
            if across < _SHORT:
                label = printable(field.x.labels[place])[: max(across - 1, 1)]
            left = block.x + (place * across + (across - len(label)) // 2 if across > 1 else x)
            picture.put(block.y + block.height, left, label, DIM)


def two_rows(block: Block, field: Field) -> bool:
    """Whether the columns of a table are too narrow for two letters of their names side by side."""
    across = block.width // max(field.x.count, 1)
    return 0 < across <= _STACKED and _words(field.x.labels)


def _words(labels: Sequence[str]) -> bool:
    """Whether labels are words, which two letters tell apart, and not numbers."""
    return all(label[:1].isalpha() for label in labels)


def two_letters(names: Sequence[str]) -> list[str]:
    """The first letter of each name with the next one that tells it from the others, as far as there is one.

    airplane and automobile become ai and au, deer and dog de and do.
    """
    found: list[str] = []
    for name in map(printable, names):
        pairs = [name[:1] + letter for letter in name[1:] if letter != " "] or [name[:2]]
        found.append(next((pair for pair in pairs if pair not in found), pairs[0]))
    return found


def _rows_of(axis: Axis, cells: int) -> dict[int, list[int]]:
    """The places that lie in each row of cells."""
    rows: dict[int, list[int]] = {}
    for place in range(axis.count):
        rows.setdefault(min(math.floor((place + 0.5) / axis.count * cells), cells - 1), []).append(place)
    return rows


def _middles(axis: Axis, cells: int) -> dict[int, int]:
    """The cell in the middle of every column or row that has one for itself."""
    middles: dict[int, int] = {}
    for place in range(axis.count):
        cell = min(math.floor((place + 0.5) / axis.count * cells), cells - 1)
        if cell not in middles.values():
            middles[place] = cell
    return middles
