import re
from itertools import pairwise

import numpy as np
import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuilab.panels import ARM_COLORS, Picture, changed_spans
from tuilab.panels.colors import DEFAULT, reduced, rgb, to_rgb
from tuilab.panels.palette import HEAT

WIDTH, HEIGHT = 12, 4
CODES = st.one_of(st.just(DEFAULT), st.integers(0, 255), st.builds(rgb, *[st.integers(0, 255)] * 3))


@st.composite
def pictures(draw, width=WIDTH, height=HEIGHT):
    picture = Picture.blank(width, height)
    cells = st.lists(
        st.tuples(
            st.integers(0, height - 1), st.integers(0, width - 1), st.sampled_from(" ab●⣿"), CODES, CODES
        )
    )
    for y, x, char, fg, bg in draw(cells):
        picture.put(y, x, char, fg, bg)
    return picture


def shown(ansi: str) -> pyte.Screen:
    """What a terminal makes of it."""
    screen = pyte.Screen(WIDTH, HEIGHT)
    pyte.Stream(screen).feed(ansi.replace("\n", "\r\n"))
    return screen


def named(code: int, colors: int) -> str:
    """The colour as pyte calls it."""
    if code == DEFAULT or colors == 0:
        return "default"
    return "{:02x}{:02x}{:02x}".format(*to_rgb(reduced(code, colors)))


@given(pictures(), st.sampled_from([256, 2**24]))
def test_a_terminal_shows_every_cell_of_the_ansi_text(picture, colors):
    screen = shown(picture.ansi(colors))
    for y in range(HEIGHT):
        for x in range(WIDTH):
            cell = screen.buffer[y][x]
            assert cell.data == picture.chars[y, x]
            if reduced(int(picture.bg[y, x]), colors) >= 16 or picture.bg[y, x] == DEFAULT:
                assert cell.bg == named(int(picture.bg[y, x]), colors)
            if cell.data != " " and reduced(int(picture.fg[y, x]), colors) >= 16:
                assert cell.fg == named(int(picture.fg[y, x]), colors)


@given(pictures())
def test_no_colours_is_plain_text_and_every_row_ends_reset(picture):
    assert picture.ansi(0) == picture.text()
    assert "\x1b" not in picture.text()
    for line in picture.ansi(256).split("\n"):
        assert re.findall("\x1b.*?m", line)[-1:] in ([], ["\x1b[0m"], ["\x1b[m"])


def test_sixteen_colours_use_the_short_codes():
    picture = Picture.blank(3, 1)
    picture.put(0, 0, "x", fg=rgb(255, 0, 0))
    picture.put(0, 1, "y", fg=rgb(255, 0, 0), bg=4)
    assert picture.ansi(16) == "\x1b[91mx\x1b[44my\x1b[0m"


def test_a_style_is_written_once_for_a_run_of_cells():
    picture = Picture.blank(10, 1)
    picture.put(0, 0, "same same!", fg=33)
    assert picture.ansi(256) == "\x1b[38;5;33msame same!\x1b[0m"


@pytest.mark.parametrize("colors", [16, 256])
def test_the_arms_stay_apart_on_poorer_terminals(colors):
    assert len({reduced(code, colors) for code in ARM_COLORS}) == len(ARM_COLORS)


@pytest.mark.parametrize("colors", [256, 2**24])
def test_heat_rises_in_lightness_at_every_depth(colors):
    lightness = [np.dot(to_rgb(reduced(code, colors)), (0.2126, 0.7152, 0.0722)) for code in HEAT]
    assert lightness == sorted(lightness)
    assert len(set(lightness)) >= 13


def test_text_outside_is_cut_off():
    picture = Picture.blank(5, 2)
    picture.put(0, 3, "abc")
    picture.put(1, -2, "abc")
    picture.put(7, 0, "abc")
    assert picture.text() == "   ab\nc"


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("\x1b[31mred", "?[31mred"),
        ("a\nb\tc\x00", "a?b c?"),
        ("宽", "?"),
        ("e\u0301", "é"),
        ("a\u200bb\u202e", "ab"),
        ("\u2028", "?"),
    ],
)
def test_strange_names_cannot_reach_the_terminal(text, cells):
    picture = Picture.blank(10, 1)
    picture.put(0, 0, text)
    assert picture.text() == cells


@given(pictures(), pictures())
def test_changed_spans_turn_the_old_picture_into_the_new_one(old, new):
    chars, fg, bg = old.chars.copy(), old.fg.copy(), old.bg.copy()
    spans = changed_spans(old, new)
    for y, x, width in spans:
        for mine, theirs in ((chars, new.chars), (fg, new.fg), (bg, new.bg)):
            mine[y, x : x + width] = theirs[y, x : x + width]
    assert (chars == new.chars).all()
    assert (fg == new.fg).all()
    assert (bg == new.bg).all()
    for (y, x, width), (next_y, next_x, _) in pairwise(spans):
        assert next_y > y or next_x - (x + width) > 4


def test_equal_pictures_have_no_changed_spans_and_other_sizes_have_all_rows():
    assert changed_spans(Picture.blank(5, 2), Picture.blank(5, 2)) == []
    assert changed_spans(Picture.blank(5, 2), Picture.blank(6, 2)) == [(0, 0, 6), (1, 0, 6)]


def test_a_frozen_picture_cannot_be_written_to():
    picture = Picture.blank(3, 1).frozen()
    with pytest.raises(ValueError, match="read-only"):
        picture.put(0, 0, "x")
