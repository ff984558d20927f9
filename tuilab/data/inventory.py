"""What data sets there are on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tuilab.data.folder import DataError, folder, inside
from tuilab.data.idx import holds_idx, read_idx
from tuilab.data.images import find_images
from tuilab.data.sources import SOURCES, Source

State = Literal["built in", "there", "missing", "damaged"]


@dataclass(frozen=True, slots=True)
class Holding:
    """A data set: whether it is there, and how to get it or name it."""

    name: str
    state: State
    says: str
    """What it is, or the command that fetches it."""
    data: str
    """What a scenario writes after `data =`."""
    problem: str = ""
    """What is wrong, in one sentence."""


def inventory() -> list[Holding]:
    """What is built in, what can be fetched, and what else lies in the data folder; reads the files."""
    return [
        Holding("shapes10", "built in", "pictures of ten shapes, drawn by seed", '{ name = "shapes10" }'),
        Holding(
            "spirals, …", "built in", "points: spirals rings moons checkerboard blobs", '{ name = "spirals" }'
        ),
        *map(_fetchable, SOURCES.values()),
        *_others(),
    ]


def _fetchable(source: Source) -> Holding:
    place = folder() / source.folder
    if not place.is_dir():
        return Holding(source.name, "missing", f"tuilab data fetch {source.name}", source.data)
    try:
        source.check(place)
    except DataError as error:
        return Holding(source.name, "damaged", f"tuilab data fetch {source.name}", source.data, str(error))
    return Holding(source.name, "there", source.title, source.data)


def _others() -> Iterator[Holding]:
    """Folders that somebody put there; what is neither kind of data is passed over."""
    known = {source.folder for source in SOURCES.values()}
    try:
        places = sorted(path for path in folder().iterdir() if path.is_dir())
    except FileNotFoundError:
        return
    except OSError as error:
        raise DataError(f"{folder()}: can't be read ({error.strerror})") from None
    for place in places:
        if place.name not in known and not place.name.startswith(".") and (found := _other(place)):
            yield found


def _other(place: Path) -> Holding | None:
    try:
        inside(place.name)
        if holds_idx(place):
            data = f'{{ name = "idx", folder = "{place.name}" }}'
            try:
                read_idx(place)
            except DataError as error:
                return Holding(place.name, "damaged", "pictures in MNIST's format", data, str(error))
            return Holding(place.name, "there", "pictures in MNIST's format", data)
        classes = find_images(place)
    except (DataError, OSError) as error:
        return Holding(place.name, "damaged", "can't be used", "", str(error))
    count = sum(map(len, classes.values()))
    if not count:
        return None
    data = f'{{ name = "folder", folder = "{place.name}", size = 32 }}'
    empty = [name for name, files in classes.items() if not files]
    problem = f"no picture in {', '.join(empty)}" if empty else ""
    says = f"{count:,} pictures in {len(classes)} classes"
    return Holding(place.name, "damaged" if empty else "there", says, data, problem)
