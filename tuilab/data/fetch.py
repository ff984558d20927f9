"""Getting a data set: downloaded and verified, or taken from a file or folder that is here already."""

from __future__ import annotations

import contextlib
import errno
import gzip
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tuilab.data.download import CHUNK, OnProgress, download, verify
from tuilab.data.folder import DataError, folder, refuse_irregular
from tuilab.data.idx import CLASSES
from tuilab.data.sources import Source

_MARK = "archive.md5"
"""A file beside the data with the checksums of the verified files that they came from."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """Where a data set lies, and whether it came out of files with the official checksum."""

    path: Path
    official: bool


def fetch(
    source: Source,
    given: Path | None = None,
    on_progress: OnProgress = lambda done, total, what: None,
) -> Fetched:
    """Puts a data set where scenarios look for it.

    Args:
        source: which, and how to verify it.
        given: its archive, whose checksum is verified, or its folder (or one that holds it), taken as it is:
            sizes and classes are checked, a checksum is not. None downloads, or does nothing if the data are
            there and whole; a broken download goes on where it stopped.
        on_progress: called often enough for a progress bar.

    Raises:
        DataError: it could not be fetched, or is not what it should be; what lay there before is untouched.
    """
    target = folder() / source.folder
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if given is None:
            if not whole(source, target):
                _download(source, target, on_progress)
        elif given.is_dir():
            _take_folder(source, given, target, on_progress)
        elif not given.exists():
            raise DataError(f"{given}: no such file or folder")
        elif source.packed is None:
            names = ", ".join(remote.name for remote in source.remotes)
            raise DataError(f"{given}: {source.title} is no archive; wanted a folder with {names}")
        else:
            archive = source.remotes[0]
            refuse_irregular(given)
            verify(given, archive.md5, on_progress)
            _install(target, lambda staging: _unpack(source, given, staging, on_progress))
    except OSError as error:
        where = error.filename or target.parent
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        needs = f"; fetching {source.title} takes {source.room} of room" if full else ""
        raise DataError(f"{where}: {error.strerror or error}{needs}") from None
    return Fetched(target, (target / _MARK).exists())


def whole(source: Source, place: Path) -> bool:
    """Whether all of a data set lies there undamaged; reads it."""
    try:
        source.check(place)
    except DataError:
        return False
    return True


def _download(source: Source, target: Path, on_progress: OnProgress) -> None:
    """What has come and what is still wanted lie in a folder beside the target until all of it is there."""
    place = target.with_name(f"{target.name}.download")
    place.mkdir(exist_ok=True)
    try:
        came = [_come(remote.url, remote.md5, place, on_progress) for remote in source.remotes]
        if source.packed is not None:
            _install(target, lambda staging: _unpack(source, came[0], staging, on_progress))
        else:
            _install(target, lambda staging: _settle(source, came, staging))
        shutil.rmtree(place)
    finally:
        with contextlib.suppress(OSError):
            place.rmdir()  # if it is empty


def _come(url: str, md5: str, place: Path, on_progress: OnProgress) -> Path:
    """One file: the one that came before the connection broke at another, or downloaded."""
    path = place / url.rpartition("/")[2]
    if path.exists():
        with contextlib.suppress(DataError):
            verify(path, md5, on_progress)
            return path
    return download(url, md5, place, on_progress)


def _take_folder(source: Source, given: Path, target: Path, on_progress: OnProgress) -> None:
    place = given / source.folder if (given / source.folder).is_dir() else given
    if source.packed is not None and not any((place / name).exists() for name in source.packed):
        raise DataError(
            f"{given}: holds no {next(iter(source.packed))}; wanted the folder {source.folder} "
            "(the binary version)"
        )
    files = source.check(place)
    if place.resolve() != target.resolve():
        _install(target, lambda staging: _copy(source, files, staging, on_progress))


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


def _unpack(source: Source, packed: Path, staging: Path, on_progress: OnProgress) -> None:
    """The data files out of a verified archive; whatever else is in it stays there."""
    sizes, what, done = source.packed or {}, f"unpacking {packed.name}", 0
    try:
        with tarfile.open(packed, "r:gz") as tar:
            for member in tar:
                place, _, name = member.name.rpartition("/")
                if place != source.folder or member.size != sizes.get(name):
                    continue
                content = tar.extractfile(member)
                if content is None:
                    continue
                with content, (staging / name).open("wb") as file:
                    while block := content.read(CHUNK):
                        file.write(block)
                        done += len(block)
                        on_progress(done, sum(sizes.values()), what)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{packed}: can't be unpacked ({error})") from None
    if not whole(source, staging):
        raise DataError(f"{packed}: holds no whole {source.folder}; wanted the archive of the binary version")
    _finish(source, staging, official=True)


def _settle(source: Source, came: list[Path], staging: Path) -> None:
    """Verified files, as they came."""
    for path in came:
        shutil.copyfile(path, staging / path.name)
    _finish(source, staging, official=True)


def _copy(source: Source, files: list[Path], staging: Path, on_progress: OnProgress) -> None:
    total, done = sum(path.stat().st_size for path in files), 0
    for path in files:
        shutil.copyfile(path, staging / path.name)
        done += (staging / path.name).stat().st_size
        on_progress(done, total, f"copying {files[0].parent.name}, taken without the official checksum")
    _finish(source, staging, official=False)


def _finish(source: Source, staging: Path, official: bool) -> None:
    if source.classes and not (staging / CLASSES).exists():
        (staging / CLASSES).write_text("\n".join(source.classes) + "\n")
    if official:
        (staging / _MARK).write_text("".join(f"{remote.md5}  {remote.name}\n" for remote in source.remotes))
