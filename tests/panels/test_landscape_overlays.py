import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tuilab.panels import View, arm_color, panels_of
from tuilab.panels.landscape.quadratic import Model
from tuilab.panels.palette import HEAT

X, Y = np.meshgrid(np.linspace(-1, 1, 65), np.linspace(-1, 1, 65))
META = {"kind": "landscape", "x": [-1, 1], "y": [-1, 1], "minima": []}
WIDTH, HEIGHT = 7 + 80, 2 + 40
"""A canvas of 80 × 40 cells: half a tenth of x, and of y, is two of them."""


def landscape(**settings):
    [panel] = panels_of({"panels": [{"type": "landscape", "title": "surface", **settings}]})
    return panel


def flat(*frames):
    return [("landscape", 0, np.zeros((65, 65), np.float32), META), *frames]


def at(arm, x, y):
    return {f"{arm}/x": ([0], [x]), f"{arm}/y": ([0], [y])}


def vectors(arrows, arm="a", step=0):
    return (f"{arm}/vectors", step, np.array(list(arrows.values()), float), {"names": list(arrows)})


def model(x, y, f, gx, gy, xx, xy, yy, arm="a"):
    return (f"{arm}/quadratic_model", 0, np.array([x, y, f, gx, gy, xx, xy, yy], float), {})


def canvas(picture):
    return picture.chars[1:-1, 7:]


def cell(x, y):
    """The row and column of the canvas's cell."""
    return int((1 - y) * 20), int((1 + x) * 40)


def test_contours_are_lines_of_equal_height(record):
    bowl = ("landscape", 0, (X**2 + Y**2).astype(np.float32), META)
    picture = landscape().draw(record(frames=[bowl]), View(0), WIDTH, HEIGHT)
    lines = np.argwhere((canvas(picture) > "⠀") & (canvas(picture) <= "⣿"))
    assert len(lines) > 100
    radius = np.hypot((lines[:, 1] - 39.5) / 40, (lines[:, 0] - 19.5) / 20)
    # Of 24 levels every fourth ends in a line: five circles, each no wider than a cell's corners.
    circles = np.sort(radius)
    gaps = np.diff(circles)
    assert (gaps > 0.045).sum() >= 2
    assert {*picture.fg[1:-1, 7:][tuple(lines.T)].tolist()} <= {*HEAT}
    plain = landscape().draw(record(frames=[bowl]), View(0, color=False), WIDTH, HEIGHT)
    assert not ((canvas(plain) > "⠀") & (canvas(plain) <= "⣿")).any()


def test_arrows_run_from_the_arm_to_their_tips(record):
    arrows = {"gradient": [0.01, -0.02, 0.5, 0.0], "momentum": [0.01, -0.02, 0.0, -0.5]}
    recording = record(at("a", 0.01, -0.02), frames=flat(vectors(arrows)))
    picture = landscape().draw(recording, View(0), WIDTH, HEIGHT)
    assert canvas(picture)[cell(0.51, -0.02)] == "→"
    assert canvas(picture)[cell(0.01, -0.52)] == "↓"
    assert (canvas(picture)[cell(0, 0)[0], 42:60] != " ").all()
    assert picture.text().split("\n")[-1].split() == ["-1", "→", "gradient", "→", "momentum", "1"]
    plain = landscape().draw(recording, View(0, color=False), WIDTH, HEIGHT)
    assert canvas(plain)[cell(0.51, -0.02)] == "g"
    assert canvas(plain)[cell(0.01, -0.52)] == "m"
    assert "g gradient" in plain.text()
    ascii_only = landscape().draw(recording, View(0, glyphs="ascii"), WIDTH, HEIGHT)
    assert canvas(ascii_only)[cell(0.51, -0.02)] == ">"


def test_short_arrows_are_magnified_by_a_power_of_two_and_that_is_said(record):
    arrows = {"momentum": [0.0, 0.0, 0.01, 0.0], "look-ahead": [0.01, 0.0, 0.0, 0.01]}
    recording = record(at("a", 0.0, 0.0), frames=flat(vectors(arrows)))
    picture = landscape().draw(recording, View(0), WIDTH, HEIGHT)
    assert "arrows ×32" in picture.text()
    assert canvas(picture)[cell(0.32, 0.0)[0], cell(0.32, 0)[1]] in "→⣿⡇⠇⡀⢸⠸"
    # What starts at the other's tip still does.
    assert canvas(picture)[cell(0.32, 0.32)] == "↑"


@pytest.mark.parametrize(
    "array",
    [np.full((1, 4), np.nan), np.full((2, 4), 1e200), np.zeros((3, 4)), np.zeros((2, 3)), np.zeros(4)],
)
def test_arrows_that_are_none_are_left_out(record, array):
    recording = record(at("a", 0.0, 0.0), frames=flat(("a/vectors", 0, array, {})))
    without = landscape().draw(record(at("a", 0.0, 0.0), frames=flat()), View(0), WIDTH, HEIGHT)
    assert (landscape().draw(recording, View(0), WIDTH, HEIGHT).chars[1:-1] == without.chars[1:-1]).all()


