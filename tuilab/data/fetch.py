"""Getting CIFAR-10: downloaded and verified, or taken from a file or folder that is here already."""

from __future__ import annotations

import errno
import gzip
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tuilab.data.cifar10 import ALL_FILES, FOLDER, RECORD, RECORDS, check_files
from tuilab.data.download import CHUNK, OnProgress, download, verify
from tuilab.data.folder import DataError, folder

_MARK = "archive.md5"
"""A file beside the data that says which verified archive they came from."""


@dataclass(frozen=True, slots=True)
class Archive:
    """A packed data set: where it is and how to know it."""

    url: str
    md5: str
    records: int = RECORDS


OFFICIAL = Archive(
    "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530"
)


@dataclass(frozen=True, slots=True)
class Fetched:
    """Where a data set lies, and whether it came out of an archive with the official checksum."""

    path: Path
    official: bool


def fetch_cifar10(
    source: Path | None = None,
    on_progress: OnProgress = lambda done, total, what: None,
    archive: Archive = OFFICIAL,
) -> Fetched:
    """Puts CIFAR-10 where scenarios look for it.

    Args:
        source: an archive file, whose checksum is verified, or a folder `cifar-10-batches-bin` (or one that
            holds it), taken as it is: file sizes and classes are checked, a checksum is not. None downloads,
            or does nothing if the data are there and whole; a broken download goes on where it stopped.
        on_progress: called often enough for a progress bar.
        archive: what to download and verify against.

    Raises:
        DataError: it could not be fetched, or is not what it should be; what lay there before is untouched.
    """
    target = folder() / FOLDER
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if source is None:
            if not _whole(target, archive.records):
                packed = download(archive.url, archive.md5, target.parent, on_progress)
                _install(target, lambda staging: _unpack(packed, staging, archive, on_progress))
                packed.unlink()
        elif source.is_dir():
            given = source / FOLDER if (source / FOLDER).is_dir() else source
            if not (given / ALL_FILES[0]).exists():
                raise DataError(
                    f"{source}: holds no {ALL_FILES[0]}; wanted the folder {FOLDER} (the binary version)"
                )
            check_files(given, archive.records)
            if given.resolve() != target.resolve():
                _install(target, lambda staging: _copy(given, staging, on_progress))
        elif source.exists():
            verify(source, archive.md5, on_progress)
            _install(target, lambda staging: _unpack(source, staging, archive, on_progress))
        else:
            raise DataError(f"{source}: no such file or folder")
    except OSError as error:
        where = error.filename or target.parent
        needs = (
            "; fetching CIFAR-10 takes 350 MB of room" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
        )
        raise DataError(f"{where}: {error.strerror or error}{needs}") from None
    return Fetched(target, (target / _MARK).exists())


def _whole(place: Path, records: int) -> bool:
    try:
        check_files(place, records)
    except DataError:
        return False
    return True


def _install(target: Path, fill: Callable[[Path], None]) -> None:
    """Fill a folder beside the target and put it in the target's place once it is whole."""
    staging = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=target.parent))
    try:
        fill(staging)
        staging.chmod(0o755)
        if target.exists():
            shutil.rmtree(target)
        staging.rename(target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _unpack(packed: Path, staging: Path, archive: Archive, on_progress: OnProgress) -> None:
    """The six data files out of a verified archive; whatever else is in it stays there."""
    size, what = archive.records * RECORD, f"unpacking {packed.name}"
    done = 0
    try:
        with tarfile.open(packed, "r:gz") as tar:
            for member in tar:
                place, _, name = member.name.rpartition("/")
                if place != FOLDER or name not in ALL_FILES or member.size != size:
                    continue
                content = tar.extractfile(member)
                if content is None:
                    continue
                with content, (staging / name).open("wb") as file:
                    while block := content.read(CHUNK):
                        file.write(block)
                        done += len(block)
                        on_progress(done, size * len(ALL_FILES), what)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{packed}: can't be unpacked ({error})") from None
    if not _whole(staging, archive.records):
        raise DataError(f"{packed}: holds no whole {FOLDER}; wanted the archive of the binary version")
    (staging / _MARK).write_text(archive.md5 + "\n")


def _copy(given: Path, staging: Path, on_progress: OnProgress) -> None:
    total = sum((given / name).stat().st_size for name in ALL_FILES)
    done = 0
    for name in ALL_FILES:
        shutil.copyfile(given / name, staging / name)
        done += (staging / name).stat().st_size
        on_progress(done, total, f"copying {given.name}, taken without the official checksum")
