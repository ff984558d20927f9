"""The writer of a recording: one a file, appending only."""

from __future__ import annotations

import operator
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Any, Literal

import numpy as np
from numpy import ndarray

from tuilab.recording import temporary
from tuilab.recording.arrays import FrameDefinition
from tuilab.recording.compact import compact
from tuilab.recording.definitions import TableDefinition
from tuilab.recording.errors import RecordingError
from tuilab.recording.events import pack_event, pack_events
from tuilab.recording.format import HEADER, MAX_STEP, SHAPE, TABLE, pack_chunk, pack_json
from tuilab.recording.frames import FrameBuffer
from tuilab.recording.names import Series, SeriesName
from tuilab.recording.output import PENDING_BYTES, Output, write_all
from tuilab.recording.results import Event
from tuilab.recording.table import Table, TimedTable


class Writer:
    """Writes one recording. Not thread-safe; one writer a file.

    Everything is buffered and written by `flush`, in one write, every `flush_every` seconds. When the disk is
    full, methods that flush raise OSError after cutting off what was written in part; nothing buffered is
    lost, and a later `flush` writes all of it.

    Attributes:
        path: of the file.
        header: what the recording is of.
        events: how many events were recorded.
    """

    def __init__(self, path: Path, header: dict[str, Any], fd: int, size: int, flush_every: float) -> None:
        """Use `create`."""
        self.path = path
        self.header = header
        self.events = 0
        self._output = Output(path, fd, size, flush_every, self._encode)
        self._tables: list[Table] = []
        self._series: dict[str, SeriesName] = {}
        self._frames: dict[str, FrameBuffer] = {}
        self._shapes = 0
        self._framed = 0
        self._events: list[tuple[int, bytes]] = []

    @classmethod
    def create(cls, path: Path, header: dict[str, Any], flush_every: float = 0.05) -> Writer:
        """Begins a recording.

        Args:
            path: a file that does not exist yet; it appears with its header, as private as its folder.
            header: what the recording is of, JSON-able. What it goes on from is in it too: see `lineage`.
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
        fd, made = temporary.create(path)
        try:
            size = write_all(fd, chunk, 0)
            temporary.appear(made, path)
        except BaseException:
            os.close(fd)
            made.unlink(missing_ok=True)
            raise
        return cls(path, header, fd, size, flush_every)

    @property
    def closed(self) -> bool:
        """Whether nothing can be recorded any more."""
        return self._output.closed

    def table(
        self, series: Sequence[str | Series], dtype: Literal["float64", "float32"] = "float64"
    ) -> Table:
        """A new table of series that share their steps.

        Args:
            series: names, or what says more than a name.
            dtype: of the values.

        Raises:
            ValueError: no series, one twice, one that was described otherwise before, or another dtype.
        """
        definition = TableDefinition.of(series, dtype, timed=False)
        table = Table(self._output, self._defined(definition), definition)
        self._tables.append(table)
        return table

    def timed_table(self, series: Sequence[str | Series]) -> TimedTable:
        """A table of float64 series that also keeps when each row was measured; raises as `table` does."""
        definition = TableDefinition.of(series, "float64", timed=True)
        table = TimedTable(self._output, self._defined(definition), definition)
        self._tables.append(table)
        return table

    def frame(
        self,
        name: str,
        step: int,
        array: np.ndarray[Any, Any],
        meta: dict[str, Any] | None = None,
        arrays: Mapping[str, np.ndarray[Any, Any]] | None = None,
    ) -> None:
        """Adds an array at a step.

        Args:
            name: of the frame.
            step: greater than that of the frame of this name before.
            array: of booleans, integers or floats up to 64 bits; any shape of up to 8 dimensions.
            meta: JSON-able. Recorded with the first frame of the name, and again only when another is given.
            arrays: further arrays of this frame alone, by name, such as the edges of its bins. What changes
                from frame to frame belongs here and not into `meta`.

        Raises:
            ValueError: the step does not increase, or the arrays or the meta cannot be recorded.
            OSError: the disk is full. The frame is kept and written by a later flush.
        """
        buffer = self._frames.get(name)
        last = -1 if buffer is None else buffer.last
        if not last < step < MAX_STEP:
            raise ValueError(f"frame {name!r} at step {step} after step {last}: steps must increase")
        if (
            buffer is None
            or arrays is not None
            or array.__class__ is not ndarray
            or array.dtype is not buffer.dtype
            or array.shape != buffer.shape
            or (meta is not None and meta is not buffer.given)
        ):
            parts = {key: np.asarray(part) for key, part in (arrays or {}).items()}
            buffer, data = self._shaped(name, np.asarray(array), meta, parts)
        else:
            data = array.tobytes()
        buffer.last = step
        buffer.rows.append((step if step.__class__ is int else operator.index(step), data))
        self._framed += buffer.size
        if self._framed + self._output.waiting > PENDING_BYTES:
            self._encode_frames()
            self._output.write()
        if monotonic() >= self._output.due:
            self.flush()

    def event(self, step: int, kind: str, arm: str | None = None, **data: Any) -> None:
        """Something happened at `step`; `data` is JSON-able. Flushed with the rest.

        Raises:
            ValueError: the data is not JSON-able, the step negative, or kind or arm no text.
        """
        self._output.check_open()
        if not 0 <= step < MAX_STEP:
            raise ValueError(f"an event at step {step}: steps count from 0")
        if not isinstance(kind, str) or not (arm is None or isinstance(arm, str)):
            raise ValueError(f"an event of kind {kind!r} and arm {arm!r}: both must be text")
        self._events.append((step, pack_event(Event(int(step), kind, arm, data, time.time()))))
        self.events += 1

    def poll(self) -> None:
        """Flushes if that is due."""
        self._output.poll()

    def flush(self) -> None:
        """Writes everything buffered, in one write.

        Raises:
            OSError: it could not be written; the file is as before and all is kept for a later flush.
        """
        self._output.flush()

    def close(self) -> None:
        """Flushes and compacts into large blocks with an index; without room for that the file stays.

        Raises:
            OSError: what was buffered could not be written; the recording is still open.
        """
        if self.closed:
            return
        self.flush()
        self._output.sync()
        try:
            compact(self.path)
        except (OSError, RecordingError):
            self._output.end()
        self._output.close()
        for table in self._tables:
            table.shut()

    def _defined(self, definition: TableDefinition) -> int:
        """Records the definition of a table, and gives it an id."""
        self._output.check_open()
        known = self._series
        named = {name: definition.describe(at).identity for at, name in enumerate(definition.series)}
        for name, identity in named.items():
            if known.get(name, identity) != identity:
                raise ValueError(f"series {name!r} is {known[name]!r} already, and not {identity!r}")
        known |= named
        id = len(self._tables)
        self._output.pend(pack_chunk(TABLE, definition.pack(), id=id) * 2)
        return id

    def _shaped(
        self,
        name: str,
        array: np.ndarray[Any, Any],
        meta: dict[str, Any] | None,
        arrays: dict[str, np.ndarray[Any, Any]],
    ) -> tuple[FrameBuffer, bytes]:
        """The buffer for such a frame, a new one unless it is like the last one, and the frame's bytes."""
        old = self._frames.get(name)
        kept = meta if meta is not None else old.definition.meta if old else {}
        made = FrameDefinition.of(name, array, kept, arrays)
        parts = [array.astype(made.type.dtype, copy=False).tobytes()]
        parts += [part.astype(made.arrays[key].dtype, copy=False).tobytes() for key, part in arrays.items()]
        if old and made == old.definition:
            old.given = meta
            return old, b"".join(parts)
        self._output.check_open()
        chunk = pack_chunk(SHAPE, made.pack(), id=self._shapes)
        if old and old.rows:
            self._output.pend(old.encode())
        self._output.pend(chunk * 2)
        buffer = self._frames[name] = FrameBuffer(self._shapes, made, meta, old.last if old else -1)
        self._shapes += 1
        return buffer, b"".join(parts)

    def _encode(self) -> None:
        for table in self._tables:
            table.encode()
        self._encode_frames()
        if self._events:
            for *_, chunk in pack_events(self._events):
                self._output.pend(chunk)
            self._events = []

    def _encode_frames(self) -> None:
        for buffer in self._frames.values():
            if buffer.rows:
                self._output.pend(buffer.encode())
                buffer.rows = []
        self._framed = 0
