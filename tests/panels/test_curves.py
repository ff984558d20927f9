from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuilab.panels import View, arm_color, panels_of
from tuilab.panels.columns import Columns, first_nonfinite
from tuilab.panels.fading import faint
from tuilab.panels.palette import BROKEN, arm_mark
from tuilab.panels.theory import is_theory, measured
from tuilab.recording import Recording, SeriesName, Writer

WIDTH, HEIGHT = 58, 17
MARKS = "●■▲◆"


def curves(*globs, title="loss", scale="linear"):
    [panel] = panels_of(
        {"panels": [{"type": "curves", "title": title, "series": list(globs), "scale": scale}]}
    )
    return panel


def marks(picture, char, top=1):
    """The (y, x) of a character below the title row."""
    return [(y + top, x) for y, x in np.argwhere(picture.chars[top:] == char).tolist()]


def test_a_falling_line_runs_from_the_upper_left_to_the_lower_right(record):
    steps = np.arange(101)
    recording = record({"a/loss": (steps, 100.0 - steps)}, steps=100)
    picture = curves("*/loss").draw(recording, View(100), WIDTH, HEIGHT)
    canvas = picture.chars[1:-2, 7:]
    tops = [np.flatnonzero(column != " ")[0] for column in canvas.T]
    assert tops == sorted(tops)
    assert (tops[0], tops[-1]) == (0, canvas.shape[0] - 1)
    assert picture.fg[1:-2, 7:][canvas != " "].tolist() == [33] * int((canvas != " ").sum())
    assert picture.text().split("\n")[0].startswith("loss")
    assert "● a 0" in picture.text()


def test_arms_have_their_colours_marks_and_latest_values(record):
    recording = record({"a/loss": (range(5), [1.0] * 5), "b/loss": (range(5), [2.0] * 5)})
    picture = curves("*/loss").draw(recording, View(4), WIDTH, HEIGHT)
    for arm, mark, value in (("a", "●", "1.00"), ("b", "■", "2.00")):
        assert f"{mark} {arm} {value}" in picture.text()
        [(y, x)] = marks(picture, mark)
        assert picture.fg[y, x] == arm_color(recording.header, arm)
    assert marks(picture, "■")[0][0] < marks(picture, "●")[0][0]


def test_a_series_that_breaks_ends_in_a_cross_and_is_told(record):
    values = np.where(np.arange(101) < 57, 1.0, np.nan)
    recording = record(
        {"a/loss": (np.arange(101), values), "b/loss": (np.arange(101), np.linspace(2, 0.3, 101))}
    )
    panel = curves("*/loss")
    picture = panel.draw(recording, View(100), WIDTH, HEIGHT)
    [(y, x)] = marks(picture, BROKEN)
    assert picture.fg[y, x] == arm_color(recording.header, "a")
    assert x == 7 + round(56 / 128 * (2 * 51 - 1)) // 2
    assert "● a NaN" in picture.text()
    told = "loss at step 100: a NaN since step 57, b 0.300 (falling)."
    assert panel.describe(recording, View(100)) == told
    assert not marks(panel.draw(recording, View(56), WIDTH, HEIGHT), BROKEN)


def test_a_gap_of_nan_is_not_bridged(record):
    values = np.ones(101)
    values[40:60] = np.inf
    recording = record({"a/loss": (np.arange(101), values)}, steps=100)
    row = curves("*/loss").draw(recording, View(100), WIDTH, HEIGHT)
    [height] = {y for y, x in np.argwhere(row.chars[1:-2, 7:] != " ").tolist()}
    line = "".join(row.chars[1 + height, 7:])
    broken, end = line.index(BROKEN), line.rindex("●")
    assert line[broken + 1 : broken + 9] == " " * 8
    assert " " not in line[broken + 11 : end]


