from itertools import pairwise

import numpy as np
import pytest

from tuilab.panels import View, panels_of
from tuilab.panels.heat import _BAD_COLOR as BAD
from tuilab.panels.palette import BROKEN, HEAT, HEAT_LEVELS
from tuilab.recording import Recording

WIDTH, HEIGHT = 57, 12
RANK = {code: place for place, code in enumerate(HEAT)} | {BAD: HEAT_LEVELS, -1: -1}
RNG = np.random.default_rng(0)


def heatmap(scale="linear"):
    [panel] = panels_of({"panels": [{"type": "heatmap", "title": "heat", "metric": "std", "scale": scale}]})
    return panel


def levels(picture, top=2, bottom=-1):
    """The level of every half cell, from the top; -1 where nothing is known."""
    body = (slice(top, bottom), slice(7, None))
    rank = np.vectorize(lambda code: RANK[code])
    chars, fg, bg = picture.chars[body], picture.fg[body], picture.bg[body]
    upper = np.where(chars == "▀", rank(fg), np.where(chars == "▄", -1, rank(bg)))
    lower = np.where(chars == "▄", rank(fg), rank(bg))
    return np.stack([upper, lower], axis=1).reshape(-1, chars.shape[1])


def series(rows, arm="a", steps=None):
    """Layer k holds rows[k]."""
    return {
        f"{arm}/std/{layer}": (range(len(row)) if steps is None else steps, row)
        for layer, row in enumerate(rows, 1)
    }


def test_layers_go_down_and_steps_across(record):
    rows = [[100.0 * layer + step for step in range(51)] for layer in range(6)]
    picture = heatmap().draw(record(series(rows), steps=50), View(50), WIDTH, 9)
    heat = levels(picture)
    assert heat.shape == (12, 50)
    assert (np.diff(heat.astype(int), axis=0) >= 0).all()
    assert (np.diff(heat.astype(int), axis=1) >= 0).all()
    assert (heat[::2] == heat[1::2]).all()  # 6 layers on 12 half rows
    lines = picture.text().split("\n")
    assert [line[:6].strip() for line in lines[2:-1]] == ["1", "2", "3", "4", "5", "6"]
    assert lines[-1].split()[:2] == ["step", "0"]
    assert lines[0].endswith("600")
    assert "● a" in lines[1]


def test_only_steps_up_to_the_moment_are_drawn(record):
    values = RNG.random((3, 101))
    whole = record(series(values), steps=100)
    part = record(series(values[:, :41]), steps=100)
    for live in (False, True):
        now, then = (heatmap().draw(r, View(40, live=live), WIDTH, HEIGHT) for r in (part, whole))
        assert now.same(then)
    heat = levels(now)
    assert (heat[:, 34:] == -1).all()
    assert (heat[:, :20] >= 0).all()


def test_live_columns_stay_as_they_are_until_an_axis_changes(record):
    values = np.concatenate([RNG.uniform(0.1, 0.9, (4, 2000)), np.zeros((1, 2000)), np.ones((1, 2000))])
    recording = record(series(values), steps=2000)
    pictures = [
        heatmap().draw(recording, View(step, live=True), WIDTH, HEIGHT) for step in range(1100, 1900, 7)
    ]
    for before, now in pairwise(pictures):
        old, new = levels(before), levels(now)
        filled = (old >= 0).all(axis=0)
        assert (old[:, filled] == new[:, filled]).all()


def test_what_was_recorded_holds_until_the_next_value(record):
    recording = record(series([[1.0, 2.0, 4.0]], steps=[0, 20, 40]), steps=50)
    heat = levels(heatmap().draw(recording, View(45), WIDTH, HEIGHT))[0]
    assert len({*heat[:20]}) == len({*heat[21:39]}) == 1
    assert heat[0] < heat[21] < heat[44]
    assert (heat[46:] == -1).all()


