"""TensorBoard's framing: checksums against an oracle, our own records, growing files, steps of any size."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from logs import figures

from tuilab.exchange import open_log
from tuilab.exchange.protobuf import put_bytes, put_double, put_number
from tuilab.exchange.tensorboard import crc32c
from tuilab.exchange.tensorboard.records import chunk_of, framed


def bitwise(data: bytes) -> int:
    """Masked CRC-32C as the standard has it, bit by bit."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 * (crc & 1))
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


@given(st.integers(0, 700), st.integers(1, 5), st.randoms(use_true_random=False))
def test_checksums(length: int, count: int, random: object) -> None:
    messages = [random.randbytes(length) for _ in range(count)]  # type: ignore[attr-defined]
    matrix = np.frombuffer(b"".join(messages), np.uint8).reshape(count, length)
    assert crc32c.masked(matrix).tolist() == [bitwise(message) for message in messages]


def test_the_standards_own_example() -> None:
    """RFC 3720, B.4: 32 bytes of zeros have 8A9136AA."""
    crc = 0x8A9136AA
    assert crc32c.masked_one(bytes(32)) == (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


@given(st.lists(st.binary(max_size=90), max_size=30))
def test_records_come_back(messages: list[bytes]) -> None:
    data = b"".join(framed(messages))
    chunk = chunk_of(data)
    found = {
        place: record.tobytes()
        for group in chunk.groups
        for place, record in zip(group.order.tolist(), group.data, strict=True)
    }
    assert [found[place] for place in sorted(found)] == messages
    assert (chunk.used, chunk.damage) == (len(data), [])


def event(step: int, tag: str, value: float, kind: int) -> bytes:
    """A figure as each kind of writer puts it."""
    float_ = struct.pack("<f", value)
    if kind == 0:  # torch: simple_value
        body = put_bytes(1, tag.encode()) + b"\x15" + float_
    elif kind == 1:  # torch, new style: float_val
        tensor = put_number(1, 1) + put_bytes(5, float_)
        body = put_bytes(1, tag.encode()) + put_bytes(8, tensor)
    elif kind == 2:  # TensorFlow 2: tensor_content, with the plugin's name
        tensor = put_number(1, 1) + put_bytes(2, b"") + put_bytes(4, float_)
        plugin = put_bytes(9, put_bytes(1, put_bytes(1, b"scalars")))
        body = put_bytes(1, tag.encode()) + plugin + put_bytes(8, tensor)
    else:  # an integer
        tensor = put_number(1, 9) + put_bytes(10, bytes([7]))
        body = put_bytes(1, tag.encode()) + put_bytes(8, tensor)
    at = put_number(2, step) if step else b""
    return put_double(1, 1e9 + step) + at + put_bytes(5, put_bytes(1, body))


HEAD = put_double(1, 1e9) + put_bytes(3, b"brain.Event:2")
FIGURES = st.lists(
    st.tuples(
        st.integers(0, 2**61) | st.integers(0, 300),
        st.sampled_from(["loss", "acc", "lossy/é", "x" * 40]),
        st.floats(width=32),
        st.integers(0, 3),
    ),
    max_size=60,
)


@settings(deadline=None, max_examples=30)
@given(FIGURES, st.lists(st.integers(0, 6000), max_size=4))
def test_a_file_that_grows_is_read_as_it_would_be_at_once(
    tmp_path_factory: pytest.TempPathFactory, told: list[tuple[int, str, float, int]], cuts: list[int]
) -> None:
    path = tmp_path_factory.mktemp("log") / "events.out.tfevents.1"
    data = b"".join(framed([HEAD, *(event(*each) for each in told)]))
    path.write_bytes(data[:20])
    log = open_log(path)
    found = []
    for cut in [*sorted(cuts), len(data)]:
        path.write_bytes(data[: max(cut, 20)])
        found += list(log.read())
    expected = {(tag, 0, step): 7.0 if kind == 3 else value for step, tag, value, kind in told}
    got = figures(found)
    assert got.keys() == expected.keys()
    assert all(np.array_equal(got[key], expected[key], equal_nan=True) for key in expected)
    assert not list(log.rest())