def test_infinite_from_the_start_marks_the_beginning(record):
    recording = record({"a/loss": (range(20), [np.inf] * 20)})
    picture = curves("*/loss").draw(recording, View(19), WIDTH, HEIGHT)
    assert marks(picture, BROKEN) == [(HEIGHT - 3, 7)]
    assert "Inf since step 0" in curves("*/loss").describe(recording, View(19))


def test_sparse_points_are_shown_and_joined(record):
    recording = record({"a/validation.loss": ([0, 50, 100], [3.0, 2.0, 1.0])}, steps=100)
    picture = curves("*/validation.loss").draw(recording, View(100), WIDTH, HEIGHT)
    assert len(marks(picture, "○")) == 2
    assert len(marks(picture, "●")) == 1
    assert all((column != " ").any() for column in picture.chars[1:-2, 7:].T)


def test_metrics_of_one_arm_differ_in_their_dashes(record):
    steps = np.arange(101)
    recording = record(
        {"a/train.loss": (steps, steps * 0 + 1.0), "a/validation.loss": (steps, steps * 0 + 2.0)}
    )
    picture = curves("*/train.loss", "*/validation.loss").draw(recording, View(100), WIDTH, HEIGHT)
    assert "── train ╌╌ validation" in picture.text().split("\n")[0]
    # 100 of 128 steps on 102 pixels: the dashed line leaves out every other pair of them.
    dots = np.vectorize(lambda char: (ord(char) - 0x2800).bit_count() if 0x2800 < ord(char) < 0x2900 else 0)
    rows = sorted(row for row in dots(picture.chars[1:-2, 7:]).sum(axis=1).tolist() if row)
    assert rows[0] * 2 == pytest.approx(rows[1], abs=5)


def test_what_has_no_logarithm_is_left_out_and_said(record):
    recording = record({"a/loss": (range(101), [1.0, 0.0, -1.0, 10.0] * 25 + [100.0])})
    panel = curves("*/loss", scale="log")
    assert "values ≤ 0 left out" in panel.draw(recording, View(100), WIDTH, HEIGHT).text()
    assert "left out" not in panel.draw(recording, View(0), WIDTH, HEIGHT).text()
    assert "left out" not in panel.draw(recording, View(100, log=False), WIDTH, HEIGHT).text()


def test_the_view_overrules_the_scale(record):
    recording = record({"a/loss": (range(101), np.geomspace(1, 1e-6, 101))})
    linear, log = (curves("*/loss", scale=scale) for scale in ("linear", "log"))
    for view in (View(100), View(100, log=True), View(100, log=False)):
        same = linear.draw(recording, view, WIDTH, HEIGHT).same(log.draw(recording, view, WIDTH, HEIGHT))
        assert same == (view.log is not None)
    assert "1e-4" in log.draw(recording, View(100), WIDTH, HEIGHT).text()


def test_hidden_arms_are_left_out(record):
    recording = record({"a/loss": (range(9), [1.0] * 9), "b/loss": (range(9), [9e9] * 9)})
    panel, view = curves("*/loss"), View(8, hidden=frozenset({"b"}))
    text = panel.draw(recording, view, WIDTH, HEIGHT).text()
    assert "■" not in text
    assert "e9" not in text
    assert panel.describe(recording, view) == "loss at step 8: a 1.00 (level)."


def test_nothing_after_the_moment_is_drawn(record):
    steps = np.arange(5000)
    values = np.random.default_rng(0).normal(size=5000)
    whole = record({"a/loss": (steps, values)}, steps=5000)
    for moment in (0, 3, 100, 777, 4000):
        part = record({"a/loss": (steps[: moment + 1], values[: moment + 1])}, steps=5000)
        for live in (False, True):
            view = View(moment, live=live)
            now, then = (curves("*").draw(r, view, WIDTH, HEIGHT) for r in (part, whole))
            assert now.same(then)


