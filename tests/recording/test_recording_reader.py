"""The reader: every question against plain Python, several files as one, following, versions."""

import math
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recording_oracle import chunks, same
from test_recording_hostile import chunk, head

from tuilab.recording import (
    Event,
    NewerVersionError,
    Recording,
    RecordingError,
    Writer,
    compact,
    digests,
    table,
)


def plain_overview(points: dict[int, float], start: int, stop: int, columns: int) -> list[tuple]:
    """Step, low, high, last and count of non-finite values of each span that has some."""
    spans: dict[int, list[int]] = {}
    for step in sorted(points):
        if start <= step < stop:
            spans.setdefault((step - start) * columns // (stop - start), []).append(step)
    found = []
    for steps in spans.values():
        finite = [points[step] for step in steps if math.isfinite(points[step])] or [math.nan]
        bad = sum(not math.isfinite(points[step]) for step in steps)
        found.append((steps[-1], min(finite), max(finite), finite[-1], bad))
    return found


def check_overview(
    recording: Recording, name: str, points: dict, start: int, stop: int, columns: int
) -> None:
    found = recording.overview(name, start, stop, columns)
    expected = plain_overview(points, start, stop, columns)
    assert len(found.steps) <= columns
    assert found.steps.tolist() == [row[0] for row in expected]
    assert found.nonfinite.tolist() == [row[4] for row in expected]
    for column, place in ((found.low, 1), (found.high, 2), (found.last, 3)):
        assert column.dtype == np.float64
        assert np.array_equal(column, [row[place] for row in expected], equal_nan=True)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.integers(1, 5000),
    stride=st.integers(1, 5),
    jumps=st.lists(st.tuples(st.integers(0, 4999), st.integers(1, 900)), max_size=3),
    bad=st.lists(st.tuples(st.integers(0, 4999), st.integers(1, 1500)), max_size=3),
    flushes=st.lists(st.integers(0, 4999), max_size=3),
    close=st.booleans(),
    few=st.sampled_from([0, 1024]),
    spans=st.lists(
        st.tuples(st.integers(-50, 26_000), st.integers(1, 26_000), st.integers(1, 300)),
        min_size=1,
        max_size=6,
    ),
    at=st.lists(st.integers(-5, 30_000), max_size=20),
)
def test_reading_agrees_with_plain_python(rows, stride, jumps, bad, flushes, close, few, spans, at):
    steps = np.arange(rows) * stride
    for where, more in jumps:
        steps[where:] += more
    values = np.random.default_rng(rows).standard_normal(rows)
    for where, length in bad:
        values[where : where + length] = np.array([np.nan, np.inf, -np.inf])[where % 3]
    points = dict(zip(steps.tolist(), values.tolist(), strict=True))
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(compact, "MAX_ROWS", 1500)
        patch.setattr(compact, "SUMMARY_GROUPS", 9)
        patch.setattr(digests, "FEW", few)
        patch.setattr(table, "MAX_ROWS", 600)
        patch.setattr(table, "SUMMARY_GROUPS", 5)
        path = Path(folder) / "main.tlr"
        writer = Writer.create(path, {}, flush_every=1e9)
        rows_of = writer.table(["other", "s"])
        for row in range(rows):
            rows_of.append(int(steps[row]), [0, values[row]])
            if row in flushes:
                writer.flush()
        if close:
            writer.close()
        else:
            writer.flush()
        with Recording.open(path) as recording:
            assert (recording.first_step, recording.last_step) == (int(steps[0]), int(steps[-1]))
            for start, width, columns in spans:
                check_overview(recording, "s", points, start, start + width, columns)
                inside = (steps >= start) & (steps < start + width)
                read = recording.read("s", start, start + width)
                assert (read[0] == steps[inside]).all()
                assert same(read[1], values[inside])
            check_overview(recording, "s", points, 0, int(steps[-1]) + 1, 77)
            whole = recording.overview("s", None, None, 3)
            assert whole.steps[-1] == steps[-1]
            for step in at:
                before = np.flatnonzero(steps <= step)
                found = recording.at("s", step)
                assert found is None if not len(before) else same(found, values[before[-1]])


def test_an_overview_far_apart_and_far_along(tmp_path):
    writer = Writer.create(tmp_path / "main.tlr", {})
    table = writer.table(["a"])
    points = {0: 1.0, 2**40: 2.0, 2**61: 3.0, 2**62 - 1: 4.0}
    for step, value in points.items():
        table.append(step, [value])
    writer.flush()
    with Recording.open(tmp_path / "main.tlr") as recording:
        check_overview(recording, "a", points, 0, 2**62, 1000)
        check_overview(recording, "a", points, 2**40 - 3, 2**40 + 3, 200)
        assert recording.overview("a", 5, 5, 10).steps.tolist() == []
        assert recording.overview("a", 10**30, 10**31, 10).steps.tolist() == []
        assert recording.overview("a", 9, 3, 10).steps.tolist() == []
        assert recording.read("a", -(10**30), 10**30)[0].tolist() == list(points)
        assert recording.at("a", 10**30) == 4.0
        with pytest.raises(ValueError, match="at least 1"):
            recording.overview("a", 0, 9, 0)


