import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuilab.panels import View, panels_of
from tuilab.panels.fading import faded
from tuilab.panels.heat import levels
from tuilab.panels.palette import BROKEN, HEAT, HEAT_LEVELS
from tuilab.panels.paths import Path, draw_path
from tuilab.panels.picture import Picture

X, Y = np.meshgrid(np.linspace(-1, 1, 65), np.linspace(-1, 1, 65))
BOWL = 50 * X**2 + 0.5 * Y**2
TAIL = [faded(33, age) for age in (0.6, 0.3, 0)]
"""The first arm's colour, from the oldest part of its path to the newest."""

META = {"kind": "landscape", "x": [-1, 1], "y": [-1, 1], "minima": [[0, 0]]}


def landscape():
    [panel] = panels_of({"panels": [{"type": "landscape", "title": "surface"}]})
    return panel


def surface(array=BOWL, **meta):
    return ("landscape", 0, np.asarray(array, np.float32), {**META, **meta})


def walk(arm, points):
    steps = range(len(points))
    x, y = zip(*points, strict=True)
    return {f"{arm}/x": (steps, x), f"{arm}/y": (steps, y)}


def lightness(picture):
    """The heat's level of every half cell of the canvas, from the top."""
    rank = {code: place for place, code in enumerate(HEAT)}
    body = (slice(1, -1), slice(7, None))
    lower = np.vectorize(lambda code: rank.get(code, -1))(picture.bg[body])
    upper = np.where(
        picture.chars[body] == "▀", np.vectorize(lambda code: rank.get(code, -1))(picture.fg[body]), lower
    )
    return np.stack([upper, lower], axis=1).reshape(-1, lower.shape[1])


def test_a_narrow_valley_is_the_darkest_and_its_sides_rise(record):
    heat = lightness(landscape().draw(record(frames=[surface()]), View(0), 71, 32))
    middle = heat[10]
    assert middle.argmin() == pytest.approx(32, abs=2)
    assert (np.diff(middle[34:]) >= 0).all()
    assert (np.diff(middle[:30]) <= 0).all()
    # Half of a linear scale would lie within the darkest quarter; the valley uses most of the levels.
    assert len(set(middle.tolist())) >= HEAT_LEVELS // 2


def test_up_is_up(record):
    heat = lightness(landscape().draw(record(frames=[surface(Y)]), View(0), 41, 22))
    assert (heat[0] == HEAT_LEVELS - 1).all()
    assert (heat[-1] == 0).all()


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 30), st.integers(1, 30), st.data())
def test_heat_copes_with_any_heights(rows, columns, width, height, data):
    numbers = st.floats(allow_nan=True, allow_infinity=True)
    heights = np.array(data.draw(st.lists(numbers, min_size=rows * columns, max_size=rows * columns)))
    found = levels(heights.reshape(rows, columns), width, height)
    assert found.shape == (height, width)
    assert found.min() >= -1
    assert found.max() < HEAT_LEVELS


def test_what_is_not_known_stays_blank(record):
    half = np.where(X < 0, np.nan, BOWL)
    picture = landscape().draw(record(frames=[surface(half)]), View(0), 47, 12)
    assert (picture.bg[1:-1, 7:25] == -1).all()
    assert (picture.bg[1:-1, 30:] != -1).all()


def test_paths_run_to_their_marks(record):
    points = [(-0.79, 0.79 - 0.02 * k) for k in range(41)]
    recording = record(walk("a", points), frames=[surface()])
    picture = landscape().draw(recording, View(40), 47, 22)
    [[y, x]] = np.argwhere(picture.chars[1:] == "●").tolist()
    assert (x, y + 1) == (7 + 4, 1 + 10)
    column = picture.fg[3:11, x]
    assert column[-1] == 33
    assert [*column] == sorted(column, key=TAIL.index)
    assert {*column.tolist()} <= {*TAIL}
    half = landscape().draw(recording, View(20), 47, 22)
    assert np.argwhere(half.chars[1:] == "●")[0][0] < y


def test_the_minimum_and_the_ranges_are_marked(record):
    text = (
        landscape().draw(record(frames=[surface(x=[-2, 1.5], minima=[[-0.25, 0]])]), View(0), 47, 22).text()
    )
    lines = text.split("\n")
    assert lines[11][7 + 20] == "+"
    assert lines[-1].split() == ["-2", "x", "1.5"]
    assert lines[1].split()[0] == "1"
    assert lines[-2].split()[0] == "-1"