@pytest.mark.parametrize("glyphs", ["braille", "block", "ascii"])
def test_live_columns_stay_as_they_are_until_the_axis_doubles(record, glyphs):
    """Only the arm's mark moves on. The value axis is held still by two constants."""
    rng = np.random.default_rng(1)
    size = 2000
    series = {
        "a/loss": (np.arange(size), rng.uniform(0.1, 0.9, size)),
        "c/loss": (np.arange(size), np.zeros(size)),
    }
    recording = record(
        {**series, "d/loss": (np.arange(size), np.ones(size))}, arms=["a", "c", "d"], steps=size
    )
    panel = curves("*")
    before = None
    for step in range(600, 1000, 7):  # one range: up to 1024
        now = panel.draw(recording, View(step, live=True, glyphs=glyphs), WIDTH, HEIGHT)
        if before is not None:
            differ = np.flatnonzero((before.chars != now.chars)[1:].any(axis=0))
            ends = [x for mark in "●■▲o#^" for _, x in marks(before, mark)]
            assert all(column >= max(ends) - 2 for column in differ)
        before = now


def test_live_a_step_within_a_column_changes_no_cell_of_the_chart(record):
    size = 4096
    recording = record({"a/loss": (np.arange(size), np.random.default_rng(2).normal(size=size))})
    pictures = [
        curves("*").draw(recording, View(step, live=True), WIDTH, HEIGHT) for step in range(3000, 3200)
    ]
    changes = sum(bool((a.chars[1:] != b.chars[1:]).any()) for a, b in pairwise(pictures))
    assert changes <= 200 / (4096 / 51) + 1


def test_a_long_series_is_drawn_from_overviews(record, monkeypatch):
    size = 300_000
    values = np.sin(np.arange(size) / 3e4)
    values[250_000:] = np.nan
    recording = record({"a/loss": (np.arange(size), values)})
    whole = Recording.read
    inside = []

    def overview(self, *arguments):
        inside.append(True)
        try:
            return plain(self, *arguments)
        finally:
            inside.pop()

    def read(self, name, start=None, stop=None):
        steps, found = whole(self, name, start, stop)
        assert inside or len(steps) <= 5000
        return steps, found

    plain = Recording.overview
    monkeypatch.setattr(Recording, "overview", overview)
    monkeypatch.setattr(Recording, "read", read)
    assert BROKEN in curves("*").draw(recording, View(size), WIDTH, HEIGHT).text()
    assert "NaN since step 250000" in curves("*").describe(recording, View(size))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_the_first_broken_step_is_found(tmp_path_factory, data):
    size = data.draw(st.integers(1, 60_000))
    values = np.zeros(size)
    bad = data.draw(st.lists(st.integers(0, size - 1), max_size=4))
    values[bad] = np.nan
    step = data.draw(st.integers(0, size))
    path = tmp_path_factory.mktemp("broken") / "run.tlr"
    with Recording.open(_written(path, values)) as recording:
        assert first_nonfinite(recording, "a/x", step) == min((b for b in bad if b <= step), default=None)


def _written(path, values):
    writer = Writer.create(path, {})
    writer.table(["a/x"]).extend(np.arange(len(values)), values[:, None])
    writer.close()
    return path


def test_noise_shows_its_outliers(record):
    size = 4000
    values = np.full(size, 1.0) + np.random.default_rng(3).normal(size=size) * 0.05
    values[1234] = 9.0
    recording = record({"a/loss": (np.arange(size), values)}, steps=size)
    canvas = curves("*").draw(recording, View(size - 1), WIDTH, HEIGHT).chars[1:-2, 7:]
    top = np.flatnonzero((canvas != " ").any(axis=1))[0]
    assert top <= 2
    assert np.flatnonzero(canvas[top] != " ")[0] == pytest.approx(1234 / 4000 * 51, abs=2)


def test_without_colour_marks_along_the_line_tell_arms_apart(record):
    series = {f"{arm}/loss": (range(101), [level] * 101) for arm, level in (("a", 1.0), ("b", 2.0))}
    picture = curves("*").draw(record(series), View(100, color=False), WIDTH, HEIGHT)
    assert (picture.fg == -1).all()
    assert (picture.bg == -1).all()
    assert len(marks(picture, "●")) >= 3
    assert len(marks(picture, "■")) >= 3


