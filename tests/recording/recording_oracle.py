"""What a recording must read back as: kept while writing, and read by a second reader made from the docs."""

import json
import struct
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tuilab.recording import Recording, Series, SeriesName, Writer

DTYPES = ["bool", "float16", "float32", "float64"]
DTYPES += [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]


@dataclass
class Content:
    """Everything in a recording, plainly."""

    header: dict[str, Any] = field(default_factory=dict)
    series: dict[str, dict[int, float]] = field(default_factory=dict)
    described: dict[str, tuple[str, str, str | None, str, str]] = field(default_factory=dict)
    """Arm, metric, layer, unit and meaning of the series that have more than a name."""
    times: dict[str, dict[int, float]] = field(default_factory=dict)
    frames: dict[str, dict[int, tuple[np.ndarray, dict, dict]]] = field(default_factory=dict)
    """By name and step: the array, its meta, and its further arrays."""
    events: list[tuple[int, str, str | None, str]] = field(default_factory=list)


def same(a: Any, b: Any) -> bool:
    """Equal as recorded: NaN equals NaN, -0.0 does not equal 0.0."""
    a, b = np.asarray(a), np.asarray(b)
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    if a.dtype.kind != "f":
        return bool((a == b).all())
    return np.array_equal(a, b, equal_nan=True) and bool((np.signbit(a) == np.signbit(b))[~np.isnan(a)].all())


def check(recording: Recording, expected: Content) -> None:
    """Asserts that a recording holds exactly what is expected, through every way to ask for it."""
    assert recording.header == expected.header
    assert set(recording.series()) == set(expected.series)
    for name, values in expected.series.items():
        steps, found = recording.read(name)
        assert steps.dtype == np.int64
        assert found.dtype == np.float64
        assert steps.tolist() == sorted(values)
        assert same(found, np.array([values[step] for step in sorted(values)], np.float64))
        steps, found = recording.times(name)
        assert dict(zip(steps.tolist(), found.tolist(), strict=True)) == expected.times.get(name, {})
        identity, *told = recording.describe(name)
        assert identity == recording.identity(name)
        known = expected.described.get(name, (*[*name.split("/", 2), ""][:2], None, "", ""))
        assert (*identity[:2], *told) == (*known[:2], *known[3:])
        if name in expected.described:
            assert identity.layer == known[2]
    assert set(recording.frames()) == set(expected.frames)
    for name, frames in expected.frames.items():
        assert recording.frame_steps(name).tolist() == sorted(frames)
        for step, (array, meta, arrays) in frames.items():
            frame = recording.frame(name, step)
            assert frame is not None
            assert (frame.name, frame.step) == (name, step)
            assert frame.meta == meta
            assert same(frame.array, array)
            assert list(frame.arrays) == list(arrays)
            assert all(same(frame.arrays[key], part) for key, part in arrays.items())
    events = [(e.step, e.kind, e.arm, json.dumps(e.data)) for e in recording.events()]
    assert events == sorted(expected.events, key=lambda event: event[0])


# A script: what is done to a writer, as data.

NAMES = ["sgd/loss", "adam/loss", "engine/cost", "a/b/1", "a/b/2", "naïve/ε"]
DESCRIBED = [
    Series(SeriesName("run 1", "train/loss"), "nats", "of the batch"),
    Series(SeriesName("run 1", "train/loss", "encoder.layers.3/ffn"), "nats"),
    Series(SeriesName("ε/δ", "", "7")),
    Series(SeriesName("", "a", "")),
]
floats = st.floats(width=64) | st.sampled_from([float("nan"), float("inf"), -0.0, 1e300, 5e-324])


