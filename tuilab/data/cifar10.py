"""CIFAR-10 in its binary layout (Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009).

Five files of training pictures and one of test pictures. A record is one byte for the class, 0 to 9, and
3,072 for the picture: its red, green and blue plane, each of 32 rows of 32 pixels.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from tuilab.data.folder import DataError, folder

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
FOLDER = "cifar-10-batches-bin"
RECORD = 1 + 3 * 32 * 32
"""Bytes a record."""
RECORDS = 10_000
"""Records a file."""
FILES = {"train": tuple(f"data_batch_{k}.bin" for k in range(1, 6)), "test": ("test_batch.bin",)}
ALL_FILES = FILES["train"] + FILES["test"]

_AGAIN = "fetch it anew with `tuilab data fetch cifar10`"

Bytes = npt.NDArray[np.uint8]


def read_cifar10(
    split: Literal["train", "test"] = "train", place: Path | None = None, records: int = RECORDS
) -> tuple[Bytes, Bytes]:
    """The pictures, (n, 3, 32, 32) uint8, and their classes, (n,) uint8.

    Args:
        split: 50,000 training or 10,000 test pictures.
        place: the folder `cifar-10-batches-bin`; where `tuilab data fetch` puts it by default.
        records: records a file.

    Raises:
        DataError: a file is missing, of another size, or holds what is no class.
    """
    place = place or folder() / FOLDER
    if not place.is_dir():
        raise DataError(
            f"CIFAR-10 is not in {place.parent}: run `tuilab data fetch cifar10` (with --from FILE_OR_FOLDER "
            "if you have it already), or train offline on the embedded pictures with `-s data.name=shapes10`"
        )
    parts = [_read_file(place / name, records) for name in FILES[split]]
    rows = np.concatenate(parts)
    return rows[:, 1:].reshape(-1, 3, 32, 32), rows[:, 0].copy()


def check_files(place: Path, records: int = RECORDS) -> None:
    """Reads all six files; raises DataError for the first thing wrong."""
    for name in ALL_FILES:
        _read_file(place / name, records)


def _read_file(path: Path, records: int) -> Bytes:
    """One file's records, (records, 3073)."""
    expected = records * RECORD
    try:
        size = path.stat().st_size
        if size != expected:
            end = (
                f"it ends at offset {size:,}" if size < expected else f"it goes on after offset {expected:,}"
            )
            raise DataError(
                f"{path}: {size:,} bytes where {expected:,} belong ({records:,} records "
                f"of {RECORD:,}); {end}; {_AGAIN}"
            )
        rows = np.fromfile(path, np.uint8).reshape(records, RECORD)
    except FileNotFoundError:
        raise DataError(f"{path}: not there, though its folder is; {_AGAIN}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it changed while it was read"
        raise DataError(f"{path}: can't be read ({reason})") from None
    wrong = np.flatnonzero(rows[:, 0] > 9)
    if wrong.size:
        record = int(wrong[0])
        raise DataError(
            f"{path}: damaged at offset {record * RECORD:,}, where record {record:,} begins: its class is "
            f"{rows[record, 0]}, classes are 0 to 9; {_AGAIN}"
        )
    return rows
