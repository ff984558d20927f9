import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuilab.panels import View, panels_of
from tuilab.panels.colors import reduced
from tuilab.panels.hues import AREAS, CLASSES, DIVERGING
from tuilab.panels.palette import BROKEN, HEAT
from tuilab.panels.raster import averaged, shares

X, Y = np.meshgrid(np.linspace(0, 1, 16), np.linspace(0, 1, 10))
META = {"kind": "map", "x": [0, 1], "y": [0, 1], "x_name": "rate", "y_name": "momentum", "colors": "heat"}
NAMES = ["cat", "dog", "ship"]
TABLE = {"kind": "map", "x_labels": NAMES, "y_labels": NAMES, "x_name": "predicted", "y_name": "true"}


def panel(**settings):
    [made] = panels_of({"panels": [{"type": "map", "title": "map", "frame": "m", **settings}]})
    return made


def frame(array, name="a/m", step=0, **meta):
    return (name, step, np.asarray(array), {**META, **meta})


def level(codes, table):
    rank = {code: place for place, code in enumerate(table)}
    return np.vectorize(lambda code: rank.get(code, -1))(codes)


def canvas(picture):
    return level(picture.bg[1:-1, 7:], HEAT)


def test_row_0_is_at_the_bottom_and_column_0_at_the_left(record):
    picture = panel().draw(record(frames=[frame(Y)]), View(0), 71, 22)
    assert (canvas(picture)[0] > canvas(picture)[-1]).all()
    picture = panel().draw(record(frames=[frame(X)]), View(0), 71, 22)
    assert (np.diff(canvas(picture), axis=1) >= 0).all()
    lines = picture.text().split("\n")
    labels = [line.split()[0] for line in lines[1:-1] if line.strip()]
    assert labels[0] == "1.0"
    assert labels[-1] == "0.0"
    assert lines[-1].split()[0] == "0.0"
    assert "rate →  momentum ↑" in lines[0]
    assert "dark 0, light 1" in lines[0]


