"""Fetching from a server of our own, which can be as bad as servers are."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from tuilab.data import DataError, fetch_cifar10, read_cifar10
from tuilab.data.cifar10 import ALL_FILES, FOLDER, RECORD
from tuilab.data.fetch import Archive

RECORDS = 40
NAME = "cifar-10-binary.tar.gz"


def data_files(seed: int = 0) -> dict[str, bytes]:
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 256, (len(ALL_FILES), RECORDS, RECORD), dtype=np.uint8)
    rows[:, :, 0] %= 10
    return {name: rows[k].tobytes() for k, name in enumerate(ALL_FILES)}


def packed(files: dict[str, bytes], prefix: str = FOLDER + "/") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(prefix + name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


ARCHIVE = packed(data_files())


class Server(ThreadingHTTPServer):
    """Serves one archive, with or without ranges, and hangs up after `cut` bytes if told to."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = ARCHIVE
        self.ranges = True
        self.cut: int | None = None
        self.asked: list[str | None] = []

    def archive(self, md5: str | None = None) -> Archive:
        md5 = md5 or hashlib.md5(self.content).hexdigest()
        return Archive(f"http://127.0.0.1:{self.server_port}/{NAME}", md5, RECORDS)


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers["Range"]
        self.server.asked.append(wanted)
        content, start = self.server.content, 0
        if wanted and self.server.ranges:
            start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])
            if start >= len(content):
                self.send_error(416)
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start : self.server.cut])

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "data"
    monkeypatch.setenv("TUILAB_DATA", str(home))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return home


def assert_installed(home: Path, files: dict[str, bytes] | None = None) -> None:
    assert sorted(path.name for path in home.iterdir()) == [FOLDER]
    for name, content in (files or data_files()).items():
        assert (home / FOLDER / name).read_bytes() == content


def test_download_verifies_unpacks_and_reports(server: Server, home: Path) -> None:
    told: list[tuple[int, int | None, str]] = []
    found = fetch_cifar10(None, lambda *what: told.append(what), server.archive())
    assert found.path == home / FOLDER
    assert found.official
    assert_installed(home)
    assert read_cifar10("train", records=RECORDS)[0].shape == (5 * RECORDS, 3, 32, 32)
    for what, size in [
        ("downloading", len(ARCHIVE)),
        ("verifying", len(ARCHIVE)),
        ("unpacking", 6 * RECORDS * RECORD),
    ]:
        assert (size, size, f"{what} {NAME}") in told


def test_what_is_there_and_whole_is_not_fetched_again(server: Server, home: Path) -> None:
    fetch_cifar10(archive=server.archive())
    assert fetch_cifar10(archive=server.archive()).official
    assert len(server.asked) == 1
    (home / FOLDER / "data_batch_2.bin").write_bytes(b"torn")
    fetch_cifar10(archive=server.archive())
    assert_installed(home)


@pytest.mark.parametrize("ranges", [True, False])
def test_a_cut_download_goes_on_where_it_stopped(server: Server, home: Path, ranges: bool) -> None:
    server.ranges, server.cut = ranges, 100_000
    with pytest.raises(DataError, match=r"broke after 100,000 of .* run the same command to go on"):
        fetch_cifar10(archive=server.archive())
    assert (home / f"{NAME}.part").stat().st_size == 100_000
    assert not (home / FOLDER).exists()
    server.cut = None
    fetch_cifar10(archive=server.archive())
    assert server.asked == [None, "bytes=100000-"]
    assert_installed(home)


def test_a_part_that_is_already_whole_is_used(server: Server, home: Path) -> None:
    home.mkdir()
    (home / f"{NAME}.part").write_bytes(ARCHIVE)
    assert fetch_cifar10(archive=server.archive()).official
    assert_installed(home)


@pytest.mark.parametrize("part", [b"", b"rubbish", b"rubbish" * len(ARCHIVE)])
def test_a_wrong_checksum_says_so_and_keeps_nothing(server: Server, home: Path, part: bytes) -> None:
    if part:
        home.mkdir()
        (home / f"{NAME}.part").write_bytes(part)
    md5 = None if part else "0" * 32
    with pytest.raises(DataError, match=r"thrown away, its checksum is \w{32}"):
        fetch_cifar10(archive=server.archive(md5))
    assert list(home.iterdir()) == []
    fetch_cifar10(archive=server.archive())
    assert_installed(home)


def test_no_server_is_one_sentence(home: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as closed:
        port = closed.server_port
    with pytest.raises(DataError, match=r"can't be downloaded .*--from"):
        fetch_cifar10(archive=Archive(f"http://127.0.0.1:{port}/{NAME}", "0" * 32))


def test_an_archive_file_is_verified(server: Server, home: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.tar.gz"
    file.write_bytes(ARCHIVE)
    assert fetch_cifar10(file, archive=server.archive()).official
    assert_installed(home)
    file.write_bytes(ARCHIVE[:-1])
    with pytest.raises(DataError, match=r"mine.tar.gz: its checksum is"):
        fetch_cifar10(file, archive=server.archive())
    assert_installed(home)
    assert server.asked == []


@pytest.mark.parametrize("inside", [True, False])
def test_a_folder_is_taken_without_the_checksum_and_says_so(home: Path, tmp_path: Path, inside: bool) -> None:
    given = tmp_path / "given" / FOLDER
    given.mkdir(parents=True)
    files = data_files(1)
    for name, content in files.items():
        (given / name).write_bytes(content)
    told: list[str] = []
    source = given.parent if inside else given
    found = fetch_cifar10(source, lambda done, total, what: told.append(what), Archive("", "", RECORDS))
    assert not found.official
    assert any("without the official checksum" in what for what in told)
    assert_installed(home, files)


def test_a_folder_of_something_else_is_refused_and_what_was_there_stays(
    server: Server, home: Path, tmp_path: Path
) -> None:
    fetch_cifar10(archive=server.archive())
    with pytest.raises(DataError, match="wanted the folder cifar-10-batches-bin"):
        fetch_cifar10(tmp_path, archive=server.archive())
    (tmp_path / "data_batch_1.bin").write_bytes(b"short")
    with pytest.raises(DataError, match="5 bytes where"):
        fetch_cifar10(tmp_path, archive=server.archive())
    with pytest.raises(DataError, match="no such file or folder"):
        fetch_cifar10(tmp_path / "missing", archive=server.archive())
    assert_installed(home)


@pytest.mark.parametrize(
    "content",
    [
        b"not an archive at all",
        ARCHIVE[: len(ARCHIVE) // 2],
        packed(data_files(), prefix="../"),
        packed({name: content[:-1] for name, content in data_files().items()}),
        packed({name: content for name, content in data_files().items() if name != "test_batch.bin"}),
    ],
    ids=["no archive", "torn", "outside", "short", "incomplete"],
)
def test_an_archive_of_something_else_leaves_nothing(home: Path, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "odd.tar.gz"
    file.write_bytes(content)
    with pytest.raises(DataError, match=r"odd\.tar\.gz: (can't be unpacked|holds no whole)"):
        fetch_cifar10(file, archive=Archive("", hashlib.md5(content).hexdigest(), RECORDS))
    assert list(home.iterdir()) == []
    assert not (tmp_path / "data_batch_1.bin").exists()


def test_a_folder_that_cannot_be_written_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("TUILAB_DATA", str(blocked / "data"))
    with pytest.raises(DataError, match="Not a directory"):
        fetch_cifar10(tmp_path)