def test_the_last_value_of_a_span_is_its_last_wherever_blocks_are_cut(tmp_path, monkeypatch):
    monkeypatch.setattr(digests, "FEW", 0)
    writer = Writer.create(tmp_path / "main.tlr", {})
    table = writer.table(["a"])
    values = np.arange(600.0)
    values[512:] = (
        np.nan
    )  # of three groups of rows, the span cuts the first and the last, where nothing is finite
    table.extend(np.arange(600), values[:, None])
    writer.close()
    points = dict(enumerate(values.tolist()))
    with Recording.open(tmp_path / "main.tlr") as recording:
        check_overview(recording, "a", points, 100, 580, 1)
        check_overview(recording, "a", points, 100, 580, 2)
        check_overview(recording, "a", points, 513, 580, 1)


def test_an_empty_recording_answers_nothing(tmp_path):
    writer = Writer.create(tmp_path / "main.tlr", {"a": [1]})
    with Recording.open(tmp_path / "main.tlr") as recording:
        assert (recording.first_step, recording.last_step) == (-1, -1)
        assert recording.series() == recording.frames() == recording.events() == recording.gaps == []
        assert not recording.finished
        writer.table(["a"])
        writer.flush()
        assert recording.refresh()
        assert recording.series() == ["a"]
        assert recording.read("a")[0].tolist() == []
        assert recording.at("a", 5) is None
        assert recording.overview("a", None, None, 10).steps.tolist() == []
        writer.close()
        assert recording.refresh()
        assert recording.finished
        assert recording.header == {"a": [1]}
        for ask in (recording.read, recording.frame_steps):
            with pytest.raises(KeyError, match="nothing"):
                ask("nothing")


def test_names_come_in_order_of_appearance_and_match_globs(tmp_path):
    writer = Writer.create(tmp_path / "main.tlr", {})
    writer.table(["sgd/loss", "adam/loss"])
    writer.table(["adam/std/1", "adam/std/2", "sgd/loss"])
    writer.frame("landscape", 0, np.zeros(1))
    writer.frame("adam/histogram", 0, np.zeros(1))
    writer.flush()
    with Recording.open(tmp_path / "main.tlr") as recording:
        assert recording.series() == ["sgd/loss", "adam/loss", "adam/std/1", "adam/std/2"]
        assert recording.series("adam/*") == ["adam/loss", "adam/std/1", "adam/std/2"]
        assert recording.series("ADAM/*", "sgd/*") == ["sgd/loss"]
        assert recording.series("*/std/[12]", "*/loss") == recording.series()
        assert recording.frames() == ["landscape", "adam/histogram"]
        assert recording.frames("*/*") == ["adam/histogram"]


def test_a_series_in_two_tables_is_one_by_step(tmp_path):
    writer = Writer.create(tmp_path / "main.tlr", {})
    rare, often = writer.table(["loss", "rare"]), writer.table(["loss"])
    points = {}
    for step in range(5000):
        points[step] = float(step * step % 91)
        (rare if step % 10 == 0 else often).append(step, [points[step]] * (2 if step % 10 == 0 else 1))
    writer.flush()
    with Recording.open(tmp_path / "main.tlr") as recording:
        for closed in (False, True):
            if closed:
                writer.close()
                recording.refresh()
            steps, values = recording.read("loss")
            assert dict(zip(steps.tolist(), values.tolist(), strict=True)) == points
            assert recording.at("loss", 13) == points[13]
            assert recording.at("loss", 20) == points[20]
            check_overview(recording, "loss", points, 3, 4993, 37)


def test_several_files_are_one_recording(tmp_path):
    first, second = tmp_path / "main.tlr", tmp_path / "rank-1.tlr"
    one = Writer.create(first, {"part": 1}, flush_every=1e9)
    two = Writer.create(second, {"part": 2}, flush_every=1e9)
    old, new = one.table(["loss", "old"]), two.table(["new", "loss"])
    old.extend(np.arange(3000), np.ones((3000, 2)))
    new.extend(np.arange(2000, 4000), np.full((2000, 2), 2.0))
    for step in (0, 10, 20):
        one.frame("f", step, np.full(2, 1.0), {"of": "one"})
    for step in (20, 30):
        two.frame("f", step, np.full(3, 2.0), {"of": "two"})
    two.event(5, "resumed")
    one.event(5, "paused", "arm", at=1)
    one.event(50, "finished")
    one.close()
    two.flush()
    points = {step: 1.0 if step < 2000 else 2.0 for step in range(4000)}
    for order in ([first, second], [second, first]):
        with Recording.open(order) as recording:
            assert recording.header == {"part": 1}
            assert recording.series() == ["loss", "old", "new"]
            steps, values = recording.read("loss")
            assert dict(zip(steps.tolist(), values.tolist(), strict=True)) == points
            assert [recording.at("loss", step) for step in (1999, 2000, 2999, 9999)] == [1, 2, 2, 2]
            for start, stop in ((0, 4000), (1900, 2100), (0, 1000), (3500, 3600)):
                check_overview(recording, "loss", points, start, stop, 10)
            assert recording.frame_steps("f").tolist() == [0, 10, 20, 30]
            assert [recording.frame("f", step).meta["of"] for step in (19, 20, 99)] == ["one", "two", "two"]
            assert recording.frame("f", -1) is None
            events = recording.events()
            assert [event.kind for event in events] == ["paused", "resumed", "finished"]
            assert events[0] == Event(5, "paused", "arm", {"at": 1}, events[0].time)
            assert [event.kind for event in recording.events(6)] == ["finished"]
            assert [event.kind for event in recording.events(stop=6)] == ["paused", "resumed"]
            assert not recording.finished
            assert (recording.first_step, recording.last_step) == (0, 3999)


