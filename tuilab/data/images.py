"""A folder of pictures, a folder a class: `CLASS/*.png`, `*.jpg` and what else Pillow reads.

The shorter side of each picture is brought to the wanted size and the middle of the longer one is kept. What
comes of it is written beside the data as one `.npy` file, so only the first start reads the pictures
themselves; the file's name says from which pictures, of what sizes and times, it was made.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tuilab.data.folder import DataError, folder, refuse_outside
from tuilab.data.memory import refuse_too_large

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})
CACHE = ".cache"
"""The folder of the `.npy` files, in the data folder."""

_MOST_PIXELS = 25_000_000
"""In one picture: a small file can claim any size, and unpacked a pixel takes four bytes, twice over."""
_LARGE = 4_000_000
"""Pixels from which pictures are read one at a time, by the thread that asked for all of them."""

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Labelled:
    """Pictures and their classes."""

    pictures: Bytes
    """(n, size, size, 3), or (n, size, size, 1) in grey."""
    labels: npt.NDArray[np.int64]
    """(n,)"""
    classes: tuple[str, ...]
    """The class folders' names, sorted."""


def read_images(place: Path, size: int, grey: bool = False) -> Labelled:
    """All pictures of a folder, in the order of their classes' and then of their own names.

    Args:
        place: the folder.
        size: pixels along a side.
        grey: one channel instead of three.

    Raises:
        DataError: Pillow is missing, there are no two classes, a class is empty, a picture can't be read or
            lies elsewhere, or they are too large for the memory.
    """
    classes = find_images(place)
    if len(classes) < 2:
        held = f"only {next(iter(classes))}" if classes else "nothing of the kind"
        raise DataError(
            f"{place}: wants a folder of pictures for each of at least two classes, and holds {held}"
        )
    for name, files in classes.items():
        if not files:
            raise DataError(
                f"{place / name}: an empty class, no picture in it ({', '.join(sorted(ENDINGS))})"
            )
    paths = [path for files in classes.values() for path in files]
    labels = np.repeat(np.arange(len(classes)), [len(files) for files in classes.values()])
    shape = (size, size, 1 if grey else 3)
    refuse_too_large(str(place), len(paths), shape, f"a smaller data.size than {size} would help")
    cache = _cache(place, paths, shape)
    pictures = _cached(cache, (len(paths), *shape))
    if pictures is None:
        pictures = _decode(paths, shape)
        _keep(cache, pictures)
    return Labelled(pictures, labels, tuple(classes))


def find_images(place: Path) -> dict[str, list[Path]]:
    """The classes of a folder and the pictures of each, all sorted; hidden and other files are left out.

    Raises:
        DataError: it can't be listed, or a link in it leads out of the data folder.
    """
    try:
        return {
            entry.name: [Path(file.path) for file in _entries(Path(entry.path), place) if _pictures(file)]
            for entry in _entries(place, place)
            if entry.is_dir()
        }
    except OSError as error:
        raise DataError(f"{error.filename or place}: can't be read ({error.strerror})") from None


def _entries(place: Path, root: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(place) as found:
        for entry in sorted(found, key=lambda entry: entry.name):
            if entry.name.startswith("."):
                continue
            if entry.is_symlink():
                refuse_outside(Path(entry.path), root)
            yield entry


def _pictures(entry: os.DirEntry[str]) -> bool:
    return entry.is_file() and Path(entry.name).suffix.lower() in ENDINGS


def _cache(place: Path, paths: list[Path], shape: tuple[int, ...]) -> Path:
    """Where these pictures' bytes are kept."""
    digest = hashlib.sha256()
    for path in paths:
        facts = path.stat()
        digest.update(
            f"{path.relative_to(place)}\0{facts.st_size}\0{facts.st_mtime_ns}\n".encode("utf-8", "replace")
        )
    sides = "x".join(str(side) for side in shape)
    return folder() / CACHE / f"{place.name}.{sides}.{digest.hexdigest()[:24]}.npy"


def _cached(cache: Path, shape: tuple[int, ...]) -> Bytes | None:
    try:
        # Mapped, so that what a damaged file claims to hold is not allocated.
        pictures = np.load(cache, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError, SyntaxError):
        return None  # not there, or damaged: it is made again
    if not isinstance(pictures, np.ndarray) or pictures.shape != shape or pictures.dtype != np.uint8:
        return None
    return np.array(pictures)


def _keep(cache: Path, pictures: Bytes) -> None:
    """Write what was read and drop what it replaces; where that can't be, the next start reads again."""
    with contextlib.suppress(OSError):
        cache.parent.mkdir(exist_ok=True)
        handle, part = tempfile.mkstemp(dir=cache.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                np.save(file, pictures, allow_pickle=False)
            Path(part).replace(cache)
        finally:
            Path(part).unlink(missing_ok=True)
        stem = ".".join(cache.name.split(".")[:-2])
        for old in cache.parent.iterdir():
            if old != cache and old.name.startswith(stem + ".") and old.suffix == ".npy":
                old.unlink()


def _decode(paths: list[Path], shape: tuple[int, ...]) -> Bytes:
    try:
        from PIL import Image
    except ImportError:
        raise DataError(
            "folders of pictures want Pillow, which is not installed: `pip install 'tuilab[images]'`"
        ) from None
    pictures = np.empty((len(paths), *shape), np.uint8)
    with warnings.catch_warnings(), ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        warnings.simplefilter("ignore")  # Pillow's, of odd palettes and of sizes that are refused below
        Image.init()
        try:
            small = pool.map(lambda path, into: _read(path, into, _LARGE), paths, pictures)
            for path, into, is_read in zip(paths, pictures, small, strict=True):
                if not is_read:
                    _read(path, into)
        except DataError:
            pool.shutdown(cancel_futures=True)
            raise
    return pictures


def _read(path: Path, into: Bytes, most: int = _MOST_PIXELS) -> bool:
    """Read one picture into (size, size, channels) and return True, unless it has more pixels than `most`."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            pixels = image.width * image.height
            if pixels > _MOST_PIXELS:
                raise ValueError(
                    f"it claims {image.width:,} × {image.height:,} pixels; "
                    f"at most {_MOST_PIXELS // 1_000_000} million are read"
                )
            if pixels <= most:
                into[...] = _fitted(image, into.shape)
            return pixels <= most
    except MemoryError:
        raise DataError(f"{path}: not enough memory to read this picture") from None
    except Exception as error:  # decoders of damaged files raise whatever they stumble over
        reason = (
            "no format that Pillow knows" if type(error).__name__ == "UnidentifiedImageError" else str(error)
        )
        raise DataError(f"{path}: can't be read as a picture ({reason or type(error).__name__})") from None


def _fitted(image: Any, shape: tuple[int, ...]) -> Bytes:
    """An opened picture upright, cut to its middle and brought to (size, size, channels)."""
    from PIL import Image, ImageOps

    size, mode = (shape[1], shape[0]), "L" if shape[2] == 1 else "RGB"
    image.draft(mode, (2 * size[0], 2 * size[1]))  # lets JPEG decode a large picture small
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode.startswith("I"):  # 16 bits a pixel, which Pillow would clip
        image = Image.fromarray((np.asarray(image).clip(0, 0xFFFF) >> 8).astype(np.uint8))
    if "transparency" in image.info:
        image = image.convert("RGBA")
    fitted = ImageOps.fit(image if image.mode == mode else image.convert(mode), size)
    return np.asarray(fitted, np.uint8).reshape(shape)
