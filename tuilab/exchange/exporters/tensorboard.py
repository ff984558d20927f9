"""TensorBoard event files: a folder an arm, with figures, histograms, pictures, and events as text."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuilab.exchange.exporters.tables import columns_of
from tuilab.exchange.protobuf import put_bytes, put_double, put_number
from tuilab.exchange.tensorboard.records import framed
from tuilab.recording import Event, Frame, Readable

Told = Callable[[int, int], None]
_STRING = 7
_MANY = 1 << 15
"""Records that are written together: their checksums are reckoned together."""

_WHOLE_RUN = "run"


def write_tensorboard(recording: Readable, folder: Path, told: Told) -> None:
    """A folder for `tensorboard --logdir`; figures are float32 there.

    Raises:
        OSError: it can't be written.
    """
    clock = Clock(recording)
    arms = list(dict.fromkeys([*columns_of(recording), *(_arm_of(recording, n) for n in recording.frames())]))
    for done, arm in enumerate(arms):
        told(done, len(arms))
        place = folder / arm.replace("/", ".")
        place.mkdir(parents=True, exist_ok=True)
        with (place / f"events.out.tfevents.{int(clock.began)}.tuilab").open("wb") as file:
            waiting: list[bytes] = []
            for message in _messages(recording, arm, clock):
                waiting.append(message)
                if len(waiting) >= _MANY:
                    file.writelines(framed(waiting))
                    waiting = []
            file.writelines(framed(waiting))
    told(len(arms), len(arms))


class Clock:
    """When a step was, as far as the recording knows."""

    def __init__(self, recording: Readable) -> None:
        created = recording.header.get("created")
        self.began = float(created) if isinstance(created, int | float) and created > 0 else 0.0
        self._steps = np.array([0.0, 1.0])
        self._seconds = np.array([0.0, 1e-3])
        if recording.has("engine/seconds"):
            steps, seconds = recording.read("engine/seconds")
            if len(steps) and np.isfinite(seconds).all():
                self._steps, self._seconds = steps.astype(np.float64), seconds

    def at(self, steps: NDArray[Any]) -> NDArray[np.float64]:
        """Seconds since 1970 (n,) of steps (n,)."""
        return np.asarray(self.began + np.interp(steps, self._steps, self._seconds))


def _arm_of(recording: Readable, frame: str) -> str:
    """A frame's arm; what is the whole run's gets a folder of its own."""
    arm = recording.identity(frame).arm
    return arm if arm != frame else _WHOLE_RUN


def _messages(recording: Readable, arm: str, clock: Clock) -> Iterator[bytes]:
    yield put_double(1, clock.began) + put_bytes(3, b"brain.Event:2")
    for tag, name in columns_of(recording).get(arm, {}).items():
        steps, values = recording.read(name)
        with np.errstate(over="ignore"):
            small = values.astype("<f4")
        head = put_bytes(1, tag.encode()) + b"\x15"
        for step, value, wall in zip(steps.tolist(), small, clock.at(steps).tolist(), strict=True):
            yield _event(wall, step, head + value.tobytes())
    for name in recording.frames():
        if _arm_of(recording, name) == arm:
            tag = recording.identity(name).quantity or name
            for step in recording.frame_steps(name).tolist():
                frame = recording.frame(name, step)
                if frame is not None:
                    wall = float(clock.at(np.array([step]))[0])
                    for value in _frame_values(recording, tag, frame):
                        yield _event(wall, step, value)
    for event in recording.events():
        if event.arm == arm:
            yield _event(event.time, event.step, _text(event))


def _event(wall: float, step: int, value: bytes) -> bytes:
    at = put_number(2, step) if step else b""
    return put_double(1, wall) + at + put_bytes(5, put_bytes(1, value))


def _frame_values(recording: Readable, tag: str, frame: Frame) -> Iterator[bytes]:
    """The summary values of a frame: a histogram a layer, a picture a picture; nothing of other kinds."""
    kind, array = frame.meta.get("kind"), frame.array
    if kind == "histogram" and array.ndim == 2:
        layers, bins = array.shape
        try:
            low = np.broadcast_to(np.asarray(frame.meta.get("low"), np.float64), layers)
            high = np.broadcast_to(np.asarray(frame.meta.get("high"), np.float64), layers)
        except (TypeError, ValueError):
            return
        names = frame.meta.get("layers")
        named = names if isinstance(names, list) and len(names) == layers else range(1, layers + 1)
        sampled = recording.header.get("sampled")
        count = sampled.get(tag) if isinstance(sampled, dict) else None
        for layer, name in enumerate(named):
            shares = np.nan_to_num(array[layer].astype(np.float64))
            if shares.any():
                counts = shares * (count if isinstance(count, int) and count > 0 else 1)
                edges = np.linspace(low[layer], high[layer], bins + 1)
                yield put_bytes(1, f"{tag}/{name}".encode()) + put_bytes(5, histogram(edges, counts))
    elif kind == "pictures" and array.ndim == 4 and array.dtype == np.uint8:
        for number, pixels in enumerate(array):
            name = f"{tag}/{number}" if len(array) > 1 else tag
            height, width, channels = pixels.shape
            picture = put_number(1, height) + put_number(2, width) + put_number(3, channels)
            yield put_bytes(1, name.encode()) + put_bytes(4, picture + put_bytes(4, png(pixels)))


def histogram(edges: NDArray[np.float64], counts: NDArray[np.float64]) -> bytes:
    """A HistogramProto of counts (k,) between edges (k + 1,); its sums are those of the bins' middles."""
    middles = (edges[1:] + edges[:-1]) / 2
    facts = (edges[0], edges[-1], counts.sum(), (counts * middles).sum(), (counts * middles**2).sum())
    return b"".join(put_double(number, float(fact)) for number, fact in enumerate(facts, 1)) + (
        put_bytes(6, edges[1:].astype("<f8").tobytes()) + put_bytes(7, counts.astype("<f8").tobytes())
    )


def png(pixels: NDArray[np.uint8]) -> bytes:
    """A picture (h, w, 1 or 3) as PNG, unfiltered."""
    height, width, channels = pixels.shape

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = np.pad(pixels.reshape(height, width * channels), ((0, 0), (1, 0))).tobytes()
    head = struct.pack(">IIBBBBB", width, height, 8, 2 if channels == 3 else 0, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def _text(event: Event) -> bytes:
    told = f"{event.kind} {event.data}" if event.data else event.kind
    tensor = put_number(1, _STRING) + put_bytes(8, told.encode())
    return put_bytes(1, b"events") + put_bytes(8, tensor) + put_bytes(9, put_bytes(1, put_bytes(1, b"text")))