@st.composite
def scripts(draw: Callable) -> list[tuple]:
    """A list of operations, tables first."""
    tables = draw(
        st.lists(
            st.tuples(
                st.lists(st.sampled_from([*NAMES, *DESCRIBED]), min_size=1, max_size=4, unique=True),
                st.sampled_from(["float32", "float64", "timed"]),
            ),
            max_size=3,
        )
    )
    arrays = st.sampled_from(DTYPES).flatmap(
        lambda name: hnp.arrays(name, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
    )
    meta = st.none() | st.dictionaries(st.sampled_from("xy"), st.integers() | st.text(max_size=3), max_size=2)
    further = st.none() | st.dictionaries(st.sampled_from(["edges", "ε"]), arrays, max_size=2)
    gap = st.integers(1, 3) | st.integers(1, 2**40)
    operations = [
        st.tuples(st.just("flush")),
        st.tuples(st.just("frame"), st.sampled_from(["h", "landscape"]), gap, arrays, meta, further),
        st.tuples(
            st.just("event"),
            st.integers(0, 2**50),
            st.sampled_from(["set", "diverged"]),
            st.none() | st.text(max_size=3),
            st.dictionaries(st.text(max_size=3).filter(lambda key: key not in RESERVED), floats, max_size=2),
        ),
    ]
    for index, (names, _) in enumerate(tables):
        row = st.lists(floats, min_size=len(names), max_size=len(names))
        operations.append(st.tuples(st.just("row"), st.just(index), gap, row))
        operations.append(
            st.tuples(st.just("many"), st.just(index), st.integers(0, 3000), gap, st.integers(0, 99))
        )
    return [("table", *table) for table in tables] + draw(st.lists(st.one_of(operations), max_size=12))


RESERVED = {"self", "step", "kind", "arm"}


def play(writer: Writer, script: Iterable[tuple], header: dict[str, Any]) -> Content:
    """Does what a script says, and says what must be read back."""
    tables, dtypes, names, timed, last = [], [], [], [], {}
    by_table: list[dict[str, dict[int, float]]] = []
    kept = Content(header)
    for kind, *args in script:
        if kind == "table":
            series, dtype = args
            timed.append(dtype == "timed")
            tables.append(writer.timed_table(series) if timed[-1] else writer.table(series, dtype))
            names.append([item if isinstance(item, str) else item.name for item in series])
            dtypes.append(np.dtype("float64" if timed[-1] else dtype))
            by_table.append({name: {} for name in names[-1]})
            for item in series:
                if not isinstance(item, str):
                    kept.described[item.name] = (*item.identity, item.unit, item.meaning)
        elif kind in ("row", "many"):
            index, rows = args[0], 1 if kind == "row" else args[1]
            first = last.get(index, -1) + args[-2 if kind == "many" else 1]
            if kind == "row":
                steps, values = np.array([first]), np.array([args[2]])
                given = (1e9 + first,) if timed[index] else ()
                tables[index].append(first, args[2], *given)
            else:
                steps = first + np.arange(rows) * min(args[2], 1000)
                values = np.random.default_rng(args[3]).standard_normal((rows, len(names[index])))
                given = (1e9 + steps,) if timed[index] else ()
                tables[index].extend(steps, values, *given)
            if not rows:
                continue
            last[index] = int(steps[-1])
            with np.errstate(over="ignore"):
                stored = values.astype(dtypes[index]).astype(np.float64)
            for column, name in enumerate(names[index]):
                by_table[index][name].update(zip(steps.tolist(), stored[:, column].tolist(), strict=True))
                if timed[index]:
                    known = kept.times.setdefault(name, {})
                    known.update({step: 1e9 + step for step in steps.tolist()})
        elif kind == "frame":
            name, more, array, meta, *rest = args
            further = rest[0] if rest else None
            step = last.get(name, -1) + more
            last[name] = step
            frames = kept.frames.setdefault(name, {})
            known = list(frames.values())[-1][1] if frames else {}
            writer.frame(name, step, array, meta, further)
            frames[step] = (array, known if meta is None else meta, further or {})
        elif kind == "event":
            step, what, arm, data = args
            writer.event(step, what, arm, **data)
            kept.events.append((step, what, arm, json.dumps(data)))
        else:
            writer.flush()
    for table in by_table:
        for name, values in table.items():
            kept.series.setdefault(name, {}).update(values)
    return kept


# The second reader. Only docs/recording-format.md was looked at.


@dataclass
class Chunk:
    """A chunk of an undamaged file."""

    at: int
    end: int
    type: int
    id: int
    rows: int
    first: int
    covered: int
    payload: bytes


def chunks(data: bytes) -> list[Chunk]:
    """All chunks of an undamaged file, one behind the other to its very end."""
    found, at = [], 0
    while at < len(data):
        magic, version, kind, _, id, rows, first, length, covered, crc, check = struct.unpack_from(
            "<4sBBHIIqIIII", data, at
        )
        assert magic == b"\x89TLR"
        assert version == 1
        assert check == zlib.crc32(data[at : at + 36])
        payload = data[at + 40 : at + 40 + length]
        assert len(payload) == length >= covered
        assert crc == zlib.crc32(payload[:covered])
        found.append(Chunk(at, at + 40 + length, kind, id, rows, first, covered, payload))
        at += 40 + length
    return found


def content(found: list[Chunk], hurt: Callable[[int, int], bool] = lambda start, stop: False) -> Content:
    """What the chunks hold, without those (or those columns of blocks) that are hurt between two offsets."""
    got = Content()
    undamaged = not hurt(0, found[-1].end) if found else True
    tables: dict[int, dict] = {}
    shapes: dict[int, dict] = {}
    rows: dict[int, list[dict[int, float]]] = {}
    chunked: dict[int, list[tuple[Chunk, list[int], int]]] = {}
    for chunk in sorted(found, key=lambda chunk: chunk.type > 3):  # definitions first: either copy will do
        whole = chunk.at + 40 + chunk.covered if chunk.type in (5, 10) else chunk.end
        if hurt(chunk.at, whole):
            continue
        if chunk.type == 1:
            got.header = json.loads(chunk.payload)
        elif chunk.type == 2:
            table = tables.setdefault(chunk.id, json.loads(chunk.payload))
            rows.setdefault(chunk.id, [{} for _ in table["names"]])
        elif chunk.type == 3:
            shape = shapes.setdefault(chunk.id, json.loads(chunk.payload))
            got.frames.setdefault(shape["name"], {})
        elif chunk.type == 7:
            for e in json.loads(chunk.payload):
                got.events.append((e["step"], e["kind"], e["arm"], json.dumps(e["data"])))
        elif chunk.type == 10 and chunk.id in tables and undamaged:
            _summary(chunk, tables[chunk.id], chunked[chunk.id])
        elif chunk.type in (4, 5, 6):
            stride = struct.unpack_from("<q", chunk.payload)[0]
            at = 8 if stride else 8 + 8 * chunk.rows
            steps = (
                [chunk.first + stride * row for row in range(chunk.rows)]
                if stride
                else list(struct.unpack_from(f"<{chunk.rows}q", chunk.payload, 8))
            )
            if chunk.type == 6 and chunk.id in shapes:
                shape = shapes[chunk.id]
                for step in steps:
                    found = {}
                    for part in [shape, *shape.get("arrays", [])]:
                        dtype = np.dtype(part["dtype"]).newbyteorder("<")
                        count = int(np.prod(part["shape"]))
                        array = (
                            np.frombuffer(chunk.payload, dtype, count, at) if count else np.empty(0, dtype)
                        )
                        found[part["name"], part is shape] = array.reshape(part["shape"])
                        at += count * dtype.itemsize
                    array = found.pop((shape["name"], True))
                    further = {name: part for (name, _), part in found.items()}
                    got.frames[shape["name"]][step] = (array, shape["meta"], further)
            elif chunk.type == 4 and chunk.id in tables:
                table = tables[chunk.id]
                dtype = "<f4" if table["dtype"] == "float32" else "<f8"
                values = np.frombuffer(chunk.payload[at:], dtype).reshape(len(table["names"]), chunk.rows)
                for column, taken in enumerate(rows[chunk.id]):
                    for step in [step for step in taken if step >= chunk.first]:
                        del taken[step]
                    taken.update(zip(steps, values[column].astype(float).tolist(), strict=True))
            elif chunk.type == 5 and chunk.id in tables:
                _block(chunk, tables[chunk.id], at, steps, rows[chunk.id], hurt)
            if chunk.type in (4, 5):
                earlier = [large for large in chunked.get(chunk.id, []) if large[1][0] < chunk.first]
                chunked[chunk.id] = [*earlier, (chunk, steps, at)]
    for id, table in sorted(tables.items()):
        count = len(table["names"]) - table.get("timed", False)
        for column, name in enumerate(table["names"][:count]):
            got.series.setdefault(name, {}).update(rows[id][column])
            if table.get("timed"):
                got.times.setdefault(name, {}).update(rows[id][count])
            if "series" in table and name not in got.described:
                arm, metric, layer = table["series"][column]
                told = table["metrics"][metric]
                layers = [*table["layers"], None]
                got.described[name] = (
                    table["arms"][arm],
                    told["name"],
                    layers[layer],
                    told["unit"],
                    told["meaning"],
                )
    return got


def _block(chunk: Chunk, table: dict, at: int, steps: list[int], rows: list[dict], hurt: Callable) -> None:
    size = 4 if table["dtype"] == "float32" else 8
    groups = -(-chunk.rows // 256)
    region = groups * (3 * size + 4) + chunk.rows * size
    for column, taken in enumerate(rows):
        check = struct.unpack_from("<I", chunk.payload, at + 4 * column)[0]
        begin = chunk.covered + column * region
        data = chunk.payload[begin : begin + region]
        assert zlib.crc32(data) == check
        values = np.frombuffer(data, f"<f{size}", offset=groups * (3 * size + 4)).astype(np.float64)
        low, high, last = np.frombuffer(data, f"<f{size}", 3 * groups).reshape(3, groups)
        counts = np.frombuffer(data, "<u4", groups, 3 * groups * size)
        for group in range(groups):
            part = values[group * 256 : group * 256 + 256]
            finite = part[np.isfinite(part)]
            assert counts[group] == len(part) - len(finite)
            summary = [finite.min(), finite.max(), finite[-1]] if len(finite) else [np.nan] * 3
            assert np.array_equal([low[group], high[group], last[group]], summary, equal_nan=True)
        if not hurt(chunk.at + 40 + begin, chunk.at + 40 + begin + region):
            taken.update(zip(steps, values.tolist(), strict=True))


def _summary(chunk: Chunk, table: dict, chunked: list[tuple[Chunk, list[int], int]]) -> None:
    """Asserts that a summary of an undamaged file is one of its chunks, worked out row by row."""
    count, columns = chunk.rows, len(table["names"])
    item = 4 if table["dtype"] == "float32" else 8
    first, last = np.frombuffer(chunk.payload, "<i8", 2 * count).reshape(2, count)
    assert first[0] == chunk.first
    assert chunk.covered == 16 * count + 4 * columns
    checks = struct.unpack_from(f"<{columns}I", chunk.payload, 16 * count)
    size = count * (3 * item + 8)
    assert len(chunk.payload) == chunk.covered + columns * size
    regions = [chunk.payload[chunk.covered + column * size :][:size] for column in range(columns)]
    assert [zlib.crc32(region) for region in regions] == list(checks)
    group = 0
    for large, steps, at in chunked:
        if not first[0] <= steps[0] <= last[-1]:
            continue
        ahead = -(-large.rows // 256) * (3 * item + 4) if large.type == 5 else 0
        begin = at + 4 * columns if large.type == 5 else at
        for start in range(0, large.rows, 256):
            stop = min(start + 256, large.rows)
            assert (first[group], last[group]) == (steps[start], steps[stop - 1])
            for column, region in enumerate(regions):
                own = begin + column * (ahead + item * large.rows)
                values = np.frombuffer(large.payload[own + ahead :], f"<f{item}", large.rows)[start:stop]
                finite = values[np.isfinite(values)]
                expected = [finite.min(), finite.max(), finite[-1]] if len(finite) else [np.nan] * 3
                told = np.frombuffer(region, f"<f{item}", 3 * count).reshape(3, count)[:, group]
                assert np.array_equal(told, expected, equal_nan=True)
                nonfinite, running = np.frombuffer(region[3 * item * count :], "<u4").reshape(2, count)
                assert nonfinite[group] == len(values) - len(finite)
                end = own + ahead + item * stop
                assert running[group] == (zlib.crc32(large.payload[own:end]) if large.type == 5 else 0)
            group += 1
    assert group == count


def second_reading(path: Path) -> Content:
    """What the second reader finds in an undamaged file."""
    return content(chunks(path.read_bytes()))
