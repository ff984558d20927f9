"""History over several files: what a later one went back over is gone for every reader."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tuilab.recording import Recording, RecordingError, Writer

RUN, OTHER = "6f1d", "a9c0"


def begin(path: Path, header: dict | None = None, **lineage: object) -> Writer:
    """A file of the run, by default its first."""
    told = {"run": RUN, "sequence": 1, "rank": 0} | lineage
    return Writer.create(path, (header or {}) | told, flush_every=1e9)


def record(path: Path, steps: range, value: float, **lineage: object) -> Writer:
    """A file with a series, a frame and an event at each step, all of which tell the file by `value`."""
    writer = begin(path, **lineage)
    fill(writer, steps, value)
    return writer


def fill(writer: Writer, steps: range, value: float) -> None:
    table = writer.table(["a/loss"])
    for step in steps:
        table.append(step, [value])
        writer.frame("a/f", step, np.array([value]))
        writer.event(step, "seen", value=value)
    writer.flush()


def values(recording: Recording, name: str = "a/loss") -> dict[int, float]:
    steps, found = recording.read(name)
    return dict(zip(steps.tolist(), found.tolist(), strict=True))


def restart(file: str, step: int, events: int | None = None, **more: object) -> dict:
    """What a file says that goes on from another one."""
    return {"file": file, "step": step} | ({} if events is None else {"events": events}) | more


def check_history(recording: Recording, expected: dict[int, float]) -> None:
    """Asserts that this is all there is, through every way to ask for it."""
    steps = sorted(expected)
    assert values(recording) == expected
    assert recording.frame_steps("a/f").tolist() == steps
    assert [(event.step, event.data["value"]) for event in recording.events()] == sorted(expected.items())
    assert (recording.first_step, recording.last_step) == (steps[0], steps[-1])
    for step in (*steps, steps[-1] + 1000):
        last = max(known for known in steps if known <= step)
        assert recording.at("a/loss", step) == expected[last]
        assert recording.frame("a/f", step).step == last
        assert recording.frame("a/f", step).array[0] == expected[last]
    whole = recording.overview("a/loss", None, None, 7)
    assert whole.steps[-1] == steps[-1]
    assert whole.low.min() == min(expected.values())
    assert whole.high.max() == max(expected.values())
    for step in steps:  # a span a step
        found = recording.overview("a/loss", step, step + 1, 1)
        assert (found.steps.tolist(), found.last.tolist()) == ([step], [expected[step]])
    assert recording.gaps == []


def test_the_future_of_a_killed_engine_is_gone(tmp_path):
    """It diverged at 80, was killed at 99, and its run was resumed from the checkpoint of 49."""
    first = record(tmp_path / "main.tlr", range(80), 1.0)
    first.event(80, "diverged", "a")
    first.table(["a/only.then"]).append(80, [np.inf])
    first.flush()
    second = record(
        tmp_path / "main-2.tlr", range(50, 60), 2.0, sequence=2, continues=restart("main.tlr", 49, 50)
    )
    paths = [tmp_path / "main.tlr", tmp_path / "main-2.tlr"]
    expected = {step: 1.0 if step < 50 else 2.0 for step in range(60)}
    for order in (paths, paths[::-1]):
        with Recording.open(order) as recording:
            check_history(recording, expected)
            assert not recording.finished
            assert recording.read("a/only.then")[0].tolist() == []
    second.close()  # the first one will never be
    with Recording.open(paths) as recording:
        check_history(recording, expected)
        assert recording.finished


def test_no_clock_decides(tmp_path, monkeypatch):
    """Resumed on a machine whose clock is ten minutes behind."""
    record(tmp_path / "main.tlr", range(10), 1.0).close()
    now, now_ns = time.time, time.time_ns
    monkeypatch.setattr(time, "time", lambda: now() - 600)
    monkeypatch.setattr(time, "time_ns", lambda: now_ns() - 600 * 10**9)
    lineage = {"sequence": 2, "continues": restart("main.tlr", 4, 5)}
    record(tmp_path / "main-2.tlr", range(5, 20), 2.0, **lineage).close()
    with Recording.open([tmp_path / "main.tlr", tmp_path / "main-2.tlr"]) as recording:
        check_history(recording, {step: 1.0 if step < 5 else 2.0 for step in range(20)})


life = st.tuples(st.integers(0, 400), st.integers(1, 120), st.booleans())


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(lives=st.lists(life, min_size=1, max_size=5), counted=st.booleans(), order=st.randoms())
def test_any_number_of_restarts_reads_like_one_life(lives, counted, order):
    """Each goes on from any step of the history so far, and closes its file or is killed."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        kept: list[tuple[int, float, str, int]] = []  # step, value, its file, and events of that file so far
        paths = []
        for life, (back, more, close) in enumerate(lives):
            kept = kept[: back % (len(kept) + 1)]
            lineage: dict = {"sequence": life + 1}
            start = 0
            if life:
                step, _, file, events = kept[-1] if kept else (-1, 0.0, paths[-1].name, 0)
                lineage["continues"] = restart(file, step, events if counted else None)
                start = step + 1
            path = folder / (f"main-{life + 1}.tlr" if life else "main.tlr")
            writer = record(path, range(start, start + more), float(life), **lineage)
            kept += [(start + n, float(life), path.name, n + 1) for n in range(more)]
            if close:
                writer.close()
            paths.append(path)
        expected = {step: value for step, value, _, _ in kept}
        order.shuffle(paths)
        with Recording.open(paths) as recording:
            check_history(recording, expected)
            assert recording.finished == lives[-1][2]