def test_one_file_of_several_may_be_compacted_while_read(tmp_path):
    writers = [Writer.create(tmp_path / f"{n}.tlr", {"n": n}) for n in range(2)]
    tables = [writer.table(["loss"]) for writer in writers]
    tables[0].append(0, [1.0])
    for writer in writers:
        writer.flush()
    with Recording.open([tmp_path / "0.tlr", tmp_path / "1.tlr"]) as recording:
        assert not recording.refresh()
        writers[0].close()
        tables[1].append(1, [2.0])
        writers[1].flush()
        assert recording.at("loss", 0) == 1.0  # the file as it was opened
        assert recording.refresh()
        assert recording.read("loss")[1].tolist() == [1.0, 2.0]
        assert not recording.finished
        writers[1].close()
        assert recording.refresh()
        assert recording.finished
        assert not recording.refresh()
        assert recording.read("loss")[1].tolist() == [1.0, 2.0]


def test_a_file_that_vanishes_or_shrinks_does_not_stop_the_reader(tmp_path):
    path = tmp_path / "main.tlr"
    writer = Writer.create(path, {})
    table = writer.table(["a"])
    table.extend(np.arange(3000), np.arange(3000.0)[:, None])
    writer.flush()
    data = path.read_bytes()
    with Recording.open(path) as recording:
        path.write_bytes(data[:-9])
        assert recording.read("a")[0].tolist() == list(range(2048))  # the last chunk is gone
        assert recording.at("a", 2999) == 2047
        assert recording.refresh()
        assert recording.read("a")[0].tolist() == list(range(2048))
        path.write_bytes(data)
        assert recording.refresh()
        assert recording.last_step == 2999
        path.unlink()
        assert not recording.refresh()
        assert recording.at("a", 2999) == 2999
        path.write_bytes(b"another file of that name")
        with pytest.raises(RecordingError, match="no intact piece"):
            recording.refresh()
        assert recording.at("a", 2999) == 2999


def test_a_newer_version_is_refused_in_one_sentence(tmp_path):
    path = tmp_path / "main.tlr"
    writer = Writer.create(path, {})
    writer.close()
    data = path.read_bytes()
    for newer in (chunk(1, b"{}", version=7), data + chunk(200, b"?", version=7)):
        path.write_bytes(newer)
        with pytest.raises(
            NewerVersionError, match=r"main\.tlr is of recording format 7, .* up to 1: upgrade"
        ):
            Recording.open(path)


def test_unknown_chunks_are_skipped(tmp_path):
    path = tmp_path / "main.tlr"
    writer = Writer.create(path, {})
    writer.table(["a"]).append(0, [1.0])
    writer.flush()
    data = path.read_bytes()
    new = chunk(77, b"from tomorrow") + head(78, 20, b"covered in part") + b"covered in part" + bytes(5)
    end = chunks(data)[1].end
    path.write_bytes(data[:end] + new + data[end:] + new)
    with Recording.open(path) as recording:
        assert recording.at("a", 0) == 1.0
        assert recording.gaps == []


def test_a_copy_of_a_live_file_reads_like_it(tmp_path):
    writer = Writer.create(tmp_path / "main.tlr", {}, flush_every=1e9)
    table = writer.table(["a"])
    for step in range(10):
        table.append(step, [step])
        writer.flush()
        shutil.copy(tmp_path / "main.tlr", tmp_path / "copy.tlr")
        with Recording.open(tmp_path / "copy.tlr") as recording:
            assert recording.last_step == step


def test_the_index_stays_small_while_a_recording_grows(tmp_path):
    """Of many small chunks nothing is kept once they are written again as a large one."""
    path = tmp_path / "main.tlr"
    writer = Writer.create(path, {}, flush_every=0.0)
    table = writer.table(["a"])
    with Recording.open(path) as recording:
        for step in range(10_000):
            table.append(step, [step])
        recording.refresh()
        (reader,) = recording._files
        kept = len(reader.contents.tables[0].pieces)
        assert kept < 10_000 / 2048 + 2048
        assert recording.read("a")[0].tolist() == list(range(10_000))


def test_importing_the_room_loads_numpy_and_nothing_heavy():
    program = "import sys, tuilab.recording; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    names = set(loaded.stdout.split())
    assert "numpy" in names
    assert not names & {"torch", "textual", "pydantic", "plotext", "rich", "typer", "platformdirs", "psutil"}
