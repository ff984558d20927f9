"""W&B's offline files: LevelDB's log framing around the protocol buffer `Record`."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tuilab.exchange.errors import ExchangeError, RewrittenError
from tuilab.exchange.importers.folders import walk
from tuilab.exchange.items import Config, Damage, Images, Item, Note
from tuilab.exchange.names import arm_name
from tuilab.exchange.pictures import decoded
from tuilab.exchange.protobuf import BYTES, Field, fields, signed, text
from tuilab.exchange.rows import Rows, flat, number, whole

MAGIC = b":W&B\xe1\xbe\x00"
BLOCK = 32768
_HEAD = struct.Struct("<IHB")
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4
HISTORY, CONFIG, RUN, EXIT = 2, 5, 17, 18
_LONGEST = 1 << 28


def recognised(path: Path) -> bool:
    """Whether it is an offline run's file."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC or path.suffix == ".wandb"
    except OSError:
        return False


class RecordFile:
    """The records of one file, as far as they are whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = 0
        self.damage: list[Damage] = []

    def read(self) -> Iterator[bytes]:
        """The records since the last call; what is damaged is added to `damage`.

        Raises:
            OSError: it can't be read.
            RewrittenError: it is shorter than before.
        """
        with self.path.open("rb") as file:
            size = file.seek(0, 2)
            if size < self.offset:
                raise RewrittenError(f"{self.path}: it was written anew")
            at, gathered, expects = max(self.offset, len(MAGIC)), bytearray(), False
            file.seek(at)
            while at < size:
                room = BLOCK - at % BLOCK
                if room < _HEAD.size:
                    file.seek(room, 1)
                    at += room
                    continue
                head = file.read(_HEAD.size)
                if len(head) < _HEAD.size:
                    return
                crc, length, kind = _HEAD.unpack(head)
                data = file.read(length) if _HEAD.size + length <= room else b""
                if len(data) < length and _HEAD.size + length <= room and at + room >= size:
                    return  # the last one is still being written
                intact = len(data) == length and zlib.crc32(data, zlib.crc32(bytes([kind]))) == crc
                fits = kind in (MIDDLE, LAST) if expects else kind in (FULL, FIRST)
                if intact and fits:
                    at += _HEAD.size + length
                    gathered += data
                    expects = kind in (FIRST, MIDDLE)
                    if len(gathered) > _LONGEST:
                        raise ExchangeError(f"{self.path}: a record of more than {_LONGEST} bytes")
                    if not expects:
                        self.offset = at
                        yield bytes(gathered)
                        gathered.clear()
                    continue
                # A right checksum at the wrong place belongs to a record whose beginning is lost.
                to = at + _HEAD.size + length if intact else self._next(file, at + 1, size)
                if intact and kind in (FULL, FIRST):
                    to = at
                self.damage.append(
                    Damage(self.path, self.offset, to - self.offset, "its records are damaged there")
                )
                self.offset = at = to
                gathered.clear()
                expects = False
                file.seek(at)

    def _next(self, file: Any, at: int, size: int) -> int:
        """Where the next intact piece begins, or the file's end."""
        while at < size:
            start = at - at % BLOCK
            file.seek(start)
            block = file.read(BLOCK)
            for place in range(at - start, len(block) - _HEAD.size + 1):
                crc, length, kind = _HEAD.unpack_from(block, place)
                end = place + _HEAD.size + length
                if 1 <= kind <= 4 and end <= len(block):
                    view = memoryview(block)[place + _HEAD.size - 1 : end]
                    if zlib.crc32(view) == crc:
                        return int(start + place)
            at = start + BLOCK
        return size


