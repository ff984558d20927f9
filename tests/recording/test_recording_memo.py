"""What is kept of a recording is what a first look would give."""

import gc
import weakref
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuilab.recording import Overview, Recording, Writer
from tuilab.recording.memo import FOREVER, memo

VALUES = st.sampled_from([0.0, 1.0, -3.5, 1e300, np.nan, np.inf, -np.inf])
APPEND = st.tuples(
    st.just("append"),
    st.sampled_from(["step", "probe", "both"]),
    st.integers(1, 20),
    st.integers(1, 30),
    VALUES,
)
LOOK = st.tuples(st.just("look"), st.one_of(st.just(10_000), st.integers(0, 500)))
END = st.tuples(st.sampled_from(["close", "replace"]))
ACTS = st.one_of(APPEND, LOOK, APPEND, LOOK, st.one_of(APPEND, END))
TABLES = {"step": ["a/loss", "a/both"], "probe": ["a/std/1", "a/both"], "both": ["a/loss", "a/std/1"]}


class Run:
    """A recording in three tables, some of whose series lie in two of them, and a viewer that stays."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.begin()
        self.recording = Recording.open(path)

    def begin(self) -> None:
        self.writer = Writer.create(self.path, {"arms": ["a"]}, flush_every=1e9)
        self.tables = {kind: self.writer.table(names) for kind, names in TABLES.items()}
        self.last = dict.fromkeys(TABLES, -1)
        self.writer.flush()

    def append(self, kind: str, rows: int, stride: int, value: float) -> None:
        steps = self.last[kind] + stride * np.arange(1, rows + 1)
        values = np.sin(steps)[:, None] * [1.0, 2.0]
        values[rows // 2] = value
        self.tables[kind].extend(steps, values)
        self.last[kind] = int(steps[-1])

    def replace(self) -> None:
        """Another recording takes this one's place: the run was begun anew."""
        self.writer.close()
        self.path.unlink()
        self.begin()


def directly(recording: Recording, name: str, width: int, stop: int) -> Overview:
    """The oracle: each bin by itself, of the values."""
    steps, values = recording.read(name, 0, stop)
    rows = []
    for each in np.unique(steps // width):
        inside = steps // width == each
        finite = values[inside][np.isfinite(values[inside])]
        ends = (finite.min(), finite.max(), finite[-1]) if len(finite) else (np.nan,) * 3
        rows.append((steps[inside][-1], *ends, inside.sum() - len(finite)))
    return Overview(*(np.array([row[k] for row in rows]) for k in range(5)))


@settings(max_examples=60, deadline=None)
@given(st.lists(ACTS, max_size=25))
def test_whatever_comes_between_two_looks_the_kept_is_the_fresh(acts) -> None:
    with TemporaryDirectory() as folder:
        run = Run(Path(folder) / "run.tlr")
        with run.recording:
            for act, *given_ in acts:
                if act == "append" and not run.writer.closed:
                    run.append(*given_)
                    run.writer.flush()
                elif act == "close":
                    run.writer.close()
                elif act == "replace":
                    run.replace()
                elif act == "look":
                    run.recording.refresh()
                    for name, width in product(run.recording.series(), [1, 3, 8, 64, FOREVER]):
                        kept = memo(run.recording).history(name, width, *given_)
                        fresh = directly(run.recording, name, width, *given_)
                        for field in ("steps", "low", "high", "last", "nonfinite"):
                            np.testing.assert_array_equal(getattr(kept, field), getattr(fresh, field), field)
            run.writer.close()


def test_what_was_read_once_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = Writer.create(tmp_path / "run.tlr", {}, flush_every=1e9)
    table = writer.table(["a/loss"])
    table.extend(np.arange(10_000), np.arange(10_000.0)[:, None])
    writer.flush()
    asked = []

    def noting(look):
        def looked(self, name, start, stop, *columns):
            asked.append((start, stop))
            return look(self, name, start, stop, *columns)

        return looked

    monkeypatch.setattr(Recording, "overview", noting(Recording.overview))
    monkeypatch.setattr(Recording, "read", noting(Recording.read))
    with Recording.open(tmp_path / "run.tlr") as recording:
        kept = memo(recording)
        kept.history("a/loss", 64, 10_000)
        asked.clear()
        kept.history("a/loss", 64, 10_000)
        kept.history("a/loss", 128, 10_000)  # put together of those
        kept.history("a/loss", 64, 6_400)
        assert asked == []
        table.append(10_000, [1.0])
        writer.flush()
        recording.refresh()
        kept.history("a/loss", 64, 10_001)
        assert asked == [(10_000, 10_001)]
    writer.close()


def test_names_that_come_later_are_found(tmp_path: Path) -> None:
    writer = Writer.create(tmp_path / "run.tlr", {}, flush_every=1e9)
    writer.table(["a/std/10", "a/std/9", "a/std/ffn", "a/std/attention.out", "a/std", "b/std/2"]).append(
        0, [1.0] * 6
    )
    writer.flush()
    with Recording.open(tmp_path / "run.tlr") as recording:
        kept = memo(recording)
        assert kept.layers("loss") == {}
        assert {arm: list(layers) for arm, layers in kept.layers("std").items()} == {
            "a": ["9", "10", "ffn", "attention.out"],
            "b": ["2"],
        }
        assert kept.series("*/std") == ["a/std"]
        writer.table(["c/std", "b/std/1"]).append(0, [1.0, 1.0])
        writer.flush()
        recording.refresh()
        assert kept.series("*/std") == ["a/std", "c/std"]
        assert list(kept.layers("std")["b"]) == ["1", "2"]
    writer.close()


def test_what_is_kept_goes_with_its_recording(tmp_path: Path) -> None:
    writer = Writer.create(tmp_path / "run.tlr", {})
    writer.table(["a/loss"]).append(0, [1.0])
    writer.close()
    recording = Recording.open(tmp_path / "run.tlr")
    memo(recording).history("a/loss", 1, 1)
    gone = weakref.ref(memo(recording))
    recording.close()
    del recording
    gc.collect()
    assert gone() is None
