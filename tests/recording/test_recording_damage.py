"""Torn, flipped, zeroed and hostile files: everything in intact chunks is read, and only that."""

import contextlib
import json
import os
import struct
import tracemalloc
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recording_oracle import check, chunks, content, play, scripts

from tuilab.recording import NotARecordingError, Recording, RecordingError, Writer, compact, table

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
        patch.setattr(table, "MAX_ROWS", 500)
        patch.setattr(table, "SUMMARY_GROUPS", 5)
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


def head(kind: int, length: int, covered: bytes, *, version=1, id=0, rows=0, first=0, claimed=None) -> bytes:
    """A chunk's header with every CRC right, whatever it says."""
    size = len(covered) if claimed is None else claimed
    prefix = struct.pack(
        "<4sBBHIIqIII", b"\x89TLR", version, kind, 0, id, rows, first, length, size, zlib.crc32(covered)
    )
    return prefix + struct.pack("<I", zlib.crc32(prefix))


def chunk(kind: int, payload: bytes, **more: int) -> bytes:
    """A whole chunk, every CRC right."""
    return head(kind, len(payload), payload, **more) + payload


def shape(lengths: list, dtype: str = "float64") -> bytes:
    """The definition of a frame."""
    return chunk(3, json.dumps({"name": "f", "dtype": dtype, "shape": lengths, "meta": {}}).encode())


def index(*entries: tuple, regions: tuple = (0, 73, 0, 73)) -> bytes:
    """A file of nothing but the definition of a table, an index and an end."""
    payload = struct.pack("<4Q", *regions)
    for kind, id, *columns in entries:
        payload += struct.pack("<III6q", kind, id, 1, *columns)
    return TABLE + chunk(8, payload) + chunk(9, b"", first=len(TABLE))


TABLE = chunk(2, b'{"dtype":"float64","names":["a"]}')
STRIDE = struct.pack("<q", 1)

