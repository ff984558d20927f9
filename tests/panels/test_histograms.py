import numpy as np
import pytest

from tuilab.panels import View, panels_of
from tuilab.panels.shares import evenly

BARS = " ▁▂▃▄▅▆▇█"


def histograms():
    [panel] = panels_of({"panels": [{"type": "histograms", "title": "activations", "frame": "h"}]})
    return panel


def frame(arm, rows, low=-1.0, high=1.0, step=0):
    rows = np.asarray(rows, np.float32)
    ends = {"low": [low] * len(rows), "high": [high] * len(rows)}
    return (
        f"{arm}/h",
        step,
        rows,
        {"kind": "histogram", **ends, "layers": [str(k + 1) for k in range(len(rows))]},
    )


def test_bars_are_as_high_as_the_shares(record):
    shares = np.repeat([1, 2, 4, 8, 4, 2, 1, 0], 8) / 176
    picture = histograms().draw(record(frames=[frame("a", [shares])]), View(0), 8, 7)
    heights = [sum(BARS.index(char) for char in column) for column in picture.chars[2:-1].T.tolist()]
    assert heights == [4, 8, 16, 32, 16, 8, 4, 0]
    assert (picture.fg[2:-1][picture.chars[2:-1] != " "] == 33).all()


def test_arms_below_each_other_layers_side_by_side(record):
    recording = record(frames=[frame("a", np.eye(4)), frame("b", np.eye(4)[::-1])])
    picture = histograms().draw(recording, View(0), 59, 16)
    lines = picture.text().split("\n")
    assert lines[1].split() == ["1", "2", "3", "4"]
    assert lines[-1].split() == ["-1", "1"] * 4
    colors = [{int(c) for c in row[picture.chars[y] != " "]} for y, row in enumerate(picture.fg)]
    assert colors[3] == {33}
    assert colors[12] == {208}


def test_ranges_that_differ_are_said_for_every_arm(record):
    recording = record(frames=[frame("a", np.eye(2)), frame("b", np.eye(2), low=0.0, high=2.5)])
    lines = histograms().draw(recording, View(0), 40, 16).text().split("\n")
    ranges = [line.split() for line in lines if line.split() in (["-1", "1"] * 2, ["0", "2.5"] * 2)]
    assert ranges == [["-1", "1"] * 2, ["0", "2.5"] * 2]


def test_where_room_is_scarce_some_layers_are_chosen_and_named(record):
    recording = record(frames=[frame("a", np.eye(7))])
    text = histograms().draw(recording, View(0), 38, 12).text()
    assert "layers 1 3 5 7 of 7" in text
    assert text.split("\n")[1].split() == ["1", "3", "5", "7"]


def test_arms_without_a_row_are_counted(record):
    recording = record(frames=[frame(arm, np.eye(3)) for arm in "abcdef"], arms=list("abcdef"))
    assert "… 3 more arms need more rows" in histograms().draw(recording, View(0), 80, 6).text()


def test_the_last_frame_before_the_moment_is_shown(record):
    recording = record(frames=[frame("a", [[1, 0, 0, 0]]), frame("a", [[0, 0, 0, 1]], step=10)])
    early, late = (histograms().draw(recording, View(step), 9, 5).chars[2:-1].T for step in (9, 10))
    assert (early[0] == "█").all()
    assert (late[-1] == "█").all()
    assert (late[0] == " ").all()


def test_the_description_has_median_and_outermost_bins(record):
    recording = record(frames=[frame("a", [[0.25, 0.25, 0.25, 0.25], [0.5, 0, 0, 0.5]])])
    told = histograms().describe(recording, View(0))
    assert "a layer 1 median -0.250, 50% in the outermost bins" in told
    assert "layer 2" in told
    assert "100% in the outermost bins" in told


@pytest.mark.parametrize("array", [np.zeros((0, 4)), np.zeros(4), np.zeros((2, 2, 2))])
def test_a_frame_that_is_no_histogram_draws_nothing(record, array):
    recording = record(frames=[("a/h", 0, array, {})])
    assert histograms().draw(recording, View(0), 40, 10).chars.shape == (10, 40)


def test_missing_frames_are_said(record):
    assert "no frame named ARM/h" in histograms().draw(record({"a/x": ([0], [1.0])}), View(0), 40, 10).text()
    late = record(frames=[frame("a", np.eye(2), step=5)])
    assert "no histogram recorded yet" in histograms().draw(late, View(0), 40, 10).text()


