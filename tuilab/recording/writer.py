"""The writer of a recording: one a file, appending only."""

from __future__ import annotations

import contextlib
import operator
import os
import time
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import Any, Literal

import numpy as np
from numpy import ndarray

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
)
from tuilab.recording.frames import FrameBuffer
from tuilab.recording.results import Event
from tuilab.recording.table import Table

PENDING_BYTES = 2**20
"""More than this is written at once, whatever the clock says."""

MAX_PIECES = 1024
"""What one system call takes at most."""


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
        self.flush_every = flush_every
        self._tables: list[Table] = []
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
        # Twice, as every definition: one damaged chunk never takes a name with it.
        chunk = pack_chunk(HEADER, pack_json(header), first=time.time_ns()) * 2
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        fd = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
        try:
            size = write_all(fd, chunk, 0)
            _appear(temporary, path)
        except BaseException:
            os.close(fd)
            temporary.unlink(missing_ok=True)
            raise
        return cls(path, fd, size, flush_every)

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
        self.pend(pack_chunk(TABLE, definition.pack(), id=len(self._tables)) * 2)
        self._tables.append(table)
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
        buffer = self._frames.get(name)
        last = -1 if buffer is None else buffer.last
        if not last < step < MAX_STEP:
            raise ValueError(f"frame {name!r} at step {step} after step {last}: steps must increase")
        if (
            buffer is None
            or array.__class__ is not ndarray
            or array.dtype is not buffer.dtype
            or array.shape != buffer.shape
            or (meta is not None and meta is not buffer.given)
        ):
            array = np.asarray(array)
            buffer = self._shaped(name, array, meta)
            array = array.astype(buffer.dtype, copy=False)
        buffer.last = step
        buffer.rows.append((step if step.__class__ is int else operator.index(step), array.tobytes()))
        self._framed += buffer.size
        if self._framed > PENDING_BYTES:
            self.spill()
        if monotonic() >= self.due:
            self.flush()

    def event(self, step: int, kind: str, arm: str | None = None, **data: Any) -> None:
        """Something happened at `step`; `data` is JSON-able. Flushed with the rest.

        Raises:
            ValueError: the data is not JSON-able, the step negative, or kind or arm no text.
        """
        self._check_open()
        if not 0 <= step < MAX_STEP:
            raise ValueError(f"an event at step {step}: steps count from 0")
        if not isinstance(kind, str) or not (arm is None or isinstance(arm, str)):
            raise ValueError(f"an event of kind {kind!r} and arm {arm!r}: both must be text")
        self._events.append((step, pack_event(Event(int(step), kind, arm, data, time.time()))))

    def poll(self) -> None:
        """Flushes if that is due."""
        if monotonic() >= self.due:
            self.flush()

    def flush(self) -> None:
        """Writes everything buffered, in one write.

        Raises:
            OSError: it could not be written; the file is as before and all is kept for a later flush.
        """
        self._check_open()
        self.due = monotonic() + self.flush_every
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
                self.pend(pack_chunk(END))
                self._write()
        self.closed = True
        self.due = -1.0  # whatever is still appended meets flush, which refuses
        for table in self._tables:
            table.shut()
        os.close(self._fd)

    def pend(self, chunk: list[bytes]) -> None:
        """Queues the pieces of a chunk behind those before."""
        self._pending += chunk
        self._waiting += sum(map(len, chunk))

    def spill(self) -> None:
        """Writes what is in chunks already when that has become much."""
        if self._framed + self._waiting > PENDING_BYTES:
            self._encode_frames()
            self._write()

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
        if old and old.rows:
            self.pend(old.encode())
        self.pend(chunk * 2)
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
        self._encode_frames()
        if self._events:
            for *_, chunk in pack_events(self._events):
                self.pend(chunk)
            self._events = []

    def _encode_frames(self) -> None:
        for buffer in self._frames.values():
            if buffer.rows:
                self.pend(buffer.encode())
                buffer.rows = []
        self._framed = 0

    def _write(self) -> None:
        if not self._pending:
            return
        try:
            self._size += write_all(self._fd, self._pending, self._size)
        except OSError:
            # A reader must not find half a chunk; should even this fail, the next write goes over it.
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, self._size)
            raise
        self._pending, self._waiting = [], 0


def write_all(fd: int, pieces: list[bytes], offset: int) -> int:
    """Writes all pieces at `offset`, in one write where the system lets it, and says how many bytes.

    Raises:
        OSError: they could not all be written.
    """
    if len(pieces) <= MAX_PIECES:
        left = sum(map(len, pieces)) - (done := os.pwritev(fd, pieces, offset))
        if not left:
            return done
    view = memoryview(b"".join(pieces))
    done = 0
    while done < len(view):
        done += os.pwrite(fd, view[done:], offset + done)
    return done


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