def test_an_arm_outside_is_said_and_clipped(record):
    recording = record(walk("a", [(0, 0), (0, 0.9), (0, 1e300)]), frames=[surface()])
    picture = landscape().draw(recording, View(2), 60, 22)
    assert "outside: a" in picture.text().split("\n")[0]
    assert np.argwhere(picture.chars[1:] == "●").tolist()[0][0] == 0
    assert "a at (0, 1e300), outside the picture" in landscape().describe(recording, View(2))
    assert "outside" not in landscape().draw(recording, View(1), 60, 22).text()


def test_a_path_that_breaks_ends_in_a_cross(record):
    recording = record(walk("a", [(0.5, 0.5), (0.4, 0.4), (np.nan, np.nan)]), frames=[surface()])
    picture = landscape().draw(recording, View(2), 60, 22)
    assert BROKEN in picture.text()
    assert "when last finite" in landscape().describe(recording, View(2))
    assert landscape().describe(recording, View(1)) == (
        "surface at step 1: a at (0.400, 0.400), 0.566 from the nearest minimum."
    )


def bresenham(start, end):
    """Pixels of a straight line between pixel centres, its ends included."""
    count = max(abs(end[0] - start[0]), abs(end[1] - start[1]))
    return {
        tuple(int(np.floor(a + 0.5 + (b - a) * k / max(count, 1))) for a, b in zip(start, end, strict=True))
        for k in range(count + 1)
    }


@given(st.lists(st.tuples(st.integers(0, 19), st.integers(0, 39)), min_size=1, max_size=6))
def test_a_path_lights_the_pixels_between_its_positions(points):
    picture = Picture.blank(10, 10)
    x, y = ((np.array(part) + 0.5) for part in zip(*points, strict=True))
    draw_path(picture, Path(x, y, True), (0.0, 20.0), (0.0, 40.0), 33, "o", View(0))
    bits = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]
    lit = {
        (2 * column + dx, 39 - (4 * row + dy))
        for row, column in np.argwhere(picture.chars != " ").tolist()
        for dy in range(4)
        for dx in range(2)
        if (ord(picture.chars[row, column]) - 0x2800) & bits[dy][dx]
    }
    wanted = set().union(*(bresenham(a, b) for a, b in zip(points, points[1:] or points, strict=False)))
    assert set(points) <= lit
    assert len(lit ^ wanted) <= len(wanted) * 0.1 + 2  # exact halves may round either way


def test_a_long_path_is_thinned(record):
    size = 50_000
    angle = np.arange(size) / 2000
    recording = record(
        walk("a", np.stack([np.cos(angle) * 0.9, np.sin(angle) * 0.9], 1).tolist()), frames=[surface()]
    )
    picture = landscape().draw(recording, View(size), 60, 32)
    ring = np.isin(picture.fg[1:-1, 7:], TAIL)
    assert ring.any(axis=1).sum() >= 26
    assert ring[12:18, 20:33].sum() == 0


@pytest.mark.parametrize(("glyphs", "shades"), [("braille", " ░▒▓"), ("ascii", " .:-=")])
def test_without_colour_shades_show_the_heights(record, glyphs, shades):
    picture = landscape().draw(record(frames=[surface(X)]), View(0, color=False, glyphs=glyphs), 47, 12)
    row = [shades.index(char) for char in picture.chars[3, 7:]]
    assert row == sorted(row)
    assert set(row) == set(range(len(shades)))
    assert (picture.bg == -1).all()


@pytest.mark.parametrize(
    "meta", [{"x": [1, -1]}, {"x": None}, {"y": [0]}, {"y": ["a", "b"]}, {"x": [0, float("inf")]}]
)
def test_a_frame_that_is_no_landscape_is_said(record, meta):
    assert "no surface recorded" in landscape().draw(record(frames=[surface(**meta)]), View(0), 60, 12).text()


def test_no_frame_is_said_and_positions_still_told(record):
    recording = record(walk("a", [(1, 2)]))
    assert (
        "no surface recorded (a frame named landscape)" in landscape().draw(recording, View(0), 60, 12).text()
    )
    assert landscape().describe(recording, View(0)) == "surface at step 0: a at (1.00, 2.00)."