@given(
    st.integers(1, 9), st.integers(1, 9), st.integers(1, 30), st.integers(1, 30), st.integers(0, 2**32 - 1)
)
@settings(max_examples=50, deadline=None)
def test_pixels_are_the_mean_of_what_lies_under_them(rows, columns, height, width, seed):
    values = np.random.default_rng(seed).normal(size=(rows, columns))
    shown = averaged(values, height, width)
    assert shown.shape == (height, width)
    assert shown.min() >= values.min() - 1e-12
    assert shown.max() <= values.max() + 1e-12
    if rows % height == 0 and columns % width == 0:
        blocks = values.reshape(height, rows // height, width, columns // width)
        assert np.allclose(shown, blocks.mean(axis=(1, 3)))
    assert np.allclose(shares(rows, height).sum(axis=1), 1)


def test_what_has_no_value_is_blank_and_what_broke_is_crossed_out(record):
    values = X.copy()
    values[:, :4], values[:, 12:] = np.nan, np.inf
    picture = panel().draw(record(frames=[frame(values)]), View(0), 71, 22)
    assert (picture.bg[1:-1, 7:22] == -1).all()
    assert (picture.chars[1:-1, 7:22] == " ").all()
    assert (picture.chars[1:-1, 56:] == BROKEN).all()
    assert (canvas(picture)[:, 17:48] >= 0).all()
    told = panel().describe(record(frames=[frame(values)]), View(0))
    assert told == (
        "map at step 0: a lowest 0.267 at rate 0.267, momentum 0, "
        "highest 0.733 at rate 0.733, momentum 0, 40 infinite, 40 without a value."
    )


def test_averages_leave_out_what_has_no_value():
    values = np.array([[1.0, np.nan], [3.0, np.inf], [np.inf, np.inf], [np.nan, np.nan]])
    assert np.allclose(averaged(values, 4, 1), [[1], [3], [np.inf], [np.nan]], equal_nan=True)
    assert np.allclose(averaged(np.full((3, 3), 1e300), 1, 1), 1e300)


def test_a_logarithmic_map_spreads_the_decades(record):
    values = np.tile(10.0 ** np.arange(8), (8, 1))
    linear = canvas(panel().draw(record(frames=[frame(values)]), View(0), 71, 12))[0]
    log = canvas(panel(scale="log").draw(record(frames=[frame(values)]), View(0), 71, 12))[0]
    assert len(set(linear.tolist())) <= 3
    assert len(set(log.tolist())) == 8
    zero = canvas(panel(scale="log").draw(record(frames=[frame(values * [0] + 0)]), View(0), 71, 12))
    assert (zero == 0).all()


def test_a_theory_line_runs_where_the_axes_say(record):
    """From the first column's value to the last one's middle, on logarithmic axes too."""
    values = np.zeros((11, 11))
    line = {"name": "2/L", "points": [[0.01, 0], [0.01, 10]]}
    made = frame(values, x=[1e-4, 1], y=[0, 10], x_scale="log", lines=[line])
    picture = panel().draw(record(frames=[made]), View(0), 7 + 33, 13)
    where = [(y, x) for y, x in np.argwhere(picture.fg[1:-1] == 231).tolist()]
    assert {x for _, x in where} == {7 + 16}
    assert {y for y, _ in where} == set(range(11))
    assert "── 2/L" in picture.text()


def test_arms_side_by_side_share_one_scale(record):
    recording = record(frames=[frame(X, "a/m"), frame(X * 10, "b/m")])
    picture = panel().draw(recording, View(0), 79, 22)
    line = picture.text().split("\n")[1]
    assert line.split() == ["●", "a", "■", "b"]
    right = line.index("■")
    assert level(picture.bg[2:-1, 7 : right - 1], HEAT).max() <= 3
    assert level(picture.bg[2:-1, right:], HEAT).max() == len(HEAT) - 1
    alone = panel().draw(recording, View(0, hidden=frozenset({"b"})), 79, 22)
    assert "■ b" not in alone.text()
    assert level(alone.bg[1:-1, 7:], HEAT).max() == len(HEAT) - 1


def test_below_zero_is_blue_and_above_it_red(record):
    picture = panel().draw(record(frames=[frame(X - 0.5, colors="diverging")]), View(0), 71, 12)
    found = level(picture.bg[3, 7:], DIVERGING)
    assert (np.diff(found) >= 0).all()
    assert found[0] < len(DIVERGING) // 2 < found[-1]
    assert "blue -0.5, red 0.5" in picture.text()
    plain = panel().draw(record(frames=[frame(X - 0.5, colors="diverging")]), View(0, color=False), 71, 12)
    assert "".join(dict.fromkeys(plain.chars[3, 7:].tolist())) == "=- +#"


def test_a_table_has_its_names_and_figures(record):
    counts = np.array([[90, 8, 2], [5, 80, 15], [0, 30, 70]])
    recording = record(frames=[frame(counts, **TABLE)])
    lines = panel().draw(recording, View(0), 40, 12).text().split("\n")
    assert lines[-2].split() == ["cat", "dog", "ship"]
    rows = [line.split() for line in lines if line.strip()[:4].strip() in NAMES and line != lines[-2]]
    assert rows == [["ship", "0", "30", "70"], ["dog", "5", "80", "15"], ["cat", "90", "8", "2"]]
    assert panel().describe(recording, View(0)) == (
        "map at step 0: a 80.0% on the diagonal, most off it 30.0 at predicted dog, true ship."
    )
    turned = record(frames=[frame(counts[::-1], **TABLE | {"y_labels": NAMES[::-1]})])
    assert panel().describe(turned, View(0)) == panel().describe(recording, View(0))
    shares = panel().draw(record(frames=[frame(counts / 100, **TABLE)]), View(0), 40, 12).text()
    assert "in %" in shares
    assert "90" in shares
    tight = panel().draw(recording, View(0), 12, 6).text()
    assert "90" not in tight or "80" in tight


def regions(**meta):
    return frame((X > 0.5) + 2 * (Y > 0.5), colors="categories", categories=["p", "q", "r", "s"], **meta)


def test_categories_are_told_by_colour_or_by_texture(record):
    recording = record(frames=[regions()])
    picture = panel().draw(recording, View(0), 71, 22)
    assert (picture.bg[1:-1, 7:].reshape(-1, 64)[[0, -1]][:, [0, -1]] == [AREAS[2:4], AREAS[:2]]).all()
    for glyphs in ("braille", "ascii"):
        plain = panel().draw(recording, View(0, color=False, glyphs=glyphs), 71, 22)
        corners = plain.chars[1:-1, 7:][[0, 0, -1, -1], [0, -1, 0, -1]].tolist()
        assert len(set(corners)) == 4
        legend = plain.text().split("\n")[0].split()
        assert [legend[legend.index(sign) + 1] for sign in corners] == ["r", "s", "p", "q"]
    assert panel().describe(recording, View(0)) == "map at step 0: a p 25%, q 25%, r 25%, s 25%."


def test_points_lie_over_the_regions(record):
    points = ("points", 0, np.array([[0.1, 0.1, 0], [0.91, 0.91, 3], [5, 5, 1]]), {"classes": list("pqrs")})
    recording = record(frames=[regions(), points])
    picture = panel(points="points").draw(recording, View(0), 71, 22)
    body = picture.chars[1:-1, 7:]
    assert np.argwhere(np.isin(body, ["○", "◇"])).tolist() == [[2, 56], [17, 7]]
    assert picture.fg[18, 14] == CLASSES[0]
    assert picture.bg[18, 14] == AREAS[0]


def test_categories_stay_apart_on_poorer_terminals():
    for codes in (AREAS, CLASSES):
        assert len({reduced(code, 256) for code in codes}) == len(codes)
        assert len({reduced(code, 16) for code in codes}) == len(codes)
    assert {reduced(code, 256) for code in AREAS}.isdisjoint(reduced(code, 256) for code in CLASSES)


def test_the_last_map_before_the_moment_is_shown(record):
    recording = record(frames=[frame(X), frame(1 - X, step=5)])
    early, late = (canvas(panel().draw(recording, View(step), 71, 12))[0] for step in (4, 5))
    assert early[0] < early[-1]
    assert late[0] > late[-1]


@pytest.mark.parametrize("array", [np.zeros(3), np.zeros((0, 3)), np.zeros((2, 2, 2))])
def test_a_frame_that_is_no_map_is_said(record, array):
    assert "no map to show" in panel().draw(record(frames=[frame(array)]), View(0), 40, 8).text()
    assert "no frame named m or ARM/m" in panel().draw(record({"a/x": ([0], [1])}), View(0), 40, 8).text()


CIFAR = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def test_classes_without_room_for_their_names_differ_in_two_letters(record):
    recording = record(frames=[frame(np.eye(10), x_labels=CIFAR, y_labels=CIFAR)])
    rows = panel().draw(recording, View(0), 36, 9).text().split("\n")
    below = [dict(enumerate(row)) for row in rows[-2:]]
    pairs = [below[0][x] + below[1].get(x, " ") for x in sorted(below[0]) if below[0][x] != " "]
    assert pairs == ["ai", "au", "bi", "ca", "de", "do", "fr", "ho", "sh", "tr"]
    beside = " ".join(row[:11] for row in rows[1:-2]).split()
    assert all(word in (*CIFAR, *pairs) for word in beside)
    assert len({word[:2] for word in beside}) == 10, "every row is named, two that share cells by two letters"


def test_numbers_below_a_narrow_table_are_whole(record):
    labels = [f"{0.01 * k:g}" for k in range(12)]
    recording = record(frames=[frame(np.ones((3, 12)), x_labels=labels, y_labels=["1", "2", "3"])])
    last = panel().draw(recording, View(0), 36, 9).text().rstrip().split("\n")[-1].split()
    assert last[0] == "0"
    assert len(last) >= 4
    assert set(last) <= set(labels)


def test_a_map_of_losses_on_a_log_scale_is_not_in_percent(record):
    values = np.array([[0.5, 0.25], [0.125, 0.01]])
    recording = record(frames=[frame(values, x_labels=["a", "b"], y_labels=["c", "d"])])
    assert "in %" in panel().draw(recording, View(0), 60, 12).text()
    logarithmic = panel(scale="log").draw(recording, View(0), 60, 12).text()
    assert "in %" not in logarithmic
    assert "0.125" in logarithmic