def test_what_is_not_finite_is_marked_until_it_is_finite_again(record):
    values = np.ones((2, 51))
    values[1, 20:30] = np.nan
    values[1, 40:] = np.inf
    recording = record(series(values), steps=50)
    picture = heatmap().draw(recording, View(50), WIDTH, HEIGHT)
    bad = levels(picture)[-1] == HEAT_LEVELS
    assert np.flatnonzero(np.diff(bad.astype(int))).tolist() == pytest.approx([19, 29, 39], abs=1)
    assert not (levels(picture)[0] == HEAT_LEVELS).any()
    assert f"{BROKEN} not finite" in picture.text()
    plain = heatmap().draw(recording, View(50, color=False), WIDTH, HEIGHT)
    assert (plain.chars[2:-1, 7:] == BROKEN).any(axis=0).sum() == bad.sum()
    told = "heat at step 50: a 1.00 in layer 1, not finite in layer 2 since step 20."
    assert heatmap().describe(recording, View(50)) == told
    assert "not finite" not in heatmap().draw(recording, View(19), WIDTH, HEIGHT).text()


def test_arms_share_one_scale(record):
    recording = record({**series(np.full((2, 9), 1.0)), **series(np.full((2, 9), 1000.0), "b")})
    picture = heatmap("log").draw(recording, View(8), WIDTH, 12)
    lines = picture.text().split("\n")
    assert lines[0].split()[1:] == ["log", "1", "1000"]
    assert "● a" in lines[1]
    assert "■ b" in lines[6]
    assert levels(picture, 2, 3)[0, 0] == 0
    assert levels(picture, 7, 8)[0, 0] == HEAT_LEVELS - 1
    hidden = heatmap("log").draw(recording, View(8, hidden=frozenset({"a"})), WIDTH, 12)
    assert "● a" not in hidden.text()


def test_zero_has_no_logarithm_and_is_left_out(record):
    values = np.array([[1.0] * 9, [0.0] * 9, [10.0] * 9])
    picture = heatmap("log").draw(record(series(values)), View(8), 90, 6)
    assert "values ≤ 0 left out" in picture.text()
    assert (levels(picture)[2:4] == -1).all()


@pytest.mark.parametrize("glyphs", ["braille", "ascii"])
def test_without_colour_the_lowest_shade_is_not_blank(record, glyphs):
    values = np.linspace(0, 1, 51)[None]
    picture = heatmap().draw(record(series(values)), View(40, color=False, glyphs=glyphs), WIDTH, HEIGHT)
    row = picture.chars[3, 7:]
    assert len({*row[:30].tolist()}) >= 3
    assert " " not in row[:31].tolist()
    assert set(row[34:].tolist()) == {" "}


def test_more_layers_or_arms_than_rows_are_said(record):
    deep = record(series(np.ones((90, 9))))
    assert "18 of 90 layers" in heatmap().draw(deep, View(8), WIDTH, 12).text()
    many = [f"arm{k}" for k in range(9)]
    wide = record({k: v for arm in many for k, v in series(np.ones((2, 9)), arm).items()}, arms=many)
    assert "5 more arms need more rows" in heatmap().draw(wide, View(8), 90, 6).text()


def test_a_long_run_is_drawn_from_overviews(record, monkeypatch):
    recording = record(series(RNG.random((3, 300_000))), steps=300_000)
    monkeypatch.setattr(Recording, "read", None)
    picture = heatmap().draw(recording, View(299_999), WIDTH, HEIGHT)
    assert (levels(picture) >= 0).all()


def test_nothing_to_draw_is_said(record):
    assert "nothing is recorded yet" in heatmap().draw(record(), View(0), WIDTH, HEIGHT).text()
    other = record({"a/x": ([0], [1.0])})
    assert "no series named ARM/std/LAYER" in heatmap().draw(other, View(0), WIDTH, HEIGHT).text()
    late = record(series([[1.0]], steps=[9]))
    assert "nothing to draw yet" in heatmap().draw(late, View(3), WIDTH, HEIGHT).text()
