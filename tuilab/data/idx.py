"""Pictures in the format of MNIST (LeCun, Cortes & Burges, "The MNIST database", 1998): IDX files.

A file is a header and the values, here always bytes. The header is big-endian: two zero bytes, 8 for "bytes",
the number of dimensions, and the size of each dimension in four bytes.

    offset 0    00 00 08 03     pictures: number, rows, columns; from offset 16 a byte a pixel
    offset 0    00 00 08 01     labels: number; from offset 8 a byte a label

MNIST, Fashion-MNIST, KMNIST and EMNIST come so, each file gzipped or not.
"""

from __future__ import annotations

import gzip
import math
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, cast

import numpy as np
import numpy.typing as npt

from tuilab.data.folder import DataError, refuse_irregular, refuse_outside
from tuilab.data.memory import refuse_too_large

CLASSES = "classes.txt"
"""A file beside the others, if it is there, with the classes' names, one a line, from class 0 (or 1) up."""

_NAME = re.compile(r"(?P<set>.*?)(?P<split>train|t10k|test)-(?P<what>images|labels)[-.]idx[13]-ubyte(\.gz)?")
_DIMENSIONS = {"images": 3, "labels": 1}
_DENSEST = 1_100
"""No gzipped file unpacks to so many times its size: deflate ends at 1,032."""
_CHUNK = 1 << 20

Bytes = npt.NDArray[np.uint8]
Split = Literal["train", "test"]


@dataclass(frozen=True, slots=True)
class Idx:
    """Pictures, their classes and the files they came from."""

    pictures: Bytes
    """(n, rows, columns)."""
    labels: Bytes
    """(n,), from 0."""
    classes: tuple[str, ...]
    """Their names: those in `classes.txt`, else the numbers in the file."""
    files: tuple[Path, ...]


def read_idx(place: Path, split: Split = "train") -> Idx:
    """The pictures of one split in a folder.

    EMNIST's files hold every picture transposed; here they stand upright.

    Raises:
        DataError: there are no such files, or several sets of them; one is damaged; there are not as many
            labels as pictures; a class is missing or has no name.
    """
    images, labels = _file(place, split, "images"), _file(place, split, "labels")
    pictures, numbers = _read(images), _read(labels)
    if len(pictures) != len(numbers):
        raise DataError(
            f"{labels}: {len(numbers):,} labels (offset 4), but {images.name} holds "
            f"{len(pictures):,} pictures"
        )
    first, names = _classes(place, labels, numbers)
    if images.name.startswith("emnist-"):
        pictures = np.ascontiguousarray(pictures.transpose(0, 2, 1))
    named = place / CLASSES
    return Idx(pictures, numbers - first, names, (images, labels, *([named] if named.exists() else [])))


def holds_idx(place: Path) -> bool:
    """Whether training pictures lie there by their name."""
    return any(
        (found := _NAME.fullmatch(path.name)) and found["split"] == "train" for path in place.iterdir()
    )


def _file(place: Path, split: Split, what: str) -> Path:
    """The file of this split in a folder; the unpacked one where both are there."""
    splits = ("train",) if split == "train" else ("t10k", "test")
    sets: dict[str, Path] = {}
    try:
        for path in sorted(place.iterdir()):
            found = _NAME.fullmatch(path.name)
            if found and found["split"] in splits and found["what"] == what:
                sets.setdefault(found["set"], path)
    except OSError as error:
        raise DataError(f"{place}: can't be read ({error.strerror})") from None
    if not sets:
        wanted = f"{splits[0]}-{what}-idx{_DIMENSIONS[what]}-ubyte"
        raise DataError(f"{place}: holds no {wanted}, gzipped or not")
    if len(sets) > 1:
        names = ", ".join(path.name for path in sets.values())
        raise DataError(f"{place}: holds several sets, {names}; give each a folder of its own")
    return sets.popitem()[1]


