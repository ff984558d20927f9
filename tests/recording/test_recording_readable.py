"""`Readable`: a recording is one, and so is anything else that answers the same questions."""

import inspect
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuilab.recording import (
    Event,
    Frame,
    Gap,
    Overview,
    Readable,
    Recording,
    Series,
    SeriesName,
    Writer,
)
from tuilab.recording.readable import Extent


class Remembered:
    """One series in memory: the smallest thing that is readable."""

    def __init__(self, name: str, values: list[float]) -> None:
        self.name, self.values = name, np.array(values)
        self.header: dict[str, Any] = {"arms": ["a"]}
        self.first_step, self.last_step = 0, len(values) - 1
        self.finished, self.revision = True, 0
        self.gaps: list[Gap] = []

    def refresh(self) -> bool:
        return False

    def series(self, *globs: str) -> list[str]:
        return [self.name]

    def has(self, name: str) -> bool:
        return name == self.name

    def describe(self, name: str) -> Series:
        return Series.parse(name)

    def identity(self, name: str) -> SeriesName:
        return SeriesName.parse(name)

    def extent(self, name: str) -> Extent:
        return ((self, self.last_step),)

    def frames(self, *globs: str) -> list[str]:
        return []

    def read(self, name: str, start: int | None = None, stop: int | None = None) -> tuple[Any, Any]:
        inside = slice(start, stop)
        return np.arange(len(self.values))[inside], self.values[inside]

    def times(self, name: str, start: int | None = None, stop: int | None = None) -> tuple[Any, Any]:
        return np.empty(0, np.int64), np.empty(0)

    def at(self, name: str, step: int) -> float | None:
        return float(self.values[min(step, self.last_step)])

    def overview(self, name: str, start: int | None, stop: int | None, columns: int) -> Overview:
        steps, values = self.read(name, start, stop)
        return Overview(steps, values, values, values, np.zeros(len(steps), np.int64))

    def frame(self, name: str, step: int) -> Frame | None:
        raise KeyError(name)

    def frame_steps(self, name: str) -> Any:
        raise KeyError(name)

    def events(self, start: int | None = None, stop: int | None = None) -> list[Event]:
        return []

    def close(self) -> None:
        pass


def asked() -> dict[str, Any]:
    return {name: member for name, member in vars(Readable).items() if not name.startswith("_")}


def test_a_recording_answers_all_that_is_asked_and_as_it_is_asked(tmp_path):
    writer = Writer.create(tmp_path / "main.tlr", {"arms": ["a"]})
    writer.table(["a/loss"]).append(0, [1.0])
    writer.close()
    with Recording.open(tmp_path / "main.tlr") as recording:
        assert isinstance(recording, Readable)
        for name, member in asked().items():
            own = inspect.getattr_static(recording, name)
            if inspect.isfunction(member):
                assert inspect.signature(own) == inspect.signature(member), name
            else:
                assert not callable(getattr(recording, name)), name


def test_something_small_in_memory_is_readable_too():
    remembered: Readable = Remembered("a/loss", [3.0, 2.0, 1.0])
    assert isinstance(remembered, Readable)
    assert not isinstance(object(), Readable)
    assert remembered.at("a/loss", 9) == 1.0


parts = st.text(max_size=8) | st.sampled_from(
    ["train/loss", "encoder.layers.3.ffn", "a b", "ε", "/", "", "3"]
)
layers = st.none() | parts | st.integers(0, 10**9).map(str)
series = st.builds(Series, st.builds(SeriesName, parts, parts, layers), parts, parts)


several = st.lists(series, min_size=1, max_size=12, unique_by=lambda item: item.name)


@settings(deadline=None)
@given(described=several, timed=st.booleans())
def test_what_a_series_is_of_reads_back_whatever_it_is_called(tmp_path_factory, described, timed):
    path = tmp_path_factory.mktemp("any") / "main.tlr"
    writer = Writer.create(path, {})
    if "wall time" in [item.name for item in described]:
        timed = False
    table = writer.timed_table(described) if timed else writer.table(described)
    table.append(0, np.arange(float(len(described))))
    for close in (writer.flush, writer.close):
        close()
        with Recording.open(path) as recording:
            assert recording.series() == [item.name for item in described]
            for place, item in enumerate(described):
                assert recording.identity(item.name) == item.identity
                assert recording.describe(item.name) == item
                assert recording.at(item.name, 0) == place
                assert len(recording.times(item.name)[0]) == timed
            assert recording.gaps == []


