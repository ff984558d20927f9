import numpy as np
import pytest

from tuilab.panels import View, arm_color, panels_of
from tuilab.panels.fading import faded
from tuilab.panels.palette import ARM_COLORS

WIDTH, HEIGHT = 67, 24
META = {"kind": "histogram", "low": [-1.0, -1.0], "high": [1.0, 1.0], "layers": ["1", "2"]}


def ridgeline(**settings):
    [panel] = panels_of({"panels": [{"type": "ridgeline", "title": "ridges", **settings}]})
    return panel


def bump(at, bins=40, wide=3.0):
    shares = np.exp(-(((np.arange(bins) - at) / wide) ** 2))
    return shares / shares.sum()


def frames(moving, arm="a", every=10, layers=2):
    """Histograms whose bump stands at moving(k) in the first layer and in the middle in the others."""
    return [
        (
            f"{arm}/activation.histogram",
            k * every,
            np.stack([bump(moving(k)), *[bump(20)] * (layers - 1)]),
            {**META, "low": [-1.0] * layers, "high": [1.0] * layers, "layers": None},
        )
        for k in range(11)
    ]


def dots(picture):
    """(y, x) of every braille dot, the top left at (0, 0)."""
    bits = {0x01: (0, 0), 0x02: (1, 0), 0x04: (2, 0), 0x40: (3, 0)}
    bits |= {0x08: (0, 1), 0x10: (1, 1), 0x20: (2, 1), 0x80: (3, 1)}
    return [
        (4 * y + dy, 2 * x + dx)
        for y, x in np.argwhere((picture.chars >= "⠀") & (picture.chars <= "⣿")).tolist()
        for bit, (dy, dx) in bits.items()
        if (ord(picture.chars[y, x]) - 0x2800) & bit
    ]


def test_later_ridges_stand_lower_and_in_front(record):
    recording = record(frames=frames(lambda k: 5 + 3 * k), steps=100)
    picture = ridgeline().draw(recording, View(100), WIDTH, HEIGHT)
    assert picture.text().split("\n")[1].split() == ["step", "1", "2"]
    first = [(y, x) for y, x in dots(picture) if x < 2 * 37]
    # The bump of the first layer goes to the right and down: so does the middle of what is drawn.
    top = [x for y, x in first if y < 4 * 8]
    bottom = [x for y, x in first if y > 4 * 18]
    assert np.mean(bottom) - np.mean(top) > 20
    latest = {(y, x) for y, x in np.argwhere(picture.fg == arm_color(recording.header, "a")).tolist()}
    oldest = {(y, x) for y, x in np.argwhere(picture.fg == faded(33, 0.99)).tolist() if x > 7}
    assert max(y for y, _ in oldest) < max(y for y, _ in latest)


def test_a_ridge_hides_what_lies_behind_it(record):
    bell = ("a/h", 0, bump(20, wide=9.0)[None], {"low": -1, "high": 1})
    flat = ("a/h", 1, np.ones((1, 40)), {"low": -1, "high": 1})
    alone, both = (
        dots(ridgeline(frame="h").draw(record(frames=shown, steps=16), View(16), WIDTH, HEIGHT))
        for shown in ([bell], [bell, flat])
    )
    hidden = set(alone) - set(both)
    assert len(hidden) > 10
    line = max(set(both) - set(alone))[0] - 14
    assert min(y for y, _ in hidden) >= line
    assert min(both) == min(alone)


def test_only_frames_up_to_the_moment_are_drawn(record):
    whole = record(frames=frames(lambda k: 20), steps=100)
    part = record(frames=frames(lambda k: 20)[:6], steps=100)
    for live in (False, True):
        now, then = (ridgeline().draw(r, View(50, live=live), WIDTH, HEIGHT) for r in (part, whole))
        assert now.same(then)
    assert "a layer" not in ridgeline().describe(whole, View(-1))


def test_one_layer_has_its_arms_side_by_side(record):
    recording = record(frames=[*frames(lambda k: 5), *frames(lambda k: 35, "b")], steps=100)
    picture = ridgeline(layer=1).draw(recording, View(100), WIDTH, HEIGHT)
    labels = picture.text().split("\n")[1]
    assert "● a" in labels
    assert "■ b" in labels
    assert "layer 1" in picture.text().split("\n")[0]
    blue, orange = (np.argwhere(picture.fg[2:] == ARM_COLORS[k])[:, 1] for k in (0, 1))
    assert blue.max() < orange.min()


def test_one_arm_alone(record):
    recording = record(frames=[*frames(lambda k: 5), *frames(lambda k: 35, "b")], steps=100)
    text = ridgeline(arm="b").draw(recording, View(100), WIDTH, HEIGHT).text()
    assert "■ b" in text
    assert "● a" not in text
    told = ridgeline(arm="b", layer=1).describe(recording, View(100))
    assert told.startswith("ridges up to step 100: b at step 0 layer 1 median 0.775, ")
    assert "at step 100 layer 1 median 0.775" in told


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"frame": "weights"}, "no frame named ARM/weights"),
        ({"layer": 7}, "there are only 2 layers"),
        ({"arm": "c"}, "no frame named c/activation.histogram"),
    ],
)
def test_nothing_to_draw_is_said(record, settings, said):
    recording = record(frames=frames(lambda k: 20))
    assert said in ridgeline(**settings).draw(recording, View(100), WIDTH, HEIGHT).text()


def test_layers_and_arms_that_find_no_room_are_said(record):
    many = [frame for arm in "ab" for frame in frames(lambda k: 20, arm, layers=12)]
    text = ridgeline().draw(record(frames=many), View(100), 60, 9).text()
    assert "layers 1 4 7 10 12 of 12" in text or "more arms" in text
    assert "1 more arms need more room" in ridgeline().draw(record(frames=many), View(100), 120, 9).text()
