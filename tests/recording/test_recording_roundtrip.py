"""Whatever is written reads back equal: by this reader, and by a second one made from the docs."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recording_oracle import check, play, same, scripts, second_reading

from tuilab.recording import Recording, Writer, compact, table

HEADER = {"scenario": {"kind": "descent"}, "arms": ["sgd", "ädam"], "steps": None}


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(script=scripts(), close=st.booleans(), large=st.sampled_from([300, 32768]))
def test_any_sequence_of_writes_reads_back_equal(script, close, large):
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(compact, "MAX_ROWS", large)
        patch.setattr(table, "MAX_ROWS", 500)
        patch.setattr(table, "SUMMARY_GROUPS", 5)
        path = Path(folder) / "main.tlr"
        writer = Writer.create(path, HEADER, flush_every=1e9)
        with Recording.open(path) as following:
            expected = play(writer, script, HEADER)
            if close:
                writer.close()
            else:
                writer.flush()
            following.refresh()
            check(following, expected)
            assert following.finished == close
            assert following.gaps == []
        with Recording.open(path) as recording:
            check(recording, expected)
            assert recording.gaps == []
        found = second_reading(path)
        found.header = dict(found.header)
        with Recording.open(path) as recording:
            check(recording, found)


def test_a_long_run_reads_back_equal_before_and_after_it_is_closed(tmp_path):
    path = tmp_path / "main.tlr"
    values = np.random.default_rng(0).standard_normal((70_001, 3))
    values[::977] = np.nan
    values[::1009, 1] = np.inf
    steps = np.arange(70_001) * 3
    steps[50_000:] += 7  # the stride changes once
    writer = Writer.create(path, {}, flush_every=1e9)
    table = writer.table(["a", "b", "c"], "float64")
    for row in range(5000):
        table.append(int(steps[row]), values[row])
        if row % 7 == 0:
            writer.flush()
    table.extend(steps[5000:], values[5000:])
    writer.flush()
    with Recording.open(path) as live:
        for closed in (False, True):
            if closed:
                writer.close()
                assert live.refresh()
            for column, name in enumerate("abc"):
                found = live.read(name)
                assert (found[0] == steps).all()
                assert same(found[1], values[:, column])
                part = live.read(name, 30_001, 160_000)
                inside = (steps >= 30_001) & (steps < 160_000)
                assert (part[0] == steps[inside]).all()
                assert same(part[1], values[inside, column])


def test_a_float32_table_takes_what_does_not_fit_as_infinite(tmp_path):
    writer = Writer.create(tmp_path / "main.tlr", {})
    table = writer.table(["a"], "float32")
    table.append(0, [1e300])
    table.append(1, np.array([-1e300]))
    table.extend(np.array([2]), np.array([[1e39]]))
    writer.close()
    with Recording.open(tmp_path / "main.tlr") as recording:
        assert recording.read("a")[1].tolist() == [np.inf, -np.inf, np.inf]


def test_a_signalling_nan_is_a_nan(tmp_path):
    signalling = np.array([1, 0x7F800001], np.uint32).view(np.float32)[1:]
    writer = Writer.create(tmp_path / "main.tlr", {})
    narrow, wide = writer.table(["a"], "float32"), writer.table(["b"], "float64")
    for step in range(600):
        narrow.append(step, signalling)
        wide.append(step, signalling)
    writer.flush()
    with Recording.open(tmp_path / "main.tlr") as recording:
        for closed in (False, True):
            if closed:
                writer.close()
                recording.refresh()
            for name in "ab":
                assert np.isnan(recording.read(name)[1]).all()
                assert np.isnan(recording.at(name, 300))
                assert recording.overview(name, None, None, 1).nonfinite.tolist() == [600]


def test_the_meta_of_a_frame_is_kept_until_another_is_given(tmp_path):
    path = tmp_path / "main.tlr"
    writer = Writer.create(path, {})
    for step, meta in enumerate([{"low": [0]}, None, {"low": [0]}, {"low": [5]}, None]):
        writer.frame("h", step, np.full((2, 3), step, np.float32), meta)
    writer.flush()
    with Recording.open(path) as recording:
        lows = [recording.frame("h", step).meta["low"] for step in range(5)]
    assert lows == [[0], [0], [0], [5], [5]]


def test_big_endian_and_strided_arrays_read_back_equal(tmp_path):
    path = tmp_path / "main.tlr"
    writer = Writer.create(path, {})
    array = np.arange(24, dtype=">f8").reshape(4, 6)[::2, ::-3]
    writer.frame("f", 0, array)
    writer.table(["a", "b"]).append(0, np.arange(8.0)[::4])
    writer.close()
    with Recording.open(path) as recording:
        assert (recording.frame("f", 9).array == array).all()
        assert recording.at("b", 0) == 4.0


def test_edges_that_change_with_every_frame_are_data(tmp_path):
    """Another definition each time would make the file grow with the square of its frames."""
    path = tmp_path / "main.tlr"
    writer = Writer.create(path, {}, flush_every=1e9)
    meta = {"kind": "histogram"}
    sizes = []
    for step in range(200):
        edges, counts = np.linspace(-step, step, 9), np.full(8, step)
        writer.frame("h", step, counts, meta, {"edges": edges, "layers": np.arange(2)})
        writer.flush()
        sizes.append(path.stat().st_size)
    assert len(set(np.diff(sizes[1:]))) == 1
    with Recording.open(path) as recording:
        for closed in (False, True):
            if closed:
                writer.close()
                recording.refresh()
            for step in (0, 7, 199):
                frame = recording.frame("h", step)
                assert frame.meta == meta
                assert frame.array.tolist() == [step] * 8
                assert frame.arrays["edges"].tolist() == np.linspace(-step, step, 9).tolist()
                assert frame.arrays["layers"].tolist() == [0, 1]


def test_further_arrays_may_come_go_and_change_their_shape(tmp_path):
    writer = Writer.create(tmp_path / "main.tlr", {})
    array = np.zeros(2)
    for step, arrays in enumerate(
        [None, {"e": np.arange(3)}, {"e": np.arange(4)}, {"f": np.arange(4)}, None]
    ):
        writer.frame("h", step, array, None, arrays)
    for wrong in ({3: array}, {"e": np.array([object()])}, {str(k): array for k in range(17)}):
        with pytest.raises(ValueError, match="h"):
            writer.frame("h", 9, array, None, wrong)
    writer.close()
    with Recording.open(tmp_path / "main.tlr") as recording:
        found = [recording.frame("h", step).arrays for step in range(5)]
    assert [{name: part.tolist() for name, part in arrays.items()} for arrays in found] == [
        {}, {"e": [0, 1, 2]}, {"e": [0, 1, 2, 3]}, {"f": [0, 1, 2, 3]}, {},
    ]  # fmt: skip