class OfflineRuns:
    """All offline runs below a folder, or one alone; an arm each."""

    kind = "W&B offline runs"

    def __init__(self, path: Path) -> None:
        self._root = path
        self._files: dict[Path, RecordFile] = {}
        self._arms: dict[Path, str] = {}

    @property
    def done(self) -> int:
        """Bytes read so far."""
        return sum(file.offset for file in self._files.values())

    def size(self) -> int:
        """Bytes there are now."""
        self._look()
        return sum(path.stat().st_size for path in self._files)

    def read(self) -> Iterator[Item]:
        """See `Log.read`."""
        self._look()
        for path, file in list(self._files.items()):
            rows = Rows()
            try:
                for record in file.read():
                    try:
                        yield from self._items(path, record, rows)
                    except ValueError as error:
                        yield Damage(path, 0, 0, f"a record with a right checksum makes no sense: {error}")
                    yield from rows.full()
            except OSError as error:
                raise ExchangeError(f"{path}: can't be read ({error.strerror})") from None
            yield from rows.flush()
            yield from file.damage
            file.damage = []

    def rest(self) -> Iterator[Item]:
        """Files that end within a record."""
        for path, file in self._files.items():
            left = path.stat().st_size - file.offset
            if left:
                yield Damage(path, file.offset, left, "it ends within a record")

    def _look(self) -> None:
        for path in walk(self._root):
            if path not in self._files and recognised(path):
                self._files[path] = RecordFile(path)
                self._arms[path] = arm_name(path.stem)

    def _items(self, path: Path, record: bytes, rows: Rows) -> Iterator[Item]:
        for each in fields(record):
            if each.type != BYTES:
                continue
            if each.number == HISTORY:
                yield from self._history(path, record, each, rows)
            elif each.number == RUN:
                yield from self._run(path, record, each)
            elif each.number == CONFIG:
                yield from _config(self._arms[path], record, each)
            elif each.number == EXIT:
                codes = [signed(record, f) for f in fields(record, each.start, each.stop) if f.number == 1]
                if codes and codes[0]:
                    yield Note(self._arms[path], -1, "exited", {"code": codes[0]})

    def _run(self, path: Path, record: bytes, run: Field) -> Iterator[Item]:
        parts = list(fields(record, run.start, run.stop))
        names = [text(record, part) for part in parts if part.number == 8 and part.type == BYTES]
        if names and names[0]:
            named = arm_name(names[0])
            taken = [arm for other, arm in self._arms.items() if other != path]
            self._arms[path] = f"{named} {path.stem}" if named in taken else named
        for part in parts:
            if part.number == 4 and part.type == BYTES:
                yield from _config(self._arms[path], record, part)

    def _history(self, path: Path, record: bytes, history: Field, rows: Rows) -> Iterator[Item]:
        row = _pairs(record, history, 1)
        step = whole(row.pop("_step", None))
        if step is None:
            raise ValueError("a row of history without a step")
        time, _ = number(row.pop("_timestamp", None)) or 0.0, row.pop("_runtime", None)
        arm = self._arms[path]
        yield from rows.row(arm, step, row, 0, time)
        for tag, value in flat(row):
            if isinstance(value, dict) and value.get("_type") == "image-file":
                yield _image(path, arm, step, tag, str(value.get("path", "")))


def _image(path: Path, arm: str, step: int, tag: str, named: str) -> Item:
    """A picture that lies beside the file."""
    folder = (path.parent / "files").resolve()
    place = (folder / named).resolve()
    if not place.is_relative_to(folder) or not place.is_file():
        return Damage(path, 0, 0, f"{tag}: its picture is not beside it")
    pixels = decoded([place.read_bytes()])
    return (
        Damage(path, 0, 0, f"{tag}: {pixels}") if isinstance(pixels, str) else Images(arm, tag, step, pixels)
    )


def _config(arm: str, record: bytes, message: Field) -> Iterator[Item]:
    found = {key: value for key, value in _pairs(record, message, 1).items() if key != "_wandb"}
    if found:
        yield Config(arm, found)


def _pairs(record: bytes, message: Field, wanted: int) -> dict[str, Any]:
    """Items of key or nested keys and JSON, as nested objects."""
    found: dict[str, Any] = {}
    for item in fields(record, message.start, message.stop):
        if item.number != wanted or item.type != BYTES:
            continue
        keys: list[str] = []
        value: Any = None
        for part in fields(record, item.start, item.stop):
            if part.type == BYTES and part.number in (1, 2):
                keys.append(text(record, part))
            elif part.type == BYTES and part.number == 16:
                try:
                    value = json.loads(text(record, part))
                except RecursionError:
                    raise ValueError("JSON nested too deep") from None
        place = found
        for key in keys[:-1]:
            below = place.setdefault(key, {})
            place = below if isinstance(below, dict) else place
        if keys:
            place[keys[-1]] = value
    return found