HOSTILE = {
    "a header claims 4 GB": head(4, 2**32 - 1, b"", rows=1) + b"x" * 100,
    "rows without a table": chunk(4, bytes(16), rows=1),
    "a billion rows in no bytes": TABLE + chunk(4, STRIDE, rows=2**30),
    "frames of nothing": shape([0, 9]) + chunk(6, STRIDE, rows=2**31),
    "a frame of 2**62 bytes": shape([2**31, 2**31]),
    "a frame of objects": shape([1], "object"),
    "a frame of 2 GB": shape([2**27]) + chunk(6, STRIDE, rows=1),
    "a shape that is none": shape([None]),
    "steps run backwards": TABLE + chunk(4, struct.pack("<3q2d", 0, 5, 4, 0, 0), rows=2, first=5),
    "steps beyond 64 bits": TABLE + chunk(4, struct.pack("<q2d", 2**62, 0, 0), rows=2, first=2**62),
    "negative steps": TABLE + chunk(4, struct.pack("<qd", 1, 0), rows=1, first=-5),
    "a stride of 2**62": TABLE + chunk(4, struct.pack("<qd", 2**62, 1), rows=1, first=2**62 - 1),
    "deeply nested JSON": chunk(1, b"[" * 200_000),
    "deeply nested events": chunk(7, b"[" * 200_000),
    "a header that is a list": chunk(1, b"[]"),
    "a long number": chunk(7, b'[{"step":' + b"9" * 9000 + b"}]"),
    "events that are none": chunk(7, b'[{"step":1},3]'),
    "an event at infinity": chunk(7, b'[{"step":1e999,"kind":"k","arm":null,"data":{},"time":0}]'),
    "an index of 4 billion chunks": TABLE
    + chunk(8, struct.pack("<4QIII", 0, 73, 0, 73, 5, 0, 2**32 - 1))
    + chunk(9, b"", first=len(TABLE)),
    "an index of billions of rows": index((5, 0, 0, 2**40 - 1, 2**40, 1, 0, 73)),
    "an index beyond the file": index((5, 0, 0, 9, 10, 1, 2**40, 73)),
    "an index of negative places": index((5, 0, 0, 9, 10, 1, -(2**40), 73)),
    "an index that overflows": index((5, 0, 0, 2**61, 2**61, 2**61, 2**61, 2**61)),
    "an index of no definitions": index(regions=(2**63,) * 4),
    "an index of unknown tables": index((5, 9, 0, 9, 10, 1, 0, 73)),
    "a block that is none": index((5, 0, 0, 0, 1, 1, 0, 8 + 4 + 28 + 8)),
    "events in the index that are none": index((7, 0, 0, 0, 1, 0, 0, 20)),
    "a thousand magics": b"\x89TLR" * 1000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_data(tmp_path, name):
    path = tmp_path / "main.tlr"
    path.write_bytes(HOSTILE[name])
    tracemalloc.start()
    ask_everything(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * 2**20


def ask_everything(path: Path) -> None:
    """Opens a file and asks it for all there is; a RecordingError is an answer too."""
    with contextlib.suppress(RecordingError), Recording.open(path) as recording:
        assert isinstance(recording.header, dict)
        for series in recording.series():
            steps, values = recording.read(series)
            assert steps.shape == values.shape
            assert (np.diff(steps) > 0).all()
            assert ((steps >= 0) & (steps < 2**62)).all()
            recording.at(series, 2**61)
            recording.overview(series, None, None, 50)
            recording.overview(series, 0, 2**62, 50)
        for frame in recording.frames():
            recording.frame_steps(frame)
            recording.frame(frame, 2**61)
        recording.events()
        assert all(gap.path == path for gap in recording.gaps)


EXTREMES = [0, 1, 2, 255, 2**31 - 1, 2**31, 2**32 - 1, 2**61, 2**62, 2**63 - 1, -1, -(2**63)]


@many
@given(script=scripts(), close=st.booleans(), data=st.data())
def test_a_stranger_may_lie_with_right_checksums(script, close, data):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "main.tlr"
        known = chunks(record(path, script, close))
        parts = [bytearray(chunk.payload) for chunk in known]
        fields = [[chunk.type, chunk.id, chunk.rows, chunk.first] for chunk in known]
        for _ in range(data.draw(st.integers(1, 4))):
            which = data.draw(places) % len(known)
            value = data.draw(st.sampled_from(EXTREMES) | st.integers(-100, 100))
            if data.draw(st.booleans()):
                field = data.draw(st.integers(0, 3))
                bits = (8, 32, 32, 64)[field]
                fields[which][field] = value % 2**bits
            elif len(parts[which]) >= 8:
                at = data.draw(places) % (len(parts[which]) - 7)
                parts[which][at : at + 8] = struct.pack("<q", value)
        made = b""
        for chunk_, payload, (kind, id, rows, first) in zip(known, parts, fields, strict=True):
            covered = bytes(payload[: chunk_.covered])
            made += head(kind, len(payload), covered, id=id, rows=rows, first=signed(first)) + payload
        path.write_bytes(made)
        ask_everything(path)


def signed(value: int) -> int:
    """As an int64."""
    return (value + 2**63) % 2**64 - 2**63


def test_headers_that_all_claim_the_same_payload_cost_a_bounded_effort(tmp_path, monkeypatch):
    path = tmp_path / "main.tlr"
    size = 2**21
    one = head(1, size, b"never that", claimed=size)
    path.write_bytes(one * (2 * size // len(one)))
    summed = [0]

    def crc32(data: bytes, start: int = 0) -> int:
        summed[0] += len(data)
        return zlib.crc32(data, start)

    monkeypatch.setattr("tuilab.recording.scan.zlib", SimpleNamespace(crc32=crc32))
    with pytest.raises(NotARecordingError):
        Recording.open(path)
    assert 0 < summed[0] < 100 * 2**20


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
