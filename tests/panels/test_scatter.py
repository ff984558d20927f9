import numpy as np
import pytest

from tuilab.panels import View, panels_of
from tuilab.panels.hues import CLASSES, SHADED
from tuilab.panels.scatter import shape_of

RNG = np.random.default_rng(3)
ROUND = RNG.normal(size=(300, 2))
META = {"kind": "scatter", "names": ["height", "weight"]}


def panel(**settings):
    [made] = panels_of({"panels": [{"type": "scatter", "title": "cloud", "frame": "c", **settings}]})
    return made


def frame(points, name="a/c", step=0, **meta):
    return (name, step, np.asarray(points, np.float64), {**META, **meta})


def drawn(picture, color):
    """Columns and rows of the cells below title and captions that have a colour."""
    return np.argwhere((picture.fg[2:] == color) & (picture.chars[2:] != " "))[:, ::-1]


def test_the_shape_is_that_of_the_covariance():
    stretched = ROUND @ np.array([[3.0, 1.0], [0.0, 0.5]]) + (5, -2)
    shape = shape_of(stretched)
    values, vectors = np.linalg.eigh(np.cov(stretched.T, bias=True))
    assert np.allclose(shape.mean, stretched.mean(axis=0))
    assert np.allclose(shape.spreads**2, values[::-1])
    assert np.allclose(abs(shape.axes @ vectors[:, ::-1]), np.eye(2), atol=1e-9)
    assert np.allclose(shape_of(stretched * 1e200).spreads, shape.spreads * 1e200)
    assert shape_of(stretched[:1]) is None


def test_points_lie_where_the_axes_say(record):
    corners = [(-10, -10), (-10, 10), (10, -10), (10, 10)]
    picture = panel(ellipse=False).draw(record(frames=[frame(corners)]), View(0), 7 + 40, 22)
    body = picture.chars[1:-1, 7:]
    assert np.argwhere(body == "●").tolist() == [[0, 0], [0, 39], [19, 0], [19, 39]]
    assert (body[1:-1, 20] == "│").sum() == 17
    assert body[9, 20] == "┼" or body[10, 20] == "┼"
    lines = picture.text().split("\n")
    assert lines[1].split()[0] == "10"
    assert lines[-2].split()[0] == "-10"
    assert "height →  weight ↑" in lines[0]


def test_a_round_cloud_has_a_round_ellipse(record):
    """One unit is as long across as up: a cell is twice as high as wide."""
    picture = panel().draw(record(frames=[frame(ROUND)]), View(0), 100, 40)
    rows, columns = np.nonzero(picture.bg == SHADED)
    across, up = np.ptp(columns) + 1, 2 * (np.ptp(rows) + 1)
    assert across == pytest.approx(up, rel=0.15)
    plain = panel(ellipse=False).draw(record(frames=[frame(ROUND)]), View(0), 100, 40)
    assert not (plain.bg == SHADED).any()


def test_units_too_unlike_get_scales_of_their_own(record):
    text = panel().draw(record(frames=[frame(ROUND * (1, 1000))]), View(0), 100, 20).text()
    assert "x and y on different scales" in text
    assert "different scales" not in panel().draw(record(frames=[frame(ROUND)]), View(0), 100, 20).text()


def test_arms_side_by_side_on_one_scale(record):
    recording = record(frames=[frame(ROUND, "a/c"), frame(ROUND * 0.1, "b/c")])
    picture = panel(ellipse=False).draw(recording, View(0), 100, 24)
    assert picture.text().split("\n")[1].split() == ["●", "a", "■", "b"]
    widths = [np.ptp(drawn(picture, color)[:, 0]) for color in (33, 208)]
    assert widths[0] > 5 * widths[1]
    alone = panel().draw(recording, View(0, hidden=frozenset({"a"})), 100, 24)
    assert not len(drawn(alone, 33))


def test_classes_by_colour_and_by_mark(record):
    points = np.column_stack(
        [ROUND + np.repeat([[-5, 0], [5, 0], [0, 5]], 100, axis=0), np.repeat(range(3), 100)]
    )
    recording = record(frames=[frame(points, classes=["cat", "dog", "ship"])])
    picture = panel(ellipse=False).draw(recording, View(0), 100, 24)
    cats, dogs = (drawn(picture, color)[:, 0] for color in CLASSES[:2])
    assert np.median(cats) < np.median(dogs)
    for glyphs, marks in (("braille", "○□△"), ("ascii", "abc")):
        plain = panel(ellipse=False).draw(recording, View(0, color=False, glyphs=glyphs), 100, 24)
        assert all((plain.chars[1:] == mark).sum() > 5 for mark in marks)
        assert plain.text().split("\n")[0].split()[-6:] == [
            *f"{marks[0]} cat {marks[1]} dog {marks[2]} ship".split()
        ]


def test_the_description_has_the_numbers(record):
    line = np.stack([np.linspace(-2, 4, 61)] * 2, axis=1)
    told = panel().describe(record(frames=[frame([*line, (np.nan, 1)])]), View(0))
    assert told == (
        "cloud at step 0: a 61 points, mean (1.00, 1.00), "
        "spreads 2.49 and 0 along the principal axes, the first at 45°, 1 not finite."
    )


def test_the_last_points_before_the_moment_are_shown(record):
    recording = record(frames=[frame([(-1, -1), (1, 1)]), frame([(-1, 1), (1, -1)], step=5)])
    early, late = (panel(ellipse=False).draw(recording, View(step), 47, 22).chars for step in (4, 5))
    assert (early[1:-1, 7:][0] == "●").sum() == 1
    assert np.argwhere(early == "●")[1:].tolist() != np.argwhere(late == "●")[1:].tolist()


@pytest.mark.parametrize("array", [np.zeros(3), np.zeros((4, 1)), np.zeros((2, 2, 2))])
def test_a_frame_without_points_is_said(record, array):
    assert "no points to show" in panel().draw(record(frames=[frame(array)]), View(0), 40, 8).text()


@pytest.mark.parametrize("points", [np.zeros((0, 2)), np.full((3, 2), np.nan), [[2.0, 3.0]], [[1e300, 0]]])
def test_few_points_or_none(record, points):
    recording = record(frames=[frame(points)])
    assert panel().draw(recording, View(0), 60, 20).chars.shape == (20, 60)
    assert "points" in panel().describe(recording, View(0))
