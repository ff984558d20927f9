"""The recorder: whatever comes and goes, all of it reads back, from few tables and by few bytes."""

import errno
import os
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tuilab.probes.observation import Observation
from tuilab.recording import Recording, SeriesName, Writer
from tuilab.watching.cadence import BY_METRIC
from tuilab.watching.recorder import Recorder

Values = dict[str, float]


def observe(path: Path, observed: Iterable[tuple[int, Values]], header: dict | None = None) -> Writer:
    """Records what was observed, and leaves the recording live."""
    writer = Writer.create(path, header or {}, flush_every=1e9)
    recorder = Recorder(writer, lambda: False)
    for step, values in observed:
        recorder.observation(Observation(step, values), step / 10)
    recorder.flush()
    return writer


def training(arms: int, steps: int, layers: int, ends: int) -> Iterable[tuple[int, Values]]:
    """Losses at every step, probes and validations now and then, and arms that end one by one."""
    for step in range(steps):
        values: Values = {}
        for arm in range(arms if not ends else max(1, arms - step // ends)):
            value = step + arm / 100
            values |= {f"arm {arm}/{name}": value for name in ("train.loss", "train.accuracy")}
            if step % 20 == 0:
                values |= {f"arm {arm}/activation.std/{layer}": value for layer in range(1, layers + 1)}
            if step % 50 == 0:
                values |= {f"arm {arm}/validation.{name}": value for name in ("loss", "accuracy")}
        if step and step % 20 == 0:
            values["engine/images_per_second"] = 1.0
        yield step, values


def read_back(recording: Recording, observed: Iterable[tuple[int, Values]]) -> None:
    expected: dict[str, Values] = {}
    for step, values in observed:
        for name, value in (values | {"engine/seconds": step / 10}).items():
            expected.setdefault(name, {})[step] = value
    assert set(recording.series()) == set(expected)
    for name, values in expected.items():
        steps, found = recording.read(name)
        assert steps.tolist() == sorted(values)
        assert found.tolist() == [values[step] for step in sorted(values)]


def definitions(path: Path) -> int:
    """Bytes of a live file that are definitions of tables."""
    data, at, found = path.read_bytes(), 0, 0
    while at < len(data):
        length = 40 + int.from_bytes(data[at + 24 : at + 28], "little")
        found += length * (data[at + 5] == 2)
        at += length
    return found


def test_definitions_are_less_than_what_they_define_though_arms_end_one_by_one(tmp_path):
    observed = list(training(arms=16, steps=1600, layers=90, ends=100))
    observe(tmp_path / "main.tlr", observed)
    numbers = 8 * sum(len(values) + 1 for _, values in observed)
    assert definitions(tmp_path / "main.tlr") < numbers / 2
    with Recording.open(tmp_path / "main.tlr") as recording:
        read_back(recording, observed)


def test_what_comes_with_every_step_is_read_without_what_comes_with_the_probes(tmp_path, monkeypatch):
    """An overview of a long run reads summaries, while it is live as well as afterwards."""
    monkeypatch.setattr("tuilab.recording.table.SUMMARY_GROUPS", 64)
    steps = 60_000
    header = {"arms": ["arm 0"]}
    writer = observe(tmp_path / "main.tlr", training(arms=1, steps=steps, layers=3, ends=0), header)
    taken = [0]
    real = os.pread

    def pread(fd: int, length: int, offset: int) -> bytes:
        data = real(fd, length, offset)
        taken[0] += len(data)
        return data

    for closed in (False, True):
        if closed:
            writer.close()
        with Recording.open(tmp_path / "main.tlr") as recording, monkeypatch.context() as patch:
            patch.setattr(os, "pread", pread)
            for name in ("arm 0/train.loss", "engine/seconds", "arm 0/train.loss"):
                taken[0] = 0
                found = recording.overview(name, None, None, 20)
                assert len(found.steps) == 20
                assert taken[0] < 8 * steps * 0.4
            assert found.last[-1] == steps - 1
            assert found.low[0] == 0


def test_every_series_lies_in_tables_one_after_the_other(tmp_path):
    observed = list(training(arms=3, steps=300, layers=4, ends=90))
    observe(tmp_path / "main.tlr", observed).close()
    with Recording.open(tmp_path / "main.tlr") as recording:
        (segment,) = recording.segments
        spans: dict[str, list[tuple[int, int]]] = {}
        for table in segment.file.contents.tables.values():
            for name in table.definition.series:
                spans.setdefault(name, []).append((table.pieces.first[0], table.pieces.last[-1]))
        for parts in spans.values():
            parts.sort()
            assert len(parts) <= 5
            assert all(before[1] < after[0] for before, after in pairwise(parts))


NAMES = [f"{arm}/{metric}" for arm in "ab" for metric in ("x", "y/1", "y/2", "z")]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(coming=st.lists(st.lists(st.sampled_from(NAMES), unique=True), min_size=1, max_size=40))
def test_whatever_comes_together_reads_back(coming):
    observed = [(step, {name: float(step) for name in names}) for step, names in enumerate(coming)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "main.tlr"
        observe(path, observed)
        with Recording.open(path) as recording:
            read_back(recording, observed)


def test_a_group_that_falls_apart_again_and_again_does_so_a_few_times(tmp_path):
    names = [f"a/m{number}" for number in range(60)]
    observed = [(step, dict.fromkeys(names[step:], 1.0)) for step in range(60)]
    observe(tmp_path / "main.tlr", observed)
    with Recording.open(tmp_path / "main.tlr") as recording:
        read_back(recording, observed)
        (segment,) = recording.segments
        for name in names:
            tables = segment.file.contents.tables.values()
            assert sum(name in table.definition.series for table in tables) <= BY_METRIC + 2


def test_units_and_meanings_are_where_the_series_is_defined(tmp_path):
    told = {"meaning": "mean loss on the batch", "unit": "nats", "per_layer": False}
    clock = {"meaning": "time", "unit": "s"}
    observed = [(0, {"a/loss": 1.0, "a/weight.norm/2": 2.0})]
    observe(tmp_path / "main.tlr", observed, {"metrics": {"loss": told, "engine/seconds": clock}})
    with Recording.open(tmp_path / "main.tlr") as recording:
        loss, layer = recording.describe("a/loss"), recording.describe("a/weight.norm/2")
        assert (loss.unit, loss.meaning) == ("nats", "mean loss on the batch")
        assert recording.describe("engine/seconds").unit == "s"
        assert (layer.identity, layer.unit) == (SeriesName("a", "weight.norm", "2"), "")


def test_the_recorder_says_where_it_is(tmp_path):
    writer = Writer.create(tmp_path / "main-2.tlr", {})
    recorder = Recorder(writer, lambda: False)
    assert (recorder.file, recorder.events) == ("main-2.tlr", 0)
    recorder.event(0, "started")
    recorder.observation(Observation(0, {"a/x": 1.0}, events=[("seen", "a", {})]), 0.0)
    assert recorder.events == 2


def full(*given: object) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_disk_that_is_full_in_the_midst_of_a_step_loses_nothing(tmp_path, monkeypatch):
    """The step's first table is refused, and the others come after it all the same."""
    writer = Writer.create(tmp_path / "main.tlr", {}, flush_every=0.0)
    asked = [0]

    def wait() -> bool:
        asked[0] += 1
        if asked[0] == 3:
            monkeypatch.undo()
        return True

    recorder = Recorder(writer, wait)
    observed = [(step, {"a/x": 1.0 * step, "b/x": 2.0 * step, "c/x": 3.0}) for step in range(9)]
    for step, values in observed:
        if step == 5:
            monkeypatch.setattr(os, "pwritev", full)
        recorder.observation(Observation(step, values), step / 10)
    recorder.flush()
    with Recording.open(tmp_path / "main.tlr") as recording:
        read_back(recording, observed)
        assert [event.kind for event in recording.events()] == ["disk-full"]


def test_a_disk_that_stays_full_is_the_callers_to_know(tmp_path, monkeypatch):
    writer = Writer.create(tmp_path / "main.tlr", {}, flush_every=0.0)
    recorder = Recorder(writer, lambda: False)
    monkeypatch.setattr(os, "pwritev", full)
    with pytest.raises(OSError, match="space"):
        recorder.observation(Observation(0, {"a/x": np.nan}), 0.0)
