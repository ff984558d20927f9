"""Panels that are not drawn again when they would look the same: and look the same as if they were."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tuilab.panels import Drawn, View, panels_of
from tuilab.panels.finish import Finished
from tuilab.recording import Recording, Writer

DECLARED = [
    {"type": "curves", "title": "loss", "series": ["*/loss"]},
    {"type": "curves", "title": "all", "series": ["*"], "scale": "log"},
    {"type": "layers", "title": "spread", "metric": "std"},
    {"type": "heatmap", "title": "heat", "metric": "std"},
    {"type": "histograms", "title": "histograms"},
    {"type": "ridgeline", "title": "ridges"},
    {"type": "landscape", "title": "surface"},
    {"type": "map", "title": "map", "frame": "map", "points": "cloud"},
    {"type": "scatter", "title": "points", "frame": "cloud"},
    {"type": "values", "title": "now", "series": ["*/loss", "*/std/last"]},
    {"type": "hologram", "title": "unknown"},
]
TABLES = {
    "loss": ["a/loss", "b/loss"],
    "std": ["a/std/1", "a/std/2", "b/std/1", "b/std/ffn"],
    "late": ["b/loss.predicted", "c/std/1"],
    "path": ["a/x", "a/y"],
}
HISTOGRAM = {"kind": "histogram", "low": [-1.0, -1.0], "high": [1.0, 1.0]}
FRAMES = {
    "a/activation.histogram": ((2, 6), HISTOGRAM),
    "b/activation.histogram": ((2, 6), HISTOGRAM),
    "landscape": ((4, 5), {"x": [-2, 2], "y": [-2, 2]}),
    "a/vectors": ((2, 4), {}),
    "map": ((3, 3), {}),
    "a/cloud": ((9, 2), {}),
}
ACT = st.one_of(
    st.tuples(st.just("rows"), st.sampled_from(list(TABLES)), st.integers(1, 60)),
    st.tuples(st.just("frame"), st.sampled_from(list(FRAMES)), st.integers(1, 60)),
    st.tuples(st.just("close"), st.none(), st.none()),
)
VIEW = st.builds(
    View,
    step=st.sampled_from([0, 10, 40, 90, 10_000]),
    live=st.booleans(),
    hidden=st.sampled_from([frozenset(), frozenset(), frozenset({"a"})]),
)


class Growing:
    """A recording that grows in one table or frame at a time."""

    def __init__(self, path: Path) -> None:
        self.writer = Writer.create(path, {"arms": ["a", "b"], "panels": DECLARED}, flush_every=1e9)
        self.tables = {}
        self.last = dict.fromkeys([*TABLES, *FRAMES], -1)
        self.random = np.random.default_rng(0)

    def add(self, act: str, name: str, count: int) -> None:
        if self.writer.closed:
            return
        if act == "close":
            self.writer.close()
            return
        first, self.last[name] = self.last[name] + 1, self.last[name] + count
        if act == "rows":
            if name not in self.tables:
                self.tables[name] = self.writer.table(TABLES[name])
            rows = self.random.normal(size=(count, len(TABLES[name])))
            self.tables[name].extend(np.arange(first, first + count), rows)
        else:
            shape, meta = FRAMES[name]
            self.writer.frame(name, self.last[name], self.random.random(shape), meta)
        self.writer.flush()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(ACT, VIEW, st.booleans()), min_size=1, max_size=12))
def test_every_picture_is_the_one_that_a_first_look_would_draw(acts):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "run.tlr"
        growing = Growing(path)
        view = View(0)
        with Recording.open(path) as stays:
            panels = panels_of(stays.header)
            drawn = Drawn(panels)
            for act, another, moves in acts:
                growing.add(*act)
                view = another if moves else view
                stays.refresh()
                step = min(view.step, max(stays.last_step, 0))
                now = View(step, view.live, view.hidden)
                with Recording.open(path) as comes:
                    for place, panel in enumerate(panels):
                        kept = drawn.draw(place, stays, now, 50, 12)
                        fresh = panel.draw(comes, now, 50, 12)
                        assert kept.same(fresh), f"{panel.title}\n{kept.text()}\n{fresh.text()}"
        growing.writer.close()


@pytest.mark.parametrize(
    ("act", "again"),
    [
        (("rows", "loss", 5), {"loss", "all", "now"}),
        (("rows", "std", 5), {"all", "spread", "heat", "now"}),
        (("frame", "a/activation.histogram", 5), {"histograms", "ridges"}),
        (("frame", "a/cloud", 5), {"map", "points"}),
        (("rows", "path", 5), {"all", "surface"}),
    ],
)
def test_a_panel_is_drawn_again_when_what_it_shows_has_changed(tmp_path, monkeypatch, act, again):
    growing = Growing(tmp_path / "run.tlr")
    for name in TABLES:
        growing.add("rows", name, 50)
    for name in FRAMES:
        growing.add("frame", name, 50)
    with Recording.open(tmp_path / "run.tlr") as recording:
        drawn = Drawn(panels_of(recording.header))
        before = [drawn.draw(place, recording, View(60), 50, 12) for place in range(len(DECLARED))]
        growing.add(*act)
        recording.refresh()
        rendered = []
        draw = Finished.draw
        monkeypatch.setattr(
            Finished, "draw", lambda self, *args: rendered.append(self.title) or draw(self, *args)
        )
        after = [drawn.draw(place, recording, View(60), 50, 12) for place in range(len(DECLARED))]
    assert set(rendered) == again
    kept = {panel["title"] for panel, old, new in zip(DECLARED, before, after, strict=True) if old is new}
    assert kept == {panel["title"] for panel in DECLARED} - again
    growing.writer.close()


def test_time_that_passes_moves_only_what_has_a_step_axis(tmp_path):
    growing = Growing(tmp_path / "run.tlr")
    for name in TABLES:
        growing.add("rows", name, 50)
    for name in FRAMES:
        growing.add("frame", name, 50)
    growing.add("rows", "path", 300)
    with Recording.open(tmp_path / "run.tlr") as recording:
        panels = panels_of(recording.header)
        drawn = Drawn(panels)
        for place, panel in enumerate(panels):
            first, later = (drawn.draw(place, recording, View(step), 50, 12) for step in (52, 350))
            moves = panel.title in ("loss", "all", "heat", "ridges", "surface")
            assert later.same(first) != moves
            assert (later is first) != moves
            assert later.same(panel.draw(recording, View(350), 50, 12))
    growing.writer.close()
