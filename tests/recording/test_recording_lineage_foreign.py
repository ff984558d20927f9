"""History over files of version 0.1, which say nothing of each other, and of strangers, who say anything."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_recording_lineage import OTHER, RUN, fill, record, restart, values

from tuilab.recording import Recording, Writer


def plain(path: Path, steps: range, value: float, resumed: int | None = None) -> Writer:
    writer = Writer.create(path, {"of": path.name}, flush_every=1e9)
    if resumed is not None:
        writer.event(resumed, "resumed-from")
    table = writer.table(["a/loss"])
    for step in steps:
        table.append(step, [value])
    writer.flush()
    return writer


def test_files_without_lineage_go_on_in_the_order_of_their_names(tmp_path):
    plain(tmp_path / "main-10.tlr", range(25, 30), 10.0, resumed=24)
    plain(tmp_path / "main-2.tlr", range(10, 99), 2.0, resumed=9)
    plain(tmp_path / "main.tlr", range(50), 1.0)
    plain(tmp_path / "rank-1.tlr", range(50), 5.0)
    with Recording.open(sorted(tmp_path.iterdir())) as recording:
        # The second rank has the same series here, so that of it shows what the first one has not.
        expected = {step: 5.0 if step < 10 else 2.0 if step < 25 else 10.0 for step in range(30)}
        assert values(recording) == expected
        assert recording.header == {"of": "main.tlr"}
        assert [event.step for event in recording.events()] == [9, 24]


def test_a_live_file_without_lineage_counts_from_its_first_event_on(tmp_path):
    plain(tmp_path / "main.tlr", range(50), 1.0)
    second = Writer.create(tmp_path / "main-2.tlr", {}, flush_every=1e9)
    with Recording.open([tmp_path / "main.tlr", tmp_path / "main-2.tlr"]) as recording:
        assert recording.last_step == 49
        second.event(9, "resumed-from")
        second.flush()
        assert recording.refresh()
        assert recording.last_step == 9
        assert sorted(values(recording)) == [*range(10)]
        second.table(["a/loss"]).append(10, [2.0])
        second.close()
        assert recording.refresh()
        assert values(recording)[10] == 2.0
        assert recording.finished


def test_a_run_begun_by_the_old_version_is_resumed_by_the_new(tmp_path):
    plain(tmp_path / "main.tlr", range(50), 1.0)
    plain(tmp_path / "rank-1.tlr", range(50), 1.0)
    record(tmp_path / "main-2.tlr", range(10, 20), 2.0, sequence=2, continues=restart("main.tlr", 9))
    with Recording.open(sorted(tmp_path.iterdir())) as recording:
        assert values(recording) == {step: 1.0 if step < 10 else 2.0 for step in range(20)}


NONSENSE = [
    None, [], {}, "main.tlr", 7, {"file": "main.tlr"}, {"step": 3}, {"file": 3, "step": 3},
    {"file": "main.tlr", "step": 2**62}, {"file": "main.tlr", "step": -2}, {"file": "main.tlr", "step": 1.5},
    {"file": "main.tlr", "step": True}, {"file": "main.tlr", "step": 3, "events": -1},
    {"file": "main-2.tlr", "step": 3}, {"file": "main-3.tlr", "step": 3}, {"file": "x.tlr", "step": 10**400},
    {"file": "main.tlr", "step": 3, "events": 10**30}, {"file": "main.tlr", "step": float("nan")},
]  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    lines=st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "run": st.sampled_from([RUN, OTHER, "", None, 3, []]),
                "sequence": st.sampled_from([1, 2, 3, 0, -1, 2**63, "1", None, 1.0]),
                "rank": st.sampled_from([0, 1, -1, 10**12, "0", None]),
                "continues": st.sampled_from(NONSENSE),
                "parent": st.sampled_from(
                    [*NONSENSE, *(n | {"run": OTHER} for n in NONSENSE if isinstance(n, dict))]
                ),
            },
        ),
        min_size=1,
        max_size=4,
    )
)
def test_whatever_files_say_of_each_other_something_sensible_is_read(lines):
    with TemporaryDirectory() as name:
        folder = Path(name)
        for number, lineage in enumerate(lines, 1):
            path = folder / (f"main-{number}.tlr" if number > 1 else "main.tlr")
            fill(Writer.create(path, lineage, flush_every=1e9), range(number, number + 5), float(number))
        with Recording.open(sorted(folder.iterdir())) as recording:
            json.dumps(recording.header)
            found = values(recording)
            assert set(found.values()) <= set(range(1, len(lines) + 1))
            assert all(value <= step for step, value in found.items())
            assert recording.frame_steps("a/f").tolist() == sorted(found)
            assert {event.step for event in recording.events()} <= set(found)
            assert recording.last_step == max(found, default=-1)
            for gap in recording.gaps:
                assert gap.reason.startswith(("it goes on from", "its header does not say"))


def test_files_that_go_on_from_each_other_are_each_read_once(tmp_path):
    record(tmp_path / "main.tlr", range(10), 1.0, continues=restart("main-2.tlr", 15))
    record(tmp_path / "main-2.tlr", range(5, 20), 2.0, sequence=2, continues=restart("main.tlr", 4))
    with Recording.open([tmp_path / "main.tlr", tmp_path / "main-2.tlr"]) as recording:
        assert values(recording) == {step: 1.0 if step < 5 else 2.0 for step in range(20)}
        assert [gap.reason for gap in recording.gaps] == ["it goes on from main-2.tlr, which goes on from it"]
    record(tmp_path / "own.tlr", range(4), 1.0, continues=restart("own.tlr", 2))
    with Recording.open(tmp_path / "own.tlr") as recording:
        assert sorted(values(recording)) == [0, 1, 2, 3]
        assert len(recording.gaps) == 1


def test_a_run_whose_first_header_is_lost_is_still_one(tmp_path):
    record(tmp_path / "main.tlr", range(10), 1.0)
    record(tmp_path / "main-2.tlr", range(5, 8), 2.0, sequence=2, continues=restart("main.tlr", 4, 5))
    data = (tmp_path / "main.tlr").read_bytes()
    end = data.index(b"\x89TLR", data.index(b"\x89TLR", 1) + 1)
    (tmp_path / "main.tlr").write_bytes(bytes(end) + data[end:])
    with Recording.open([tmp_path / "main.tlr", tmp_path / "main-2.tlr"]) as recording:
        assert values(recording) == {step: 1.0 if step < 5 else 2.0 for step in range(8)}
        assert recording.header["run"] == RUN
