import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuilab.panels import View, panels_of
from tuilab.panels.blocks import Block
from tuilab.panels.colors import to_rgb
from tuilab.panels.tiles.gallery import Gallery, grid_of
from tuilab.panels.tiles.panel import resized

RNG = np.random.default_rng(5)
CLASSES = {"kind": "captions", "classes": ["cat", "dog", "ship"]}


def panel(**settings):
    [made] = panels_of({"panels": [{"type": "tiles", "title": "pictures", "frame": "p", **settings}]})
    return made


def frame(pictures, name="a/p", step=0, **meta):
    return (name, step, np.asarray(pictures, np.uint8), {"kind": "pictures", **meta})


def pixels(picture):
    """Red, green and blue of every half cell below the title, and whether it has any."""
    upper = np.where(picture.chars[1:] == "▀", picture.fg[1:], picture.bg[1:])
    upper = np.where(picture.chars[1:] == "▄", -1, upper)
    lower = np.where(picture.chars[1:] == "▄", picture.fg[1:], picture.bg[1:])
    codes = np.stack([upper, lower], axis=1).reshape(-1, picture.width)
    colors = np.array([[to_rgb(int(code)) if code >= 0 else (0, 0, 0) for code in row] for row in codes])
    return colors, codes >= 0


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 5), st.sampled_from([1, 3]), st.integers(0, 2**32 - 1))
def test_a_picture_with_room_shows_every_pixel(scale, channels, seed):
    image = np.random.default_rng(seed).integers(0, 256, (8, 6, channels), dtype=np.uint8)
    shown = resized(image[None], 8 * scale, 6 * scale)[0]
    whole = np.broadcast_to(image, (8, 6, 3))
    assert np.array_equal(shown, whole.repeat(scale, axis=0).repeat(scale, axis=1))


def test_colours_reach_the_cells(record):
    image = RNG.integers(0, 256, (1, 8, 12, 3), dtype=np.uint8)
    colors, there = pixels(panel().draw(record(frames=[frame(image)]), View(0), 12, 5))
    assert there.all()
    assert abs(colors.astype(int) - image[0].astype(int)).max() <= 8
    grey, _ = pixels(panel().draw(record(frames=[frame(image[..., :1])]), View(0), 12, 5))
    assert (np.ptp(grey, axis=2) == 0).all()


def test_large_pictures_are_averaged(record):
    image = np.zeros((1, 64, 64, 3), np.uint8)
    image[:, ::2] = 255
    colors, there = pixels(panel().draw(record(frames=[frame(image)]), View(0), 8, 5))
    assert there.all()
    assert ((colors > 115) & (colors < 140)).all()


def test_pictures_are_as_large_as_fits_and_stand_apart(record):
    images = np.full((6, 8, 8, 3), 200, np.uint8)
    _, there = pixels(panel().draw(record(frames=[frame(images)]), View(0), 26, 11))
    columns = np.flatnonzero(~there.any(axis=0))
    assert columns.tolist() == [8, 17]
    assert there[:8, :8].all()
    assert not there[8:10].any()
    assert there[10:18, :8].all()
    _, there = pixels(panel().draw(record(frames=[frame(images[:1])]), View(0), 26, 9))
    assert there[:16, :16].all()
    assert there.sum() == 16 * 16


def test_where_room_is_scarce_fewer_pictures_are_shown(record):
    recording = record(frames=[frame(np.full((100, 32, 32, 3), 99))])
    text = panel().draw(recording, View(0), 30, 8).text()
    assert "3 of 100" in text
    assert "of 100" not in panel().draw(recording, View(0), 120, 50).text()
    assert panel().draw(recording, View(0), 1, 1).text()