def test_no_such_series_and_no_values_are_said(record):
    empty = record()
    assert "nothing is recorded yet" in curves("*/loss").draw(empty, View(-1), WIDTH, HEIGHT).text()
    other = record({"a/x": ([0], [1.0])})
    assert "no series matches */loss" in curves("*/loss").draw(other, View(0), WIDTH, HEIGHT).text()
    assert curves("*/loss").describe(empty, View(-1)) == "loss at step -1: nothing recorded yet."
    late = record({"a/loss": ([50], [1.0])})
    assert "nothing to draw yet" in curves("*/loss").draw(late, View(10), WIDTH, HEIGHT).text()
    assert curves("*/loss").describe(late, View(10)) == "loss at step 10: a nothing yet."


@pytest.mark.parametrize(
    ("width", "names"), [(100, "● a 1.00"), (30, "● a"), (16, "● a  ■ b"), (12, "● ■"), (8, "")]
)
def test_the_legend_gives_way_to_the_title(record, width, names):
    recording = record({"a/loss": (range(9), [1.0] * 9), "b/loss": (range(9), [2.0] * 9)})
    head = curves("*").draw(recording, View(8), width, 10).text().split("\n")[0]
    assert head.startswith("loss")
    assert names in head
    assert len(head) <= width


def test_marks_without_names_never_cut_a_title(record):
    recording = record({f"arm number {k}/loss": ([0, 1], [1.0, 1.0]) for k in range(9)})
    title = "loss of the whole network"
    for width in range(len(title), 60):
        picture = curves("*", title=title, scale="log").draw(recording, View(1), width, 6)
        assert picture.text().startswith(title)


def test_long_names_keep_their_ends_in_the_legend(record):
    recording = record({f"leaky relu .{k}/loss": ([0, 1], [1.0, 1.0]) for k in range(3)})
    head = curves("*").draw(recording, View(1), 60, 6).text().split("\n")[0]
    assert all(f" .{k}" in head for k in range(3))


def test_theory_is_dotted_in_the_colour_of_its_arm(record):
    steps = np.arange(101)
    recording = record(
        {"a/loss": (steps, steps * 0 + 1.0), "a/loss.predicted": (steps, steps * 0 + 2.0)}, steps=100
    )
    picture = curves("*/loss", "*/loss.predicted").draw(recording, View(100), WIDTH, HEIGHT)
    assert "·· theory  ● a 1.00" in picture.text().split("\n")[0]
    [(y, _)] = marks(picture, "○")
    assert y < marks(picture, "●")[0][0]
    dots = picture.chars[y, 7:-1][:-1]
    assert 10 <= (dots != " ").sum() <= 26
    assert {*picture.fg[y, 7:][picture.chars[y, 7:] != " "].tolist()} == {arm_color(recording.header, "a")}
    told = "loss at step 100: a 1.00 (level), a theory 2.00 (level)."
    assert curves("*/loss*").describe(recording, View(100)) == told


def test_a_prediction_made_once_holds_and_one_layers_too(record):
    steps = np.arange(101)
    recording = record(
        {"a/loss/2": (steps, steps + 1.0), "a/loss.predicted/2": ([0], [9.0])}, arms=["a"], steps=100
    )
    panel = curves("*", scale="log")
    [(_, half)] = marks(panel.draw(recording, View(80), WIDTH, HEIGHT), "○")
    [(_, whole)] = marks(panel.draw(recording, View(100), WIDTH, HEIGHT), "○")
    assert half == pytest.approx(7 + 40, abs=1)
    assert whole == WIDTH - 1
    assert "a theory 9.00" in panel.describe(recording, View(100))


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("a/loss.predicted", "a/loss"),
        ("a/std.predicted/3", "a/std/3"),
        ("a/predicted", "a/predicted"),
        ("a/loss", "a/loss"),
    ],
)
def test_what_a_prediction_is_about(name, of):
    identity = SeriesName.parse(name)
    assert (is_theory(identity), str(measured(identity))) == (name != of, of)


