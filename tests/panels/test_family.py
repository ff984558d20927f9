import numpy as np
import pytest

from tuilab.panels import View, panels_of
from tuilab.panels.palette import ARM_COLORS, BROKEN

X = np.linspace(-4, 4, 201)
META = {"kind": "curves", "x": [-4, 4], "x_name": "h", "names": ["value", "derivative"]}
TANH = [np.tanh(X), 1 - np.tanh(X) ** 2]
RELU = [np.maximum(X, 0), (X > 0) * 1.0]


def panel(**settings):
    [made] = panels_of({"panels": [{"type": "family", "title": "functions", "frame": "f", **settings}]})
    return made


def frame(curves, name="a/f", step=0, **meta):
    return (name, step, np.asarray(curves, np.float64), {**META, **meta})


def height(picture, color, column):
    """The topmost and lowest row of a colour in a column of the canvas."""
    rows = np.flatnonzero(picture.fg[1:-2, 7 + column] == color)
    return (int(rows[0]), int(rows[-1])) if len(rows) else None


def test_a_curve_lies_where_the_axes_say(record):
    picture = panel(rows=["value"]).draw(
        record(frames=[frame(TANH), frame(RELU, "b/f")]), View(0), 7 + 64, 23
    )
    lines = picture.text().split("\n")
    assert "over h" in lines[0]
    assert lines[-1].split() == ["-4", "-2", "0", "2", "4"]
    zero = next(y for y, line in enumerate(lines) if line.strip().startswith("0┤")) - 1
    one = next(y for y, line in enumerate(lines) if line.strip().startswith("1┤")) - 1
    assert height(picture, ARM_COLORS[0], 60)[0] == pytest.approx(one, abs=1)
    assert height(picture, ARM_COLORS[0], 2)[0] == pytest.approx(2 * zero - one, abs=1)
    assert height(picture, ARM_COLORS[1], 62)[0] == 0
    assert picture.chars[1:-2, 7 + 32].tolist().count("│") > 10
    assert "value" not in lines[0]


def test_rows_of_several_arms_differ_in_their_dashes(record):
    recording = record(frames=[frame(TANH), frame(RELU, "b/f")])
    picture = panel().draw(recording, View(0), 100, 23)
    assert "── value ╌╌ derivative" in picture.text()
    assert {33, 208} <= set(picture.fg.ravel().tolist())
    alone = panel().draw(recording, View(0, hidden=frozenset({"a"})), 100, 23)
    assert 33 not in alone.fg


def test_rows_of_one_arm_differ_in_colour(record):
    picture = panel().draw(record(frames=[frame(TANH)]), View(0), 100, 23)
    assert picture.text().split("\n")[0].split()[-4:] == ["●", "value", "■", "derivative"]
    assert {33, 208} <= set(picture.fg.ravel().tolist())


def test_without_colour_marks_tell_curves_apart(record):
    for glyphs, marks in (("braille", "●■"), ("ascii", "o#")):
        recording = record(frames=[frame(TANH), frame(RELU, "b/f")])
        picture = panel(rows=["value"]).draw(recording, View(0, color=False, glyphs=glyphs), 100, 23)
        assert all((picture.chars[1:] == mark).sum() >= 3 for mark in marks)


def test_a_curve_that_breaks_has_a_gap_and_a_cross(record):
    values = np.where((X > 0) & (X < 2), np.nan, X)
    picture = panel().draw(record(frames=[frame([values], names=["f"])]), View(0), 7 + 64, 23)
    assert (picture.chars[1:] == BROKEN).sum() == 1
    assert height(picture, 33, 40) is None
    assert height(picture, 33, 60) is not None
    told = panel().describe(record(frames=[frame([values], names=["f"])]), View(0))
    assert told == "functions at step 0: a lowest -4.00 at -4 and highest 4.00 at 4, 49 not finite."


def test_logarithmic_axes(record):
    spectrum = 10.0 ** np.linspace(0, -6, 50)
    made = frame([spectrum, spectrum - 1], x=[1, 1000], x_scale="log", names=["s", "t"])
    recording = record(frames=[made])
    picture = panel(scale="log", rows=["s"]).draw(recording, View(0), 7 + 64, 23)
    lines = picture.text().split("\n")
    assert lines[-1].split() == ["1", "10", "100", "1000"]
    top = [height(picture, 33, column)[0] for column in range(60)]
    assert top == sorted(top)
    assert np.diff(top).max() <= 1
    assert "values ≤ 0 left out" in panel(scale="log").draw(recording, View(0), 90, 23).text()
    assert "highest 1.00 at 1" in panel().describe(recording, View(0))


def test_the_description_names_what_there_is(record):
    told = panel().describe(record(frames=[frame(TANH), frame(RELU, "b/f")]), View(0))
    assert "a derivative lowest 0.00134 at -4 and highest 1.00 at 0, b value lowest 0 at -4" in told


def test_the_last_curves_before_the_moment_are_shown(record):
    recording = record(frames=[frame([X], names=["f"]), frame([-X], names=["f"], step=5)])
    early, late = (panel().draw(recording, View(step), 7 + 64, 23) for step in (4, 5))
    assert height(early, 33, 60)[0] < height(early, 33, 5)[0]
    assert height(late, 33, 60)[0] > height(late, 33, 5)[0]


@pytest.mark.parametrize("array", [np.zeros(3), np.zeros((0, 3)), np.zeros((2, 2, 2))])
def test_a_frame_without_curves_is_said(record, array):
    assert "no curves to show" in panel().draw(record(frames=[frame(array)]), View(0), 40, 8).text()
    assert (
        "no curves to show" in panel(rows=["other"]).draw(record(frames=[frame(TANH)]), View(0), 40, 8).text()
    )
