"""Files from strangers: every checksum right, and nothing else."""

import contextlib
import json
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
from recording_oracle import chunks, scripts
from test_recording_damage import places, record

from tuilab.recording import NotARecordingError, Recording, RecordingError
from tuilab.recording.block import pack_block

many = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


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


def shape(lengths: list, dtype: str = "float64", **more: object) -> bytes:
    """The definition of a frame."""
    item = {"name": "f", "dtype": dtype, "shape": lengths, "meta": {}} | more
    return chunk(3, json.dumps(item).encode())


def one_series(more: dict) -> bytes:
    """The definition of a table of one series, and a row of it."""
    item = {"dtype": "float64", "names": ["a"]} | more
    return chunk(2, json.dumps(item).encode()) + chunk(4, STRIDE + bytes(8), rows=1)


def index(*entries: tuple, regions: tuple = (0, 73, 0, 73)) -> bytes:
    """A file of nothing but the definition of a table, an index and an end."""
    payload = struct.pack("<4Q", *regions)
    for kind, id, *columns in entries:
        payload += struct.pack("<III6q", kind, id, 1, *columns)
    return TABLE + chunk(8, payload) + chunk(9, b"", first=len(TABLE))


STRIDE = struct.pack("<q", 1)
TABLE = chunk(2, b'{"dtype":"float64","names":["a"]}')
EDGES = {"name": "edges", "dtype": "int8", "shape": [1]}
SERIES = {
    "arms": ["a"],
    "metrics": [{"name": "m", "unit": "", "meaning": ""}],
    "layers": [],
    "series": [[0, 0, -1]],
}

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
    "an index of a thousand names for one block": index(*[(5, 0, k, k, 1, 1, 73, 48) for k in range(1000)]),
    "a summary of nothing": TABLE + chunk(10, b"", rows=0),
    "a summary of 4 billion groups": TABLE + chunk(10, bytes(40), rows=2**32 - 1),
    "a summary of no blocks": TABLE
    + chunk(10, struct.pack("<2qI3dII", 0, 5, 0, 1, 2, 3, 0, 0), rows=1)
    + chunk(4, STRIDE + bytes(48), rows=6),
    "a summary that ends before it begins": TABLE
    + chunk(10, struct.pack("<2qI3dII", 9, 5, 0, 1, 2, 3, 0, 0), rows=1, first=9),
    "a series described by numbers": one_series(
        {"arms": [1], "metrics": [], "layers": [], "series": [[0, 0, 0]]}
    ),
    "a series of no arm": one_series(SERIES | {"series": [[1, 0, -1]]}),
    "a series of the layer before the first": one_series(SERIES | {"series": [[0, 0, -2]]}),
    "a series of halves": one_series(SERIES | {"series": [[0.5, 0, -1]]}),
    "a series of one index": one_series(SERIES | {"series": [[0]]}),
    "a series of a large number": one_series(SERIES | {"series": [[10**30, 0, -1]]}),
    "fewer series than names": one_series(SERIES | {"series": []}),
    "times and nothing else": one_series({"timed": True}),
    "times of 7": one_series({"timed": 7}),
    "a frame of a thousand arrays": shape([1], arrays=[EDGES] * 1000),
    "a frame of two arrays of one name": shape(
        [1], arrays=[{"name": "e", "dtype": "int8", "shape": [1]}] * 2
    ),
    "a frame of arrays of no name": shape([1], arrays=[EDGES | {"name": []}]),
    "a frame whose arrays are too large": shape(
        [1], arrays=[EDGES | {"name": str(k), "shape": [2**30]} for k in range(9)]
    ),
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
            recording.times(series)
            recording.describe(series)
            recording.extent(series)
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


def hostile_index(copies: int, rows: int, *, apart: bool) -> bytes:
    """A closed file whose index has one block many times, each with steps of its own; or, `apart`, once."""
    steps, values = np.arange(rows), np.zeros((1, rows))
    block = b"".join(pack_block(0, steps, values)[0])
    events = chunk(7, json.dumps([EVENT] * 50).encode(), rows=50, first=3)
    body = TABLE + block + events
    length = len(block) - 40
    payload = struct.pack("<4Q", 0, len(TABLE), 0, len(TABLE))
    places = [(k * rows, (k + 1) * rows - 1, rows, 1, len(TABLE), length) for k in range(copies)]
    at = len(TABLE) + len(block)
    logs = [(3, 3, 50, 0, at, len(events) - 40)] * copies
    for kind, entries in ((5, places[:1] if apart else places), (7, logs[:1] if apart else logs)):
        payload += struct.pack("<III", kind, 0, len(entries)) + np.array(entries, "<i8").T.tobytes()
    return body + chunk(8, payload) + chunk(9, b"", first=len(body))


EVENT = {"step": 3, "time": 0.0, "kind": "k", "arm": None, "data": {}}


def test_an_index_cannot_make_a_file_larger_than_it_is(tmp_path):
    """The same block and the same events a thousand times over: the index is not believed."""
    path = tmp_path / "main.tlr"
    path.write_bytes(hostile_index(1000, 4096, apart=False))
    size = path.stat().st_size
    tracemalloc.start()
    with Recording.open(path) as recording:
        assert len(recording.read("a")[0]) == 4096
        assert len(recording.events()) == 50
        ask_everything(path)
        assert recording.finished
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * size + 2**20
    path.write_bytes(hostile_index(1, 4096, apart=True))
    with Recording.open(path) as recording:
        assert len(recording.read("a")[0]) == 4096
        assert recording.segments[0].file.contents.indexed


@pytest.mark.parametrize("kind", [5, 7])
def test_a_chunk_that_is_not_what_the_index_says_is_a_gap(tmp_path, kind):
    """The index says other steps, or another number of events, than the chunk's own header."""
    path = tmp_path / "main.tlr"
    data = bytearray(hostile_index(1, 4096, apart=True))
    at = next(found.at for found in chunks(bytes(data)) if found.type == kind)
    prefix = bytearray(data[at : at + 36])
    prefix[16:24] = struct.pack("<q", 9)
    data[at : at + 40] = prefix + struct.pack("<I", zlib.crc32(prefix))
    path.write_bytes(data)
    with Recording.open(path) as recording:
        assert recording.segments[0].file.contents.indexed
        assert len(recording.read("a")[0]) == (0 if kind == 5 else 4096)
        assert len(recording.events()) == (0 if kind == 7 else 50)
        assert [gap.reason for gap in recording.gaps] == ["it is not what the index says"]
