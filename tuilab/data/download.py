"""Downloading a file whose checksum is known, going on where a broken download stopped."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from tuilab import __version__
from tuilab.data.folder import DataError

OnProgress = Callable[[int, int | None, str], None]
"""Told how many bytes are done, of how many if that is known, and what is being done."""

CHUNK = 1 << 18
"""Bytes read at a time: small enough for a lively progress bar."""
_PATIENCE = 30.0
"""Seconds without a byte after which a server counts as gone."""


def download(url: str, md5: str, place: Path, on_progress: OnProgress) -> Path:
    """The file at a URL, verified, in the folder `place`.

    What has come lies in a `.part` file until it is whole and verified; the next call goes on from its end.

    Raises:
        DataError: the server can't be reached, the connection broke, or the checksum is wrong (nothing
            is kept of such a file).
        OSError: it can't be written.
    """
    name = url.rpartition("/")[2]
    part = place / f"{name}.part"
    have = part.stat().st_size if part.exists() else 0
    try:
        total = _receive(url, part, have, on_progress)
    except (URLError, HTTPException, ConnectionError, TimeoutError) as error:
        why = getattr(error, "reason", None) or error or type(error).__name__
        raise DataError(f"{url}: can't be downloaded ({why}); {_kept(part)}") from None
    size = part.stat().st_size
    if total is not None and size < total:
        raise DataError(f"{url}: the connection broke after {size:,} of {total:,} bytes; {_kept(part)}")
    try:
        verify(part, md5, on_progress)
    except DataError as error:
        part.unlink()
        raise DataError(f"{url}: what came was thrown away, {str(error).partition(': ')[2]}") from None
    return part.rename(place / name)


def verify(path: Path, md5: str, on_progress: OnProgress) -> None:
    """Raises DataError unless the file has this MD5 checksum (the one that CIFAR-10's page publishes)."""
    digest, done, size = hashlib.md5(usedforsecurity=False), 0, path.stat().st_size
    with path.open("rb") as file:
        while block := file.read(CHUNK):
            digest.update(block)
            done += len(block)
            on_progress(done, size, f"verifying {path.name.removesuffix('.part')}")
    if digest.hexdigest() != md5:
        raise DataError(
            f"{path}: its checksum is {digest.hexdigest()}, the official archive's is {md5}: "
            "it is damaged, or another file"
        )


def _receive(url: str, part: Path, have: int, on_progress: OnProgress) -> int | None:
    """Append what is missing to the part file; returns the whole file's size if the server says it."""
    headers = {"User-Agent": f"tuilab/{__version__}", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        response: HTTPResponse = urlopen(Request(url, headers=headers), timeout=_PATIENCE)
    except HTTPError as error:
        with error:
            if error.code != 416 or not have:
                raise
        # Nothing lies beyond what we have: it is whole, or longer than the file. The checksum will tell.
        return None
    with response:
        if response.status != 206 or not _continues(response, have):
            have = 0  # the server sends the file from its beginning
        length = response.headers.get("Content-Length", "")
        total = have + int(length) if length.isdecimal() else None
        with part.open("ab" if have else "wb") as file:
            while block := response.read(CHUNK):
                file.write(block)
                have += len(block)
                on_progress(have, total, f"downloading {part.name.removesuffix('.part')}")
    return total


def _continues(response: HTTPResponse, have: int) -> bool:
    return response.headers.get("Content-Range", "").startswith(f"bytes {have}-")


def _kept(part: Path) -> str:
    if part.exists() and part.stat().st_size:
        return f"what came so far is kept in {part}: run the same command to go on"
    return "is there a network? An archive or folder you have can be given with --from"