def test_names_alone_are_taken_apart_at_their_slashes(tmp_path):
    writer = Writer.create(tmp_path / "main.tlr", {})
    writer.table(["sgd/loss", "sgd/std/3", "momentum .5/std/encoder.layers.3"]).append(0, [1, 2, 3])
    writer.close()
    with Recording.open(tmp_path / "main.tlr") as recording:
        assert recording.identity("sgd/loss") == ("sgd", "loss", None)
        assert recording.identity("sgd/std/3").number == 3
        assert recording.identity("momentum .5/std/encoder.layers.3").layer == "encoder.layers.3"
        assert recording.describe("sgd/loss") == Series(SeriesName("sgd", "loss"), "", "")
        assert recording.identity("no/such/series") == ("no", "such", "series")


def test_a_name_that_is_two_things_is_refused(tmp_path):
    writer = Writer.create(tmp_path / "main.tlr", {})
    writer.table([Series(SeriesName("run", "train/loss"))])
    with pytest.raises(ValueError, match="'run/train/loss' is SeriesName"):
        writer.table(["run/train/loss"])
    writer.table([Series(SeriesName("run", "train/loss"), "nats")])  # more is known of it than before
    with pytest.raises(ValueError, match="each once"):
        writer.table([Series(SeriesName("a", "b", "c")), "a/b/c"])
    with pytest.raises(ValueError, match="each once"):
        writer.table([Series(SeriesName("a", "b")), 3])


def test_definitions_say_arms_metrics_and_layers_once(tmp_path):
    """Of 600 series each costs little more than its name."""
    meaning = "standard deviation of the activations over batch and units " * 3
    described = [
        Series(SeriesName(f"arm {arm}", metric, f"encoder.layers.{layer}.ffn"), "1", meaning)
        for arm in range(3)
        for metric in ("activation.std", "activation.mean")
        for layer in range(100)
    ]
    path = tmp_path / "main.tlr"
    writer = Writer.create(path, {})
    writer.table(described)
    writer.flush()
    names = sum(len(item.name) + 3 for item in described)
    assert path.stat().st_size < 2 * (names + 600 * 10 + 100 * 30 + 2 * len(meaning) + 1000)


def test_times_are_kept_where_they_were_asked_for(tmp_path):
    writer = Writer.create(tmp_path / "main.tlr", {})
    timed, plain = writer.timed_table(["a/loss", "a/lr"]), writer.table(["b/loss"])
    timed.append(3, [1.0, 0.1], 1_700_000_000.125)
    timed.append(4, np.array([2.0, 0.1]))
    timed.extend(np.array([5, 6]), np.zeros((2, 2)), np.array([1_700_000_009.5, 1_700_000_010.5]))
    plain.append(3, [1.0])
    for refused in (
        lambda: timed.append(9, [1.0]),
        lambda: timed.extend(np.array([9]), np.zeros((1, 2)), np.zeros(2)),
        lambda: timed.extend(np.array([9]), np.zeros(2)),
    ):
        with pytest.raises(ValueError, match="shape"):
            refused()
    writer.close()
    with Recording.open(tmp_path / "main.tlr") as recording:
        assert recording.series() == ["a/loss", "a/lr", "b/loss"]
        steps, times = recording.times("a/lr")
        assert steps.tolist() == [3, 4, 5, 6]
        assert times[[0, 2, 3]].tolist() == [1_700_000_000.125, 1_700_000_009.5, 1_700_000_010.5]
        assert times[1] > 1_700_000_010.5  # now
        assert recording.times("a/loss", 5, 6)[1].tolist() == [1_700_000_009.5]
        assert recording.times("b/loss")[0].tolist() == []
        assert recording.read("a/loss")[1].tolist() == [1.0, 2.0, 0.0, 0.0]
        with pytest.raises(KeyError, match="wall time"):
            recording.read("wall time")
