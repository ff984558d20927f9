"""TensorBoard event files: each folder with some is an arm, each file in it one start of the program."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tuilab.exchange.errors import ExchangeError, RewrittenError
from tuilab.exchange.importers.folders import walk
from tuilab.exchange.items import Damage, Item, Restart, Scalars
from tuilab.exchange.names import arm_name
from tuilab.exchange.tensorboard.events import figure, parse
from tuilab.exchange.tensorboard.figures import Batch, Other
from tuilab.exchange.tensorboard.records import HEAD, LONGEST, TAIL, chunk_of
from tuilab.exchange.tensorboard.summaries import items_of

CHUNK = 8 << 20
"""Bytes read at once."""

_HEAD = 4096
"""Bytes looked at to recognise a file."""

Skipped = tuple[int, int, str]


def recognised(path: Path) -> bool:
    """Whether it is an event file: its first intact record says so; where that is damaged, its name."""
    return _began(path) is not None


def _began(path: Path) -> float | None:
    """When an event file was begun; None for another file."""
    named = "tfevents" in path.name
    try:
        with path.open("rb") as file:
            groups = chunk_of(file.read(_HEAD)).groups
    except OSError:
        return None
    first = min(groups, key=lambda group: int(group.order[0]), default=None)
    if first is None:
        return 0.0 if named else None
    try:
        event = parse(first.data[0].tobytes())
    except ValueError:
        return None
    return event.wall if named or event.version.startswith("brain.Event:") else None


class Contents(NamedTuple):
    """What was found in a stretch of one file."""

    batch: Batch
    damage: list[Skipped]


@dataclass(slots=True)
class EventFile:
    """One file and how far it was read."""

    path: Path
    arm: str
    part: int
    offset: int = 0
    tags: dict[bytes, int] = field(default_factory=dict)

    def read(self) -> Iterator[Contents]:
        """What was appended since the last call, a stretch at a time.

        Raises:
            OSError: it can't be read.
            RewrittenError: it is shorter than before.
        """
        with self.path.open("rb") as file:
            if file.seek(0, 2) < self.offset:
                raise RewrittenError(f"{self.path}: it was written anew")
            size = CHUNK
            while True:
                file.seek(self.offset)
                data = file.read(size)
                chunk = chunk_of(data)
                if not chunk.used:
                    if len(data) < size or size > LONGEST + HEAD + TAIL:
                        return
                    size *= 2  # a record longer than what is read at once
                    continue
                batch, start, size = Batch(self.tags), self.offset, CHUNK
                for group in chunk.groups:
                    batch.take(group)
                self.offset += chunk.used
                yield Contents(batch, [(start + at, length, why) for at, length, why in chunk.damage])


class EventFiles:
    """All event files below a folder, or one alone."""

    kind = "TensorBoard event files"

    def __init__(self, path: Path) -> None:
        self._root = path
        self._files: dict[Path, EventFile] = {}

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
        for file in list(self._files.values()):
            damaged: Skipped | None = None
            try:
                for contents in file.read():
                    for found in contents.damage:
                        if damaged and damaged[0] + damaged[1] == found[0] and damaged[2] == found[2]:
                            damaged = (damaged[0], damaged[1] + found[1], found[2])
                        else:
                            yield from _told(file, damaged)
                            damaged = found
                    yield from self._items(file, contents.batch)
                yield from _told(file, damaged)
            except OSError as error:
                raise ExchangeError(f"{file.path}: can't be read ({error.strerror})") from None

    def rest(self) -> Iterator[Item]:
        """Files that end within a record."""
        for file in self._files.values():
            left = file.path.stat().st_size - file.offset
            if left:
                yield Damage(file.path, file.offset, left, "it ends within a record")

    def _look(self) -> None:
        """Finds the files there are now; the order of the folder's files is that of their first records."""
        found: dict[str, list[tuple[float, Path]]] = {}
        for path in walk(self._root):
            if path in self._files:
                continue
            began = _began(path)
            if began is not None:
                at = path.parent.relative_to(self._root) if self._root.is_dir() else Path()
                arm = arm_name(str(at)) if at.parts else arm_name(path.absolute().parent.name)
                found.setdefault(arm, []).append((began, path))
        for arm, files in found.items():
            known = sum(file.arm == arm for file in self._files.values())
            for number, (_, path) in enumerate(sorted(files), known):
                self._files[path] = EventFile(path, arm, number)

    def _items(self, file: EventFile, batch: Batch) -> Iterator[Item]:
        for other in sorted(batch.others, key=lambda other: other.order):
            yield from self._other(file, batch, other)
        for tag, steps, values, time in batch.figures():
            yield Scalars(file.arm, tag, steps, values, file.part, time)

    def _other(self, file: EventFile, batch: Batch, other: Other) -> Iterator[Item]:
        event = other.event
        if event is None:
            yield Damage(file.path, 0, 0, "a record with a right checksum is no event")
            return
        if event.restarts:
            yield Restart(file.arm, event.step, file.part)
        plain = [(value, figure(other.data, value)) for value in event.values]
        for value, number in plain:
            if number is not None:
                batch.single(other.order, value.tag, event.step, event.wall, number)
        event.values = [value for value, number in plain if number is None]
        try:
            yield from items_of(other.data, event, file.arm, file.part, file.path)
        except ValueError as error:
            yield Damage(file.path, 0, 0, f"a record with a right checksum makes no sense: {error}")


def _told(file: EventFile, damaged: Skipped | None) -> Iterator[Damage]:
    if damaged:
        yield Damage(file.path, *damaged)