def test_no_two_arms_look_the_same() -> None:
    header = {"arms": [f"arm {number}" for number in range(64)]}
    looks = [(arm_color(header, arm), arm_mark(header, arm)) for arm in header["arms"]]
    assert len(set(looks)) == 64


def test_the_arm_in_focus_keeps_its_colour_and_lies_on_top(record):
    steps = np.arange(101)
    recording = record({"a/loss": (steps, steps * 1.0), "b/loss": (steps, steps * 1.0)}, steps=100)
    shown = {
        focus: curves("*/loss").draw(recording, View(100, focus=focus), WIDTH, HEIGHT) for focus in ("a", "b")
    }
    for focus, other in (("a", "b"), ("b", "a")):
        colors = set(shown[focus].fg[1:-2, 7:].ravel().tolist())
        assert arm_color(recording.header, focus) in colors, "the lines lie on each other: it is the upper"
        assert arm_color(recording.header, other) not in colors
        assert f" {other} " not in shown[focus].text().split("\n")[0]


def test_noise_is_a_faint_band_behind_a_smoothed_line(record):
    steps = np.arange(4000)
    noise = np.random.default_rng(0).normal(0, 0.5, 4000)
    recording = record({"a/loss": (steps, 2 + noise), "b/loss": (steps, steps * 0 + 6.0)}, steps=4000)
    picture = curves("*/loss").draw(recording, View(3999), WIDTH, HEIGHT)
    rows = {color: np.argwhere(picture.fg[1:-2, 7:] == color)[:, 0] for color in (33, faint(33))}
    # The line stays within a row or two, the band reaches as far as four thousand draws do.
    assert np.ptp(rows[33][1:-1]) <= 2
    assert np.ptp(rows[faint(33)]) >= 4
    assert not (picture.fg == faint(208)).any(), "what is not noisy has no band"


def test_smoothing_is_adams_mean_without_its_bias():
    values = np.array([[3.0, 1.0, np.nan, 4.0, 1.0, 5.0]])
    broken = np.zeros((1, 6), bool)
    found = Columns.points(values, broken).smoothed(np.array([0.9])).last[0]
    mean = mass = 0.0
    for value, seen in zip(values[0], found, strict=True):
        if np.isfinite(value):
            mean, mass = 0.9 * mean + 0.1 * value, 0.9 * mass + 0.1
            assert seen == pytest.approx(mean / mass)
        else:
            assert np.isnan(seen)


def test_a_value_measured_earlier_says_when(record):
    recording = record(
        {"a/train.loss": (range(101), [1.0] * 101), "a/validation.loss": ([0, 60], [3.0, 2.0])}, arms=["a"]
    )
    title = (
        curves("*/train.loss", "*/validation.loss")
        .draw(recording, View(100), 90, HEIGHT)
        .text()
        .split("\n")[0]
    )
    assert "● train 1.00" in title
    assert "■ validation 2.00 @60" in title


def test_a_window_shows_its_steps_alone_and_theory_still_holds_there(record):
    steps = np.arange(1001)
    recording = record({"a/loss": (steps, 1000.0 - steps), "a/loss.predicted": ([0], [150.0])}, steps=1000)
    picture = curves("*/loss", "*/loss.predicted").draw(
        recording, View(1000, window=(800, 900)), WIDTH, HEIGHT
    )
    assert next(label for label in picture.text().split("\n")[-1].split() if label.isdigit()) == "800"
    canvas = picture.chars[1:-2, 7:]
    assert (canvas != " ").any(axis=0).all(), "the line crosses it all"
    assert marks(picture, "○"), "the prediction made at step 0 is drawn, and marked where it ends"