def test_an_event_after_the_checkpoint_of_its_step_is_gone(tmp_path):
    first = begin(tmp_path / "main.tlr")
    first.table(["a/loss"]).append(5, [1.0])
    first.event(5, "checkpoint")
    first.event(5, "set", key="lr", value=50)
    first.flush()
    path = tmp_path / "main-2.tlr"
    begin(path, sequence=2, continues=restart("main.tlr", 5, 1)).event(5, "resumed-from")
    with Recording.open([path, tmp_path / "main.tlr"]) as recording:
        assert [event.kind for event in recording.events()] == ["checkpoint"]
        assert recording.last_step == 5


def test_a_restart_from_the_very_start_leaves_nothing(tmp_path):
    record(tmp_path / "main.tlr", range(30), 1.0)
    writer = begin(tmp_path / "main-2.tlr", sequence=2, continues=restart("main.tlr", -1))
    with Recording.open([tmp_path / "main.tlr", tmp_path / "main-2.tlr"]) as recording:
        assert (recording.first_step, recording.last_step) == (-1, -1)
        assert recording.events() == []
        assert recording.read("a/loss")[0].tolist() == recording.frame_steps("a/f").tolist() == []
        fill(writer, range(3), 2.0)
        assert recording.refresh()
        check_history(recording, dict.fromkeys(range(3), 2.0))


def test_files_that_the_latest_does_not_come_from_do_not_exist(tmp_path):
    """The second engine made no checkpoint before it was killed: the third goes on from the first's."""
    record(tmp_path / "main.tlr", range(10), 1.0)
    record(tmp_path / "main-2.tlr", range(5, 99), 2.0, sequence=2, continues=restart("main.tlr", 4, 5))
    record(tmp_path / "main-3.tlr", range(5, 8), 3.0, sequence=3, continues=restart("main.tlr", 4, 5))
    with Recording.open(sorted(tmp_path.iterdir())) as recording:
        check_history(recording, {step: 1.0 if step < 5 else 3.0 for step in range(8)})
        assert [part.file.path.name for part in recording.segments] == ["main.tlr", "main-3.tlr"]


def test_ranks_lie_side_by_side_and_go_back_together(tmp_path):
    def share(path: str, steps: range, value: float, rank: int, **lineage: object) -> Path:
        writer = begin(tmp_path / path, {"rank of": rank}, rank=rank, **lineage)
        table = writer.table([f"a/rank.loss/{rank}"])
        for step in steps:
            table.append(step, [value])
        writer.close()
        return tmp_path / path

    paths = [share("main.tlr", range(10), 0.0, 0), share("rank-1.tlr", range(12), 1.0, 1)]
    with Recording.open(paths) as recording:
        assert recording.header["rank of"] == 0
        assert len(values(recording, "a/rank.loss/0")) == 10
        assert len(values(recording, "a/rank.loss/1")) == 12
    # Resumed by one process alone: of the other there is nothing after the step that it went back to.
    paths.append(share("main-2.tlr", range(5, 20), 2.0, 0, sequence=2, continues=restart("main.tlr", 4)))
    with Recording.open(paths) as recording:
        assert len(values(recording, "a/rank.loss/0")) == 20
        assert max(values(recording, "a/rank.loss/1")) == 4
        assert recording.last_step == 19
        assert recording.finished
    # And by two again.
    paths.append(share("main-3.tlr", range(15, 30), 3.0, 0, sequence=3, continues=restart("main-2.tlr", 14)))
    paths.append(
        share("rank-1-3.tlr", range(15, 31), 4.0, 1, sequence=3, continues=restart("rank-1.tlr", 14))
    )
    with Recording.open(paths[::-1]) as recording:
        assert len(values(recording, "a/rank.loss/0")) == 30
        assert sorted(values(recording, "a/rank.loss/1")) == [*range(5), *range(15, 31)]
        assert recording.header["rank of"] == 0