def test_captions_say_what_was_seen(record):
    verdicts = ("a/c", 0, np.array([[0, 0, 0.93], [1, 0, 0.61], [2, 2, np.nan]]), CLASSES)
    recording = record(frames=[frame(np.full((3, 24, 24, 3), 90)), verdicts])
    picture = panel(captions="c").draw(recording, View(0), 74, 14)
    [line] = [line for line in picture.text().split("\n") if "cat 93%" in line]
    assert "✗cat 61%, is dog" in line
    y = picture.text().split("\n").index(line)
    assert picture.fg[y, 0] == 35
    assert picture.fg[y, line.index("✗")] == 167
    narrow = panel(captions="c").draw(recording, View(0), 26, 10).text()
    assert "✗cat" in narrow
    assert panel(captions="c").describe(recording, View(0)) == (
        "pictures at step 0: a 3 pictures of 24 × 24 in colour, 2 of 3 right, "
        "surest mistake cat for dog with 61%."
    )


def test_titles_stand_below(record):
    recording = record(frames=[frame(np.full((2, 16, 16, 1), 90), titles=["plain", "mirrored"])])
    lines = panel().draw(recording, View(0), 40, 12).text().split("\n")
    assert any(line.split() == ["plain", "mirrored"] for line in lines)


def test_arms_beside_each_other(record):
    recording = record(frames=[frame(np.full((4, 8, 8, 3), 90)), frame(np.full((4, 8, 8, 3), 90), "b/p")])
    lines = panel().draw(recording, View(0), 60, 12).text().split("\n")
    assert lines[1].split() == ["●", "a", "■", "b"]
    alone = panel().draw(recording, View(0, hidden=frozenset({"b"})), 60, 12).text()
    assert "■" not in alone


@pytest.mark.parametrize("glyphs", ["braille", "block", "ascii"])
def test_without_colour_brightness_shows(record, glyphs):
    ramp = np.repeat(np.linspace(0, 255, 32)[None, :], 32, axis=0)[None, :, :, None]
    picture = panel().draw(record(frames=[frame(ramp)]), View(0, color=False, glyphs=glyphs), 32, 17)
    ink = {char: bin(ord(char) - 0x2800).count("1") for char in map(chr, range(0x2800, 0x2900))}
    ink |= {char: place for place, char in enumerate(" .:-=+*#%@")} if glyphs == "ascii" else {}
    ink |= {char: place for place, char in enumerate(" ░▒▓█")} if glyphs == "block" else {" ": 0}
    found = [sum(ink[char] for char in column) for column in picture.chars[1:].T.tolist()]
    assert found[0] < found[-1]
    assert np.corrcoef(found, np.arange(32))[0, 1] > 0.95


def test_the_last_pictures_before_the_moment_are_shown(record):
    recording = record(frames=[frame(np.zeros((1, 8, 8, 3))), frame(np.full((1, 8, 8, 3), 255), step=5)])
    early, late = (pixels(panel().draw(recording, View(step), 8, 5))[0] for step in (4, 5))
    assert early.max() == 0
    assert late.min() == 255


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((2, 8, 8), np.uint8),
        np.zeros((0, 8, 8, 3), np.uint8),
        np.zeros((1, 8, 8, 2), np.uint8),
        np.zeros((1, 8, 8, 3)),
    ],
)
def test_a_frame_without_pictures_is_said(record, array):
    recording = record(frames=[("a/p", 0, array, {})])
    assert "no pictures to show" in panel().draw(recording, View(0), 40, 8).text()


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(1, 60),
    st.integers(1, 30),
    st.booleans(),
)
def test_any_number_of_pictures_of_any_size_fits(count, high, wide, width, height, titled):
    gallery = Gallery(np.zeros((count, high, wide, 1), np.uint8), [])
    grid = grid_of(gallery, Block(0, 0, width, height), titled)
    assert 1 <= grid.shown <= count
    assert grid.columns * (grid.width + 1) - 1 <= width
    rows = -(-grid.shown // grid.columns)
    assert (rows - 1) * grid.pitch + (grid.height + 1) // 2 <= height