def test_arrows_are_those_of_the_moment_and_of_arms_that_are_shown(record):
    frames = flat(
        vectors({"step": [0.0, 0.0, 0.5, 0.0]}),
        vectors({"step": [0.0, 0.0, -0.5, 0.0]}, step=5),
        vectors({"step": [0.0, 0.5, 0.5, 0.0]}, arm="b"),
    )
    recording = record({**at("a", 0.0, 0.0), **at("b", 0.0, 0.5)}, frames=frames)
    early, late = (landscape().draw(recording, View(step), WIDTH, HEIGHT).text() for step in (4, 5))
    assert (early.count("→"), early.count("←")) == (3, 0)
    assert (late.count("→"), late.count("←")) == (2, 1)
    hidden = landscape().draw(recording, View(5, hidden=frozenset({"a"})), WIDTH, HEIGHT).text()
    assert (hidden.count("→"), hidden.count("←")) == (2, 0)


def test_newtons_model_is_an_ellipse_through_the_arm_around_its_jump(record):
    # f = 2(x − 0.1)² + y²/2: at (0.5, 0) the gradient is 1.6, and its level line reaches x = -0.3, y = ±0.8.
    recording = record(at("a", 0.5, 0.0), frames=flat(model(0.5, 0, 0.32, 1.6, 0, 4, 0, 1)))
    picture = landscape().draw(recording, View(0), WIDTH, HEIGHT)
    own = (picture.fg[1:-1, 7:] == arm_color(recording.header, "a")) & (canvas(picture) != " ")
    rows, columns = np.nonzero(own)
    assert (columns.min(), columns.max()) == pytest.approx((cell(-0.3, 0)[1], cell(0.5, 0)[1]), abs=1)
    assert (rows.min(), rows.max()) == pytest.approx((cell(0, 0.8)[0], cell(0, -0.8)[0]), abs=1)
    assert canvas(picture)[cell(0.1, 0.0)] == "◎"
    told = "surface at step 0: a at (0.500, 0), its model's minimum at (0.100, 0)."
    assert landscape().describe(recording, View(0)) == told


@pytest.mark.parametrize(("hessian", "kind"), [((1, 0, -1), "saddle"), ((-2, 0, -1), "maximum")])
def test_the_model_says_what_its_stationary_point_is(record, hessian, kind):
    recording = record(at("a", 0.5, 0.5), frames=flat(model(0.5, 0.5, 0, 0.2, 0.2, *hessian)))
    assert f"its model's {kind} at (" in landscape().describe(recording, View(0))
    landscape().draw(recording, View(0), WIDTH, HEIGHT)


def test_a_flat_model_has_no_jump():
    model = Model(np.zeros(2), np.ones(2), np.zeros((2, 2)))
    assert model.jump is None
    assert Model(np.zeros(2), np.array([2.0, 3.0]), np.diag([1.0, 2.0])).jump.tolist() == [-2, -1.5]


@pytest.mark.parametrize("figures", [np.full(8, np.nan), np.zeros(7), np.full(8, 1e300)])
def test_a_model_that_is_none_is_left_out(record, figures):
    recording = record(at("a", 0.5, 0.0), frames=flat(("a/quadratic_model", 0, figures, {})))
    assert landscape().describe(recording, View(0)) == "surface at step 0: a at (0.500, 0)."
    assert "◎" not in landscape().draw(recording, View(0), WIDTH, HEIGHT).text()


def test_points_of_a_crowd_lie_on_the_surface_in_their_arms_colours(record):
    crowd = np.random.default_rng(0).uniform(-1, 0, (500, 2))
    frames = flat(("a/walkers", 0, crowd, {"kind": "scatter"}), ("b/walkers", 0, -crowd, {"kind": "scatter"}))
    recording = record(frames=frames)
    picture = landscape(points="walkers").draw(recording, View(0), WIDTH, HEIGHT)
    for arm, part in (("a", (slice(21, -1), slice(7, 47))), ("b", (slice(1, 21), slice(47, None)))):
        own = picture.fg == arm_color(recording.header, arm)
        assert own[part].sum() > 200
    assert not (landscape().draw(recording, View(0), WIDTH, HEIGHT).chars[1:-1, 7:] != " ").any()


HUGE = st.one_of(st.floats(), st.sampled_from([0.0, 1e300, -1e300, 1e49, 5e-324, np.nan, np.inf, 1.0]))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_the_overlays_hold_they_are_drawn_or_left_out(record, data):
    numbers = {
        name: np.array(data.draw(st.lists(HUGE, min_size=size, max_size=size)))
        for name, size in (("vectors", 8), ("quadratic_model", 8), ("walkers", 6))
    }
    surface = np.array(data.draw(st.lists(HUGE, min_size=6, max_size=6))).reshape(2, 3)
    frames = [
        ("landscape", 0, surface, META),
        ("a/vectors", 0, numbers["vectors"].reshape(2, 4), {"names": ["gradient", "step"]}),
        ("a/quadratic_model", 0, numbers["quadratic_model"], {}),
        ("a/walkers", 0, numbers["walkers"].reshape(3, 2), {}),
    ]
    recording = record(at("a", *data.draw(st.tuples(HUGE, HUGE))), frames=frames)
    width, height = data.draw(st.tuples(st.integers(1, 60), st.integers(1, 24)))
    view = View(
        0, glyphs=data.draw(st.sampled_from(["braille", "block", "ascii"])), color=data.draw(st.booleans())
    )
    picture = landscape(points="walkers").draw(recording, view, width, height)
    assert picture.chars.shape == (height, width)
    if view.glyphs == "ascii":
        assert picture.text().isascii()
    assert landscape().describe(recording, view).endswith(".")