def _read(path: Path) -> Bytes:
    """The values of one file, in the shape that its header says."""
    refuse_outside(path, path.parent)
    dimensions = _DIMENSIONS["images" if "images" in path.name else "labels"]
    done = 0
    try:
        refuse_irregular(path)
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            size = path.stat().st_size
            file = cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if packed else raw
            header = file.read(4 + 4 * dimensions)
            shape = _shape(path, header, dimensions)
            done, expected = len(header), len(header) + math.prod(shape)
            most = size * _DENSEST if packed else size
            if expected > most:
                raise DataError(_ends(path, shape, most, expected, "at most " if packed else ""))
            if dimensions == 3:
                refuse_too_large(str(path), shape[0], (*shape[1:], 1), "free some, or take fewer pictures")
            values = np.empty(math.prod(shape), np.uint8)
            while done < expected:
                block = file.read(min(_CHUNK, expected - done))
                if not block:
                    raise DataError(_ends(path, shape, done, expected))
                start = done - len(header)
                values[start : start + len(block)] = np.frombuffer(block, np.uint8)
                done += len(block)
            # Reading on to the end is also what makes gzip compare its checksum.
            if file.read(1):
                raise DataError(
                    f"{path}: goes on after offset {expected:,}, where {_told(shape)} end: it is damaged"
                )
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise DataError(
            f"{path}: its compressed data are damaged after offset {done:,} of what they unpack to ({error})"
        ) from None
    except OSError as error:
        raise DataError(f"{path}: can't be read ({error.strerror or error})") from None
    return values.reshape(shape)


def _shape(path: Path, header: bytes, dimensions: int) -> tuple[int, ...]:
    if len(header) < 4 + 4 * dimensions:
        raise DataError(
            f"{path}: ends at offset {len(header)}, within its header of {4 + 4 * dimensions} bytes"
        )
    magic = bytes([0, 0, 8, dimensions])
    if header[:4] != magic:
        raise DataError(
            f"{path}: wrong magic number at offset 0, {header[:4].hex(' ')} where {magic.hex(' ')} belongs: "
            f"it is no IDX file of bytes in {dimensions} dimension{'s' * (dimensions > 1)}, or it is damaged"
        )
    shape = tuple(int.from_bytes(header[at : at + 4], "big") for at in range(4, len(header), 4))
    for axis, count in enumerate(shape):
        if count == 0:
            raise DataError(f"{path}: damaged at offset {4 + 4 * axis}: dimension {axis + 1} has size 0")
    return shape


def _told(shape: tuple[int, ...]) -> str:
    if len(shape) == 1:
        return f"{shape[0]:,} labels"
    return f"{shape[0]:,} pictures of {shape[1]} × {shape[2]}"


def _ends(path: Path, shape: tuple[int, ...], done: int, expected: int, at_most: str = "") -> str:
    return (
        f"{path}: ends at offset {at_most}{done:,} where {expected:,} bytes belong ({_told(shape)} and the "
        "header): it is cut short or damaged"
    )


def _classes(place: Path, path: Path, labels: Bytes) -> tuple[int, tuple[str, ...]]:
    """The number of the first class, 0 or 1, and all names.

    Raises:
        DataError: a label is out of range, or a class has no example.
    """
    counts: npt.NDArray[np.int64] = np.bincount(labels)
    last = len(counts) - 1
    offset = 8 + int(labels.argmax())
    names = _names(place)
    # EMNIST's letters are numbered from 1.
    first = int(counts[0] == 0 and (names is None or last == len(names)))
    if names and last >= first + len(names):
        raise DataError(
            f"{path}: label out of range at offset {offset:,}: {last}, while {place / CLASSES} names "
            f"{first} to {first + len(names) - 1}"
        )
    names = names or tuple(str(number) for number in range(first, last + 1))
    absent = [name for number, name in enumerate(names, first) if number > last or not counts[number]]
    if absent:
        which = ", ".join(absent[:5]) + ", …" * (len(absent) > 5)
        raise DataError(
            f"{path}: no example of class {which} among {len(labels):,}; the highest label is {last}, at "
            f"offset {offset:,}: a class is missing, or a label is out of range"
        )
    if len(names) < 2:
        raise DataError(f"{path}: all {len(labels):,} labels are {last}; there is nothing to tell apart")
    return first, names


def _names(place: Path) -> tuple[str, ...] | None:
    path = place / CLASSES
    if not path.exists():
        return None
    refuse_outside(path, place)
    try:
        refuse_irregular(path)
        with path.open(encoding="utf-8") as file:
            text = file.read(100_000)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: can't be read ({getattr(error, 'strerror', None) or error})") from None
    names = tuple(line.strip() for line in text.splitlines() if line.strip())
    if not 2 <= len(names) <= 256 or len(set(names)) < len(names) or not all(map(str.isprintable, names)):
        raise DataError(f"{path}: wants 2 to 256 different names of classes, one a line")
    return names
