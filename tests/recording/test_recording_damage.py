"""Torn, flipped, zeroed and hostile files: everything in intact chunks is read, and only that."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recording_oracle import check, chunks, content, play, scripts

from tuilab.recording import NotARecordingError, Recording, RecordingError, Writer, compact

HEADER = {"scenario": {"kind": "descent"}, "arms": ["sgd", "adam"], "notes": "x" * 300}


def record(path: Path, script: list, close: bool) -> bytes:
    """The bytes of a recording made by a script."""
    writer = Writer.create(path, HEADER, flush_every=1e9)
    play(writer, script, HEADER)
    if close:
        writer.close()
    else:
        writer.flush()
    return path.read_bytes()


def check_damaged(path: Path, original: bytes, damaged: bytes) -> None:
    """Asserts that all that the damage has not touched is read, and nothing else."""
    path.write_bytes(damaged)
    longer = max(len(original), len(damaged))
    before = np.frombuffer(original.ljust(longer, b"\0"), np.uint8)
    after = np.frombuffer(damaged.ljust(longer, b"\0"), np.uint8)
    touched = before != after
    touched[len(damaged) :] = True
    total = np.concatenate([[0], np.cumsum(touched)])

    def hurt(start: int, stop: int) -> bool:
        return bool(total[stop] > total[start])

    known = chunks(original)
    there = [chunk for chunk in known if chunk.end <= len(damaged)]
    if all(hurt(chunk.at, chunk.at + 40 + chunk.covered) for chunk in there):
        with pytest.raises(NotARecordingError, match="main"):
            Recording.open(path)
        return
    with Recording.open(path) as recording:
        check(recording, content(there, hurt))
        for gap in recording.gaps:
            assert gap.path == path
            assert 0 <= gap.offset < gap.offset + gap.length <= len(damaged)
            lost = [chunk for chunk in known if chunk.at < gap.offset + gap.length and gap.offset < chunk.end]
            assert any(hurt(chunk.at, chunk.end) for chunk in lost) or gap.reason == "its definition is lost"


many = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
places = st.integers(0, 10**6)
"""To be taken modulo the length of the file, which varies with the clock."""


@many
@given(script=scripts(), close=st.booleans(), data=st.data())
def test_any_truncation_point_yields_every_intact_chunk(script, close, data):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "main.tlr"
        original = record(path, script, close)
        end = data.draw(places) % len(original)
        check_damaged(path, original, original[:end])


@many
@given(script=scripts(), close=st.booleans(), large=st.sampled_from([300, 32768]), data=st.data())
def test_any_flipped_bytes_leave_every_other_chunk(script, close, large, data):
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(compact, "MAX_ROWS", large)
        patch.setattr("tuilab.recording.table.MAX_ROWS", 500)
        patch.setattr("tuilab.recording.table.SUMMARY_GROUPS", 5)
        path = Path(folder) / "main.tlr"
        original = record(path, script, close)
        damaged = bytearray(original)
        for _ in range(data.draw(st.integers(1, 2))):
            damaged[data.draw(places) % len(original)] ^= data.draw(st.integers(1, 255))
        check_damaged(path, original, bytes(damaged))


@many
@given(script=scripts(), close=st.booleans(), data=st.data())
def test_a_zeroed_or_garbled_region_leaves_every_other_chunk(script, close, data):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "main.tlr"
        original = record(path, script, close)
        start = data.draw(places) % len(original)
        stop = min(start + data.draw(st.integers(1, 5000)), len(original))
        filled = data.draw(st.sampled_from([b"\0", b"\xff", b"\x89TLR"]))
        region = (filled * (stop - start))[: stop - start]
        check_damaged(path, original, original[:start] + region + original[stop:])


def small(path: Path, close: bool = True) -> bytes:
    script = [
        ("table", ["sgd/loss", "adam/loss"], "float32"),
        ("many", 0, 600, 1, 1),
        ("flush",),
        ("frame", "h", 1, np.arange(6, dtype=np.float32).reshape(2, 3), {"kind": "histogram"}),
        ("row", 0, 5, [1.5, float("nan")]),
        ("event", 7, "diverged", "adam", {"loss": 1.0}),
    ]
    return record(path, script, close)


@pytest.mark.parametrize("close", [True, False])
def test_every_single_byte_may_be_flipped(tmp_path, close):
    path = tmp_path / "main.tlr"
    original = small(path, close)
    known = chunks(original)
    heads = {at for chunk in known for at in range(chunk.at, min(chunk.at + 56, chunk.end))}
    for at in sorted(heads | set(range(0, len(original), 41))):
        damaged = bytearray(original)
        damaged[at] ^= 0x41
        check_damaged(path, original, bytes(damaged))


def test_a_flipped_byte_in_the_midst_is_reported_as_one_gap(tmp_path):
    path = tmp_path / "main.tlr"
    original = small(path, close=False)
    rows = next(chunk for chunk in chunks(original) if chunk.type == 4)
    damaged = bytearray(original)
    damaged[rows.at + 26] ^= 1  # the length: were it believed, all the rest would be lost
    path.write_bytes(damaged)
    with Recording.open(path) as recording:
        assert [(gap.offset, gap.length) for gap in recording.gaps] == [(rows.at, rows.end - rows.at)]
        assert recording.read("sgd/loss")[0].tolist() == [604]


def test_a_torn_tail_is_a_gap_only_once_more_follows(tmp_path):
    path = tmp_path / "main.tlr"
    original = small(path, close=False)
    last = chunks(original)[-1]
    path.write_bytes(original[: last.at + 60])
    with Recording.open(path) as recording:
        assert recording.gaps == []
        assert recording.events() == []
        with path.open("r+b") as file:  # the writer was only slow
            file.seek(0, 2)
            file.write(original[last.at + 60 :])
        assert recording.refresh()
        assert [event.kind for event in recording.events()] == ["diverged"]
        assert recording.gaps == []
        with path.open("ab") as file:  # and here it was killed, and another wrote on
            file.write(original[last.at : last.at + 60])
        assert not recording.refresh()
        assert recording.gaps == []
        with path.open("ab") as file:
            file.write(original[last.at :])
        assert recording.refresh()
        assert [(gap.offset, gap.length) for gap in recording.gaps] == [(len(original), 60)]
        assert len(recording.events()) == 2


def test_definitions_survive_the_loss_of_either_copy(tmp_path):
    path = tmp_path / "main.tlr"
    for close in (False, True):
        original = small(path.with_name(f"{close}.tlr"), close)
        for chunk in chunks(original):
            if chunk.type in (1, 2, 3):
                path.write_bytes(original[: chunk.at] + bytes(chunk.end - chunk.at) + original[chunk.end :])
                with Recording.open(path) as recording:
                    check(recording, content(chunks(original)))


def test_a_damaged_recording_is_closed_without_losing_what_is_damaged(tmp_path):
    path = tmp_path / "main.tlr"
    writer = Writer.create(path, HEADER)
    table = writer.table(["a"])
    table.append(0, [1.0])
    writer.flush()
    with path.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\xaa")
    table.append(1, [2.0])
    writer.close()
    with Recording.open(path) as recording:
        assert recording.finished
        assert len(recording.gaps) == 1
        assert recording.read("a")[0].tolist() == [1]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"loss,step\n1,2\n", "no intact piece"),
        (bytes(10**7), "no intact piece"),
        (np.random.default_rng(0).bytes(10**6), "no intact piece"),
    ],
)
def test_what_is_no_recording_is_said_so(tmp_path, data, said):
    path = tmp_path / "other.bin"
    path.write_bytes(data)
    with pytest.raises(NotARecordingError, match=said):
        Recording.open(path)


def test_what_cannot_be_opened_is_said_so(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "missing.tlr", tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(RecordingError, match=str(path)):
            Recording.open(path)
    with pytest.raises(RecordingError, match="empty"):
        Recording.open([])


@pytest.mark.parametrize("close", [False, True])
@pytest.mark.parametrize("place", ["steps", "values", "header"])
def test_a_damaged_summary_is_done_without(tmp_path, monkeypatch, close, place):
    monkeypatch.setattr("tuilab.recording.table.SUMMARY_GROUPS", 8)
    monkeypatch.setattr("tuilab.recording.digests.FEW", 0)
    path = tmp_path / "main.tlr"
    writer = Writer.create(path, {}, flush_every=1e9)
    values = np.random.default_rng(0).standard_normal((20_000, 2))
    writer.table(["a", "b"]).extend(np.arange(20_000) * 2, values)
    (writer.close if close else writer.flush)()
    with Recording.open(path) as recording:
        whole = [recording.overview(name, 100, 39_000, 30) for name in "ab"]
    data = bytearray(path.read_bytes())
    summaries = [found for found in chunks(bytes(data)) if found.type == 10]
    assert len(summaries) == (1 if close else 9)
    offset = {"header": 20, "steps": 40 + 8, "values": 40 + summaries[0].covered + 3}[place]
    data[summaries[0].at + offset] ^= 1
    path.write_bytes(data)
    with Recording.open(path) as recording:
        for name, expected in zip("ab", whole, strict=True):
            for _ in range(2):
                found = recording.overview(name, 100, 39_000, 30)
                assert all(np.array_equal(getattr(found, f), getattr(expected, f)) for f in FIELDS)
        assert len(recording.gaps) == 1


FIELDS = ("steps", "low", "high", "last", "nonfinite")


def test_rows_whose_block_is_damaged_are_left_out_where_an_edge_cuts_them(tmp_path, monkeypatch):
    """What a summary says holds all the same; of the two groups that edges cut, one is damaged."""
    monkeypatch.setattr("tuilab.recording.digests.FEW", 0)
    path = tmp_path / "main.tlr"
    writer = Writer.create(path, {}, flush_every=1e9)
    table = writer.table(["a"])
    table.extend(np.arange(70_000), np.arange(70_000.0)[:, None])
    writer.close()
    data = bytearray(path.read_bytes())
    block = next(found for found in chunks(bytes(data)) if found.type == 5)
    data[block.end - 8 * (block.rows - 700) + 3] ^= 1  # row 700, in the group of 512 to 767
    path.write_bytes(data)
    with Recording.open(path) as recording:
        found = recording.overview("a", 600, 1500, 1)
        assert found.steps.tolist() == [1499]
        assert (found.low[0], found.high[0]) == (768.0, 1499.0)
        assert recording.gaps
