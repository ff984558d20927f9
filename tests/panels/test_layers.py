import numpy as np
import pytest

from tuilab.panels import View, arm_color, panels_of
from tuilab.panels.palette import BROKEN

STD = {"a": [0.5, 0.3, 0.2, 0.1], "b": [0.9, 0.8, 0.8, 0.8]}


def layers(metric="std", scale="linear"):
    [panel] = panels_of({"panels": [{"type": "layers", "title": "spread", "metric": metric, "scale": scale}]})
    return panel


def profile(rows, steps=3):
    return {
        f"{arm}/std/{layer}": (range(steps), [value] * steps)
        for arm, row in rows.items()
        for layer, value in enumerate(row, 1)
    }


def marks(picture, char):
    return [(y + 1, x) for y, x in np.argwhere(picture.chars[1:] == char).tolist()]


def test_every_layer_has_its_mark_above_its_number(record):
    picture = layers().draw(record(profile(STD)), View(2), 58, 14)
    numbers = picture.text().split("\n")[-1]
    assert numbers.split() == ["layer", "1", "2", "3", "4"]
    for mark in "●■":
        places = sorted(marks(picture, mark), key=lambda place: place[1])
        assert len(places) == 4
        for number, (_, x) in zip("1234", places, strict=True):
            assert numbers[x] == number
    falling = [y for y, _ in sorted(marks(picture, "●"), key=lambda place: place[1])]
    assert falling == sorted(falling)
    assert falling[0] < falling[-1]


def test_the_moment_decides(record):
    recording = record({"a/std/1": ([0, 5], [1.0, 2.0]), "a/std/2": ([0, 5], [1.0, 4.0])})
    assert "a 1.00 in layer 1 to 1.00 in layer 2" in layers().describe(recording, View(4))
    assert "a 2.00 in layer 1 to 4.00 in layer 2" in layers().describe(recording, View(5))


def test_the_axis_keeps_still_while_values_move(record):
    steps = np.arange(200)
    waves = {f"a/std/{k}": (steps, np.abs(np.sin(steps / 9 + k)) + 0.01) for k in (1, 2, 3)}
    recording = record(waves)
    labels = {
        layers().draw(recording, View(step), 58, 14).text().split("\n")[1][:6] for step in range(20, 200, 3)
    }
    assert len(labels) == 1


def test_a_layer_that_is_not_finite_is_crossed_and_told(record):
    recording = record(profile({"a": [1.0, np.inf, 1.0]}))
    picture = layers().draw(recording, View(2), 58, 14)
    [(y, x)] = marks(picture, BROKEN)
    assert picture.fg[y, x] == arm_color(recording.header, "a")
    assert picture.text().split("\n")[-1][x] == "2"
    assert layers().describe(recording, View(2)).endswith("(not finite in 2).")


def test_other_series_are_no_layers(record):
    series = {
        "a/std": ([0], [1.0]),
        "a/stdev/1": ([0], [1.0]),
        "a/x/std": ([0], [1.0]),
    }
    text = layers().draw(record(series), View(0), 58, 14).text()
    assert "no series named ARM/std/LAYER" in text


def test_zero_on_a_log_axis_is_left_out_and_said(record):
    recording = record(profile({"a": [1.0, 0.0, 100.0]}))
    picture = layers(scale="log").draw(recording, View(2), 58, 14)
    assert "values ≤ 0 left out" in picture.text()
    assert len(marks(picture, "●")) == 2


@pytest.mark.parametrize("depth", [1, 2, 50, 200])
def test_any_depth_fits(record, depth):
    picture = layers().draw(record(profile({"a": list(np.linspace(1, 2, depth))})), View(2), 58, 14)
    numbers = picture.text().split("\n")[-1].split()
    assert numbers[:2] == ["layer", "1"]
    assert all(1 <= int(number) <= depth for number in numbers[1:])


def predicted(rows):
    return {
        name.replace("/std/", "/std.predicted/"): (range(1), values[:1])
        for name, (_, values) in profile(rows).items()
    }


def test_theory_is_dots_and_hollow_marks_where_it_differs(record):
    theory = {"a": [0.5, 0.3, 0.5, 0.9]}
    recording = record({**profile({"a": STD["a"]}), **predicted(theory)})
    picture = layers().draw(recording, View(2), 58, 20)
    assert "·· theory" in picture.text().split("\n")[0]
    hollow = sorted(marks(picture, "○"), key=lambda place: place[1])
    assert len(marks(picture, "●")) == 4
    assert [x for _, x in hollow] == [x for _, x in sorted(marks(picture, "●"), key=lambda p: p[1])][2:]
    assert hollow[1][0] < hollow[0][0]
    assert {picture.fg[place] for place in hollow} == {arm_color(recording.header, "a")}
    told = "spread at step 2: a 0.500 in layer 1 to 0.100 in layer 4 (theory 0.900)."
    assert layers().describe(recording, View(2)) == told
    without = layers().draw(record(profile({"a": STD["a"]})), View(2), 58, 20)
    assert "theory" not in without.text()


def test_theory_alone_is_drawn_and_hidden_with_its_arm(record):
    recording = record(predicted({"a": [1.0, 2.0]}))
    assert len(marks(layers().draw(recording, View(0), 58, 14), "○")) == 2
    hidden = layers().draw(recording, View(0, hidden=frozenset({"a"})), 58, 14)
    assert "theory" not in hidden.text()


def test_theory_beyond_the_measurements_stays_on_the_axis(record):
    recording = record({**profile({"a": [1.0, 1.0]}), **predicted({"a": [1.0, 1e6]})})
    picture = layers(scale="log").draw(recording, View(2), 58, 14)
    [(y, _)] = marks(picture, "○")
    assert y <= 2


def test_figures_of_a_sample_say_so_and_exact_ones_do_not(record):
    recording = record(
        {f"a/{name}/1": ([0], [0.5]) for name in ("std", "dead", "std.predicted")}, sampled={"std": 4096}
    )
    sampled, exact = layers("std"), layers("dead")
    assert "sample of 4,096" in sampled.draw(recording, View(0), 80, 12).text()
    assert "of a sample of 4,096 values a layer" in sampled.describe(recording, View(0))
    assert "sample" not in exact.draw(recording, View(0), 80, 12).text()
    assert "sample" not in exact.describe(recording, View(0))