def test_a_fork_has_its_parents_past_and_its_own_header(tmp_path):
    parent, fork = tmp_path / "parent", tmp_path / "fork"
    for folder in (parent, fork):
        folder.mkdir()
    record(parent / "main.tlr", range(30), 1.0, header={"arms": ["a"]})
    record(parent / "main-2.tlr", range(20, 90), 2.0, sequence=2, continues=restart("main.tlr", 19, 20))
    origin = restart("main-2.tlr", 39, 20, run=RUN)
    record(fork / "main.tlr", range(40, 60), 3.0, run=OTHER, parent=origin, header={"arms": ["b"]})
    record(
        fork / "main-2.tlr",
        range(50, 70),
        4.0,
        run=OTHER,
        sequence=2,
        continues=restart("main.tlr", 49, 10),
        parent=origin,
    )
    paths = [fork / "main.tlr", fork / "main-2.tlr", parent / "main.tlr", parent / "main-2.tlr"]
    expected = {step: 1.0 + (step >= 20) + (step >= 40) + (step >= 50) for step in range(70)}
    for order in (paths, paths[::-1]):
        with Recording.open(order) as recording:
            check_history(recording, expected)
            assert recording.header["arms"] == ["b"]
            assert recording.header["run"] == OTHER
    with Recording.open(paths[:2]) as recording:
        assert values(recording) == {step: value for step, value in expected.items() if step >= 40}
        (gap,) = recording.gaps
        assert gap.path == fork / "main.tlr"
        assert gap.reason == f"it goes on from step 39 of main-2.tlr of run {RUN}, which is not there"


def test_a_missing_file_is_a_gap_and_the_rest_is_read(tmp_path):
    record(tmp_path / "main-2.tlr", range(5, 9), 2.0, sequence=2, continues=restart("main.tlr", 4))
    with Recording.open(tmp_path / "main-2.tlr") as recording:
        assert sorted(values(recording)) == [5, 6, 7, 8]
        assert [gap.reason for gap in recording.gaps] == [
            "it goes on from step 4 of main.tlr, which is not there"
        ]


def test_gaps_in_what_was_gone_back_over_are_no_matter(tmp_path):
    first = begin(tmp_path / "main.tlr")
    table = first.table(["a/loss"])
    ends = []
    for step in range(30):
        table.append(step, [1.0])
        first.flush()
        ends.append((tmp_path / "main.tlr").stat().st_size)
    data = bytearray((tmp_path / "main.tlr").read_bytes())
    for step in (3, 20):
        data[ends[step] - 1] ^= 1
    (tmp_path / "main.tlr").write_bytes(data)
    record(tmp_path / "main-2.tlr", range(11, 20), 2.0, sequence=2, continues=restart("main.tlr", 10))
    with Recording.open(tmp_path / "main.tlr") as recording:
        assert len(recording.gaps) == 2
    with Recording.open([tmp_path / "main.tlr", tmp_path / "main-2.tlr"]) as recording:
        assert [gap.offset for gap in recording.gaps] == [ends[2]]
        assert sorted(values(recording)) == [step for step in range(20) if step != 3]


# While it goes on.


def test_an_earlier_file_may_be_compacted_while_the_history_is_read(tmp_path):
    first = record(tmp_path / "main.tlr", range(3000), 1.0)
    second = record(
        tmp_path / "main-2.tlr", range(2000, 2010), 2.0, sequence=2, continues=restart("main.tlr", 1999)
    )
    expected = {step: 1.0 if step < 2000 else 2.0 for step in range(2010)}
    with Recording.open([tmp_path / "main.tlr", tmp_path / "main-2.tlr"]) as recording:
        assert values(recording) == expected
        first.close()
        assert recording.refresh()
        assert values(recording) == expected
        second.close()
        assert recording.refresh()
        assert values(recording) == expected
        assert recording.last_step == 2009
        assert recording.frame("a/f", 2005).array == 2.0
        assert recording.frame("a/f", 1999).array == 1.0


def test_one_file_that_cannot_be_read_any_more_leaves_the_others_readable(tmp_path):
    first = record(tmp_path / "main.tlr", range(10), 1.0)
    record(tmp_path / "rank-1.tlr", range(10), 2.0, rank=1)
    with Recording.open([tmp_path / "main.tlr", tmp_path / "rank-1.tlr"]) as recording:
        first.close()  # another file takes its place
        (tmp_path / "rank-1.tlr").unlink()
        (tmp_path / "rank-1.tlr").write_bytes(b"no recording at all")
        for _ in range(2):
            with pytest.raises(RecordingError, match=r"rank-1\.tlr"):
                recording.refresh()
            assert values(recording) == dict.fromkeys(range(10), 2.0)
            assert recording.at("a/loss", 3) == 2.0
            assert recording.frame("a/f", 3).step == 3
