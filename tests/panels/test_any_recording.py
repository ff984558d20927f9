"""Whatever a recording holds, every panel draws its size and says a sentence."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tuilab.panels import Panel, View, panels_of
from tuilab.recording import Recording, RecordingError, Writer

NUMBERS = st.one_of(
    st.floats(),
    st.sampled_from([0.0, -0.0, 1e300, -1e300, 1.7e308, 5e-324, np.nan, np.inf, -np.inf, 1.0, 1.0 + 1e-15]),
)
DECLARED = [
    {"type": "curves", "title": "loss", "series": ["*/loss", "*/validation.loss"], "scale": "linear"},
    {"type": "curves", "title": "loss", "series": ["*"], "scale": "log"},
    {"type": "layers", "title": "spread", "metric": "std", "scale": "linear"},
    {"type": "layers", "title": "spread", "metric": "std", "scale": "log"},
    {"type": "heatmap", "title": "heat", "metric": "std"},
    {"type": "heatmap", "title": "heat", "metric": "std", "scale": "log"},
    {"type": "histograms", "title": "histograms"},
    {"type": "ridgeline", "title": "ridges"},
    {"type": "ridgeline", "title": "ridges", "arm": "a", "layer": 2},
    {"type": "landscape", "title": "surface"},
    {"type": "landscape", "title": "surface", "points": "scatter"},
    {"type": "map", "title": "map", "frame": "map", "points": "scatter"},
    {"type": "map", "title": "map", "frame": "map", "scale": "log"},
    {"type": "scatter", "title": "points", "frame": "scatter"},
    {"type": "family", "title": "curves", "frame": "family"},
    {"type": "family", "title": "curves", "frame": "family", "rows": ["1", "f"], "scale": "log"},
    {"type": "tiles", "title": "pictures", "frame": "pictures", "captions": "scatter"},
    {"type": "values", "title": "values", "series": ["*"]},
    {"type": "hologram", "title": "unknown"},
]
NAMES = [
    "a/loss",
    "b/loss",
    "a/loss.predicted",
    "a/validation.loss",
    "a/std/1",
    "a/std/2",
    "b/std/7",
    "a/std.predicted/2",
    "a/x",
    "a/y",
    "engine/speed",
]
FRAMES = ["a/activation.histogram", "landscape"]
FRAMES += ["a/map", "b/map", "map", "scatter", "a/scatter", "a/family", "b/family", "pictures"]
META = st.fixed_dictionaries(
    {},
    optional={
        "x": st.one_of(st.just([-1, 1]), st.lists(NUMBERS, max_size=3), st.none()),
        "y": st.one_of(st.just([-1, 1]), st.lists(NUMBERS, max_size=3), st.just("wide")),
        "minima": st.one_of(
            st.just([[0, 0]]), st.lists(st.lists(NUMBERS, max_size=3), max_size=2), st.just(3)
        ),
        "low": st.one_of(st.lists(NUMBERS, max_size=3), st.none()),
        "high": st.one_of(st.lists(NUMBERS, max_size=3), st.just("high")),
        "layers": st.one_of(st.lists(st.text(max_size=3), max_size=3), st.just(1)),
        "x_scale": st.sampled_from(["log", "linear", 3]),
        "y_scale": st.just("log"),
        "x_name": st.one_of(st.text(max_size=3), st.none()),
        "x_labels": st.one_of(st.lists(st.text(max_size=9), max_size=3), st.just("ab")),
        "colors": st.sampled_from(["heat", "diverging", "categories", "pastel", None]),
        "categories": st.one_of(st.lists(st.text(max_size=9), max_size=3), st.just(1)),
        "lines": st.one_of(
            st.lists(
                st.fixed_dictionaries(
                    {},
                    optional={"name": st.text(max_size=5), "points": st.lists(st.lists(NUMBERS, max_size=3))},
                ),
                max_size=2,
            ),
            st.just("none"),
        ),
        "names": st.one_of(st.lists(st.text(max_size=9), max_size=3), st.just(1)),
        "classes": st.one_of(st.lists(st.text(max_size=9), max_size=3), st.just(1)),
    },
)


@st.composite
def views(draw, last):
    return View(
        step=draw(st.integers(-1, last + 5)),
        live=draw(st.booleans()),
        hidden=draw(st.sampled_from([frozenset(), frozenset({"a"}), frozenset({"a", "b"})])),
        log=draw(st.sampled_from([None, True, False])),
        glyphs=draw(st.sampled_from(["braille", "block", "ascii"])),
        color=draw(st.booleans()),
        focus=draw(st.sampled_from([None, "a", "nobody"])),
        smooth=draw(st.sampled_from([None, 0.0, 0.9])),
        window=draw(st.none() | st.tuples(st.integers(-5, last + 50), st.integers(-5, last + 50))),
        log_steps=draw(st.booleans()),
        mark=draw(st.none() | st.integers(-5, last + 50)),
    )


@st.composite
def contents(draw):
    steps = st.lists(st.integers(0, draw(st.sampled_from([5, 300, 10**6, 2**40]))), unique=True, max_size=12)
    series = {}
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True)):
        at = sorted(draw(steps))
        series[name] = at, [draw(NUMBERS) for _ in at]
    frames = []
    for name in draw(st.lists(st.sampled_from(FRAMES), unique=True, max_size=4)):
        shape = draw(st.tuples(st.integers(1, 4), st.integers(1, 6)))
        if name == "pictures":
            array = np.zeros((draw(st.integers(1, 3)), *shape, draw(st.sampled_from([1, 2, 3]))), np.uint8)
            frames.append((name, 0, array, draw(META)))
            continue
        array = np.array(draw(st.lists(NUMBERS, min_size=shape[0] * shape[1], max_size=shape[0] * shape[1])))
        frames.append((name, draw(st.integers(0, 5)), array.reshape(shape), draw(META)))
    header = {"arms": draw(st.sampled_from([["a", "b"], ["b"], [], None, ["a", 3, "\x1b[2J宽"]]))}
    header["steps"] = draw(st.sampled_from([None, 0, 10, 400, "many", True, -3]))
    return header, series, frames


def write(path, header, series, frames):
    writer = Writer.create(path, {**header, "panels": DECLARED})
    for name, (steps, values) in series.items():
        table = writer.table([name])
        if len(steps):
            table.extend(np.array(steps, np.int64), np.array(values)[:, None])
    for name, step, array, meta in frames:
        writer.frame(name, step, array, meta)
    writer.close()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(contents(), st.integers(1, 70), st.integers(1, 24), st.data())
def test_every_panel_draws_its_size_and_says_a_sentence(content, width, height, data):
    header, series, frames = content
    with TemporaryDirectory() as folder:
        path = Path(folder) / "run.tlr"
        try:
            write(path, header, series, frames)
        except ValueError:  # JSON has no NaN: the writer may refuse such a meta
            write(path, header, series, [])
        with Recording.open(path) as recording:
            view = data.draw(views(max(recording.last_step, 0)))
            for panel in panels_of(recording.header):
                check(panel, recording, view, width, height)


def check(panel: Panel, recording: Recording, view: View, width: int, height: int) -> None:
    picture = panel.draw(recording, view, width, height)
    assert picture.chars.shape == picture.fg.shape == picture.bg.shape == (height, width)
    assert all(char.isprintable() for char in picture.chars.ravel().tolist())
    if view.glyphs == "ascii":
        assert picture.text().isascii()
    if not view.color:
        assert (picture.fg == -1).all()
        assert (picture.bg == -1).all()
    assert picture.same(panel.draw(recording, view, width, height))
    told = panel.describe(recording, view)
    assert told.endswith(".")
    assert told.isprintable()


@pytest.mark.parametrize(("width", "height"), [(0, 5), (5, 0), (-1, 1)])
def test_a_picture_without_cells_is_refused(record, width, height):
    recording = record(panels=DECLARED)
    for panel in panels_of(recording.header):
        with pytest.raises(ValueError, match="both are at least 1"):
            panel.draw(recording, View(0), width, height)


def test_a_recording_that_can_no_longer_be_read_becomes_a_sentence(record, monkeypatch):
    recording = record({"a/loss": (range(9), [1.0] * 9)}, panels=DECLARED)

    def gone(*_):
        raise RecordingError("run.tlr: the file is gone")

    monkeypatch.setattr(Recording, "overview", gone)
    monkeypatch.setattr(Recording, "read", gone)
    [panel, *_] = panels_of(recording.header)
    text = panel.draw(recording, View(8), 60, 5).text()
    assert text.startswith("cannot read the recording: run.tlr: the file is gone")


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"type": "hologram"}, "knows no panels of type 'hologram'"),
        ({"title": "x"}, "knows no panels of type None"),
        ({"type": ["curves"]}, "knows no panels of type ['curves']"),
        ("curves", "no table of settings"),
        ({"type": "curves"}, "settings of this curves panel are incomplete"),
        ({"type": "curves", "series": "*/loss"}, "settings of this curves panel"),
        ({"type": "values", "series": []}, "settings of this values panel"),
        ({"type": "layers", "metric": 3}, "settings of this layers panel"),
        ({"type": "histograms", "frame": None}, "settings of this histograms panel"),
        ({"type": "ridgeline", "layer": 0}, "settings of this ridgeline panel"),
        ({"type": "heatmap"}, "settings of this heatmap panel"),
    ],
)
def test_a_panel_that_is_not_understood_says_so(record, declared, said):
    recording = record()
    [panel] = panels_of({"panels": [declared]})
    text = " ".join(panel.draw(recording, View(0), 60, 5).text().split())
    assert said in text
    assert said in panel.describe(recording, View(0))


@pytest.mark.parametrize("header", [{}, {"panels": None}, {"panels": "curves"}])
def test_a_header_without_panels_has_none(header):
    assert panels_of(header) == []


def test_panels_carry_the_title_they_were_declared_with():
    assert [panel.title for panel in panels_of({"panels": DECLARED})] == [
        panel["title"] for panel in DECLARED
    ]
    assert panels_of({"panels": [{"type": "curves", "series": ["*/loss"]}]})[0].title == "*/loss"


def test_importing_the_room_loads_no_plotting_and_no_interface():
    heavy = {"plotext", "textual", "rich", "torch", "pydantic"}
    script = f"import sys, tuilab.panels; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
