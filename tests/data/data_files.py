"""Small data sets in the formats of large ones, for the tests beside."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np

from tuilab.data.cifar import Layout

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def short(layout: Layout, records: int) -> Layout:
    """The layout with so few records a file."""
    files = {split: dict.fromkeys(names, records) for split, names in layout.files.items()}
    return replace(layout, files=files)


def idx(array: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    return header + array.tobytes()


def write_idx(
    place: Path, pictures: np.ndarray, labels: np.ndarray, packed: bool = False, prefix: str = ""
) -> Path:
    """A folder of training pictures in MNIST's format."""
    place.mkdir(parents=True, exist_ok=True)
    for name, array in ((IMAGES, pictures), (LABELS, labels)):
        content = gzip.compress(idx(array), mtime=0) if packed else idx(array)
        (place / (prefix + name + ".gz" * packed)).write_bytes(content)
    return place