@pytest.mark.parametrize(
    ("count", "most", "chosen"),
    [
        (3, 5, [0, 1, 2]),
        (7, 4, [0, 2, 4, 6]),
        (7, 1, [6]),
        (200, 2, [0, 199]),
        (6, 4, [0, 2, 3, 5]),
        (10, 4, [0, 3, 6, 9]),
    ],
)
def test_layers_are_chosen_evenly(count, most, chosen):
    assert evenly(count, most) == chosen


def declared(**settings):
    return panels_of({"panels": [{"type": "histograms", "title": "activations", "frame": "h", **settings}]})[
        0
    ]


def heights(picture, top=2, bottom=-1):
    return [sum(BARS.index(char) for char in column) for column in picture.chars[top:bottom].T.tolist()]


def test_logarithmic_bars_lose_a_quarter_a_decade(record):
    shares = np.repeat([1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-7, 0.0, 1.0], 4)
    recording = record(frames=[frame("a", [shares])])
    picture = declared(scale="log").draw(recording, View(0), 8, 7)
    assert heights(picture) == [32, 24, 16, 8, 1, 1, 0, 32]
    assert declared().draw(recording, View(0, log=True), 8, 7).same(picture)
    assert "log" in declared(scale="log").draw(recording, View(0), 40, 7).text().split("\n")[0]


def test_one_arm_alone(record):
    recording = record(frames=[frame("a", np.eye(3)), frame("b", np.eye(3))])
    text = declared(arm="b").draw(recording, View(0), 40, 12).text()
    assert "■ b" in text
    assert "● a" not in text
    assert declared(arm="b").describe(recording, View(0)).startswith("activations at step 0: b layer 1")
    assert "no frame named c/h" in declared(arm="c").draw(recording, View(0), 40, 12).text()


def test_exact_zeros_stand_out_as_a_spike(record):
    """Weights under L1: 60 % of them exactly zero, the others normal."""
    weights = np.append(np.zeros(6000), np.random.default_rng(0).normal(0, 0.1, 4000))
    shares = np.histogram(weights, 60, (-0.4, 0.4))[0] / 10_000
    bars = heights(histograms().draw(record(frames=[frame("a", [shares])]), View(0), 60, 10))
    spike = int(np.argmax(bars))
    assert bars[spike] == 8 * 7
    assert spike in (29, 30)
    assert max(bars[:spike] + bars[spike + 1 :]) < 8 * 7 * 0.2
    assert sum(bar > 0 for bar in bars) > 20


def test_every_arm_has_its_mark_at_its_bars(record):
    recording = record(frames=[frame("a", np.ones((4, 4))), frame("b", np.ones((4, 4)))])
    picture = histograms().draw(recording, View(0, color=False), 59, 16)
    assert (picture.chars[2, 0], picture.chars[9, 0]) == ("●", "■")


def test_bins_that_change_from_frame_to_frame_have_their_edges_beside_them(record):
    meta = {"kind": "histogram", "low": [-1.0, -1.0], "layers": ["encoder.0.ffn", "head"]}
    shares = [[0, 0, 1, 0], [0, 1, 0, 0]]
    frames = [
        ("a/h", step, shares, meta, {"low": np.array([-step, 0.0]), "high": np.array([step, 2.0])})
        for step in (1, 4)
    ]
    recording = record(frames=frames)
    for step, ends in ((1, ["-1", "1", "0", "2"]), (4, ["-4", "4", "0", "2"])):
        picture = histograms().draw(recording, View(step), 40, 12)
        assert picture.text().split("\n")[-1].split() == ends
        assert picture.text().split("\n")[1].split() == ["encoder.0.ffn", "head"]
    assert "a encoder.0.ffn median 1.00" in histograms().describe(recording, View(4))
    assert "a encoder.0.ffn median 0.250" in histograms().describe(recording, View(3))


@pytest.mark.parametrize("wrong", [np.zeros(3), np.zeros((2, 2)), np.array([np.nan, np.inf])])
def test_edges_that_fit_no_layer_are_not_known(record, wrong):
    recording = record(frames=[("a/h", 0, np.eye(2), {}, {"low": wrong, "high": wrong})])
    told = histograms().describe(recording, View(0))
    assert "layer 1 median NaN" in told
