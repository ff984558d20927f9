"""The writer of a recording: one a file, appending only."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import Any, Literal

import numpy as np

from tuilab.recording.compact import compact
from tuilab.recording.definitions import MAX_DIMENSIONS, FrameDefinition, TableDefinition
from tuilab.recording.errors import RecordingError
from tuilab.recording.events import pack_event, pack_events
from tuilab.recording.format import (
    END,
    FRAME_DTYPES,
    HEADER,
    MAX_PAYLOAD,
    MAX_STEP,
    SHAPE,
    TABLE,
    TABLE_DTYPES,
    pack_chunk,
    pack_json,
)  # fmt: skip
from tuilab.recording.frames import FrameBuffer
from tuilab.recording.results import Event
from tuilab.recording.table import Table

PENDING_BYTES = 2**20
"""More than this is flushed at once, whatever the clock says."""


class Writer:
    """Writes one recording. Not thread-safe; one writer a file.

    Everything is buffered and written by `flush`, in one write, every `flush_every` seconds. When the disk is
    full, methods that flush raise OSError after cutting off what was written in part; nothing buffered is
    lost, and a later `flush` writes all of it.
    """

    def __init__(self, path: Path, fd: int, size: int, flush_every: float) -> None:
        """Use `create`."""
        self.path = path
        self.due = monotonic() + flush_every
        self.closed = False
        self._fd = fd
        self._size = size
        self._every = flush_every
        self._tables: list[Table] = []
        self._names: set[str] = set()
        self._frames: dict[str, FrameBuffer] = {}
        self._shapes = 0
        self._framed = 0
        self._events: list[tuple[int, bytes]] = []
        self._pending: list[bytes] = []
        self._waiting = 0

    @classmethod
    def create(cls, path: Path, header: dict[str, Any], flush_every: float = 0.05) -> Writer:
        """Begins a recording.

        Args:
            path: a file that does not exist yet; it appears with its header written.
            header: what the recording is of, JSON-able.
            flush_every: seconds between two flushes.

        Raises:
            FileExistsError: there is a file already.
            ValueError: the header is not JSON-able.
            OSError: the file cannot be made.
        """
        path = Path(path)
        if path.exists():
            raise FileExistsError(f"{path} exists already: a recording is never written over")
        chunk = pack_chunk(HEADER, pack_json(header), first=time.time_ns())
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        fd = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
        try:
            # Twice, as every definition: one damaged chunk never takes a name with it.
            write_all(fd, chunk * 2, 0)
            _appear(temporary, path)
        except BaseException:
            os.close(fd)
            temporary.unlink(missing_ok=True)
            raise
        return cls(path, fd, 2 * len(chunk), flush_every)

    def table(self, names: Sequence[str], dtype: Literal["float64", "float32"] = "float64") -> Table:
        """A new table of series that share their steps.

        Raises:
            ValueError: no names, a name twice, or another dtype.
        """
        if not names or len(set(names)) != len(names) or not all(isinstance(name, str) for name in names):
            raise ValueError(f"a table needs names, each once: {list(names)}")
        if dtype not in TABLE_DTYPES:
            raise ValueError(f"a table of {dtype!r}: only float64 and float32 can be recorded")
        self._check_open()
        definition = TableDefinition(tuple(names), TABLE_DTYPES[dtype])
        table = Table(self, len(self._tables), definition)
        chunk = pack_chunk(TABLE, definition.pack(), id=len(self._tables))
        self._tables.append(table)
        self.pend(chunk, chunk)
        return table

    def frame(
        self, name: str, step: int, array: np.ndarray[Any, Any], meta: dict[str, Any] | None = None
    ) -> None:
        """Adds an array at a step.

        Args:
            name: of the frame.
            step: greater than that of the frame of this name before.
            array: of booleans, integers or floats up to 64 bits; any shape of up to 8 dimensions.
            meta: JSON-able. Recorded with the first frame of the name, and again only when another is given.

        Raises:
            ValueError: the step does not increase, or the array or the meta cannot be recorded.
            OSError: the disk is full. The frame is kept and written by a later flush.
        """
        array = np.asarray(array)
        buffer = self._frames.get(name)
        if (
            buffer is None
            or array.shape != buffer.definition.shape
            or array.dtype != buffer.definition.dtype
            or (meta is not None and meta is not buffer.given)
        ):
            buffer = self._shaped(name, array, meta)
        self._check_open()
        if not buffer.last < step < MAX_STEP:
            raise ValueError(f"frame {name!r} at step {step} after step {buffer.last}: steps must increase")
        buffer.steps.append(int(step))
        buffer.frames.append(array.astype(buffer.definition.dtype, copy=False).tobytes())
        buffer.last = step
        self._framed += buffer.definition.size
        if self._framed > PENDING_BYTES or monotonic() >= self.due:
            self.flush()

    def event(self, step: int, kind: str, arm: str | None = None, **data: Any) -> None:
        """Something happened at `step`; `data` is JSON-able. Flushed with the rest.

        Raises:
            ValueError: the data is not JSON-able, or the step is negative.
        """
        self._check_open()
        if not 0 <= step < MAX_STEP:
            raise ValueError(f"an event at step {step}: steps count from 0")
        self._events.append((step, pack_event(Event(int(step), kind, arm, data, time.time()))))

    def poll(self) -> None:
        """Flushes if that is due."""
        if monotonic() >= self.due or self._waiting > PENDING_BYTES:
            self.flush()

    def flush(self) -> None:
        """Writes everything buffered, in one write.

        Raises:
            OSError: it could not be written; the file is as before and all is kept for a later flush.
        """
        self._check_open()
        self.due = monotonic() + self._every
        self._encode()
        self._write()

    def close(self) -> None:
        """Flushes and compacts into large blocks with an index; without room for that the file stays.

        Raises:
            OSError: what was buffered could not be written; the recording is still open.
        """
        if self.closed:
            return
        self.flush()
        with contextlib.suppress(OSError):
            os.fsync(self._fd)
        try:
            compact(self.path)
        except (OSError, RecordingError):
            with contextlib.suppress(OSError):
                self.pend(pack_chunk(END, b""))
                self._write()
        self.closed = True
        os.close(self._fd)

    def pend(self, *pieces: bytes) -> None:
        """Queues the bytes of a chunk behind those before."""
        for piece in pieces:
            self._pending.append(piece)
            self._waiting += len(piece)

    def _shaped(self, name: str, array: np.ndarray[Any, Any], meta: dict[str, Any] | None) -> FrameBuffer:
        """The buffer for this name, dtype, shape and meta: a new one unless they are the last ones."""
        if not isinstance(name, str):
            raise ValueError(f"a frame's name must be text, not {name!r}")
        old = self._frames.get(name)
        if array.dtype.name not in FRAME_DTYPES:
            raise ValueError(
                f"frame {name!r} of dtype {array.dtype}: only booleans, integers and floats up to 64 bits"
            )
        if array.ndim > MAX_DIMENSIONS or array.nbytes > MAX_PAYLOAD // 2:
            raise ValueError(f"frame {name!r} of shape {array.shape}: too large")
        kept = meta if meta is not None else old.definition.meta if old else {}
        made = FrameDefinition(name, FRAME_DTYPES[array.dtype.name], array.shape, kept)
        if old and made == old.definition:
            old.given = meta
            return old
        chunk = pack_chunk(SHAPE, made.pack(), id=self._shapes)
        if old:
            self.pend(*old.encode())
        self.pend(chunk, chunk)
        buffer = FrameBuffer(self._shapes, made, meta, old.last if old else -1)
        self._shapes += 1
        self._frames[name] = buffer
        return buffer

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError(f"{self.path}: the recording is closed")

    def _encode(self) -> None:
        for table in self._tables:
            table.encode()
        for buffer in self._frames.values():
            if buffer.steps:
                self.pend(*buffer.encode())
        self._framed = 0
        if self._events:
            self.pend(*(chunk for *_, chunk in pack_events(self._events)))
            self._events = []

    def _write(self) -> None:
        if not self._pending:
            return
        data = self._pending[0] if len(self._pending) == 1 else b"".join(self._pending)
        try:
            write_all(self._fd, data, self._size)
        except OSError:
            # A reader must not find half a chunk; should even this fail, the next write goes over it.
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, self._size)
            self._pending = [data]
            raise
        self._size += len(data)
        self._pending, self._waiting = [], 0


def write_all(fd: int, data: bytes, offset: int) -> None:
    """Writes all of `data` at `offset`, however many writes that takes; raises OSError when it cannot."""
    view = memoryview(data)
    while view:
        done = os.pwrite(fd, view, offset)
        view, offset = view[done:], offset + done


def _appear(temporary: Path, path: Path) -> None:
    """Gives a whole file its name unless that is taken."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise FileExistsError(f"{path} exists already: a recording is never written over") from None
    except OSError:  # a file system without hard links
        temporary.rename(path)
        return
    temporary.unlink()
