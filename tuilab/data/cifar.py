"""CIFAR in its binary layout (Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009).

A file is records without a header. A record is a byte a label, then 3,072 for the picture: its red, green and
blue plane, each of 32 rows of 32 pixels.

    CIFAR-10     class                  5 files of 10,000 training records, 1 of test records     3,073 bytes
    CIFAR-100    superclass, class      1 file of 50,000 training records, 1 of 10,000            3,074 bytes
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from tuilab.data.cifar_names import CIFAR10_CLASSES, CIFAR100_CLASSES, CIFAR100_SUPERCLASSES
from tuilab.data.folder import DataError, MissingDataError, folder

SHAPE = (3, 32, 32)
"""Planes, rows and columns of a picture."""
_PICTURE = 3 * 32 * 32

Bytes = npt.NDArray[np.uint8]
Split = Literal["train", "test"]


@dataclass(frozen=True, slots=True)
class Layout:
    """What files a data set consists of and what is in them."""

    name: str
    title: str
    folder: str
    files: dict[Split, dict[str, int]]
    """Records in each file of a split."""
    labels: tuple[tuple[str, ...], ...]
    """The classes' names for each of the bytes that a record begins with."""

    @property
    def record(self) -> int:
        """Bytes a record."""
        return len(self.labels) + _PICTURE

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes in each file of both splits."""
        return {name: n * self.record for files in self.files.values() for name, n in files.items()}


CIFAR10 = Layout(
    "cifar10",
    "CIFAR-10",
    "cifar-10-batches-bin",
    {
        "train": {f"data_batch_{k}.bin": 10_000 for k in range(1, 6)},
        "test": {"test_batch.bin": 10_000},
    },
    (CIFAR10_CLASSES,),
)
CIFAR100 = Layout(
    "cifar100",
    "CIFAR-100",
    "cifar-100-binary",
    {"train": {"train.bin": 50_000}, "test": {"test.bin": 10_000}},
    (CIFAR100_SUPERCLASSES, CIFAR100_CLASSES),
)


def read_cifar(layout: Layout, split: Split = "train", place: Path | None = None) -> tuple[Bytes, Bytes]:
    """The pictures, (n, 3, 32, 32) uint8, and their labels, (n, labels a record) uint8.

    Args:
        layout: CIFAR10 or CIFAR100.
        split: 50,000 training or 10,000 test pictures.
        place: the data set's folder; where `tuilab data fetch` puts it by default.

    Raises:
        MissingDataError: the data set isn't there.
        DataError: a file is missing, of another size, or holds what is no class.
    """
    place = place or folder() / layout.folder
    if not place.is_dir():
        raise MissingDataError(
            f"{layout.title} is not in {place.parent}: run `tuilab data fetch {layout.name}` (with --from "
            "FILE_OR_FOLDER if you have it already), or train offline on the embedded pictures with "
            "`-s data.name=shapes10`"
        )
    rows = np.concatenate([_read_file(place / name, layout, n) for name, n in layout.files[split].items()])
    labels = len(layout.labels)
    return rows[:, labels:].reshape(-1, *SHAPE), rows[:, :labels].copy()


def check_files(layout: Layout, place: Path) -> list[Path]:
    """Reads all files of both splits; returns them, or raises DataError for the first thing wrong."""
    for files in layout.files.values():
        for name, records in files.items():
            _read_file(place / name, layout, records)
    return [place / name for name in layout.sizes]


def _read_file(path: Path, layout: Layout, records: int) -> Bytes:
    """One file's records, (records, bytes a record)."""
    record, expected = layout.record, records * layout.record
    again = f"fetch it anew with `tuilab data fetch {layout.name}`"
    try:
        size = path.stat().st_size
        if size != expected:
            end = (
                f"it ends at offset {size:,}" if size < expected else f"it goes on after offset {expected:,}"
            )
            raise DataError(
                f"{path}: {size:,} bytes where {expected:,} belong ({records:,} records "
                f"of {record:,}); {end}; {again}"
            )
        rows = np.fromfile(path, np.uint8).reshape(records, record)
    except FileNotFoundError:
        raise DataError(f"{path}: not there, though its folder is; {again}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it changed while it was read"
        raise DataError(f"{path}: can't be read ({reason})") from None
    for place, names in enumerate(layout.labels):
        wrong = np.flatnonzero(rows[:, place] >= len(names))
        if wrong.size:
            which = int(wrong[0])
            raise DataError(
                f"{path}: damaged at offset {which * record + place:,}, in record {which:,}: its class is "
                f"{rows[which, place]}, classes are 0 to {len(names) - 1}; {again}"
            )
    return rows
