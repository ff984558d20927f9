"""Fetching from a server of our own, which can be as bad as servers are."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from tests.data.data_files import idx, short, write_idx
from tuilab.data import CIFAR10, SOURCES, DataError, fetch, read_cifar
from tuilab.data.cifar import check_files
from tuilab.data.inventory import inventory
from tuilab.data.sources import Remote, Source

RECORDS = 40
LAYOUT = short(CIFAR10, RECORDS)
FOLDER, RECORD, ALL_FILES = LAYOUT.folder, LAYOUT.record, tuple(LAYOUT.sizes)
NAME = "cifar-10-binary.tar.gz"


def data_files(seed: int = 0) -> dict[str, bytes]:
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 256, (len(ALL_FILES), RECORDS, RECORD), dtype=np.uint8)
    rows[:, :, 0] %= 10
    return {name: rows[k].tobytes() for k, name in enumerate(ALL_FILES)}


def cifar(url: str = "", md5: str = "") -> Source:
    """CIFAR-10 of so few records, from another place."""
    return replace(
        SOURCES["cifar10"],
        remotes=(Remote(url, md5),),
        check=partial(check_files, LAYOUT),
        packed=LAYOUT.sizes,
    )


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
        self.contents: dict[str, bytes] = {}
        self.ranges = True
        self.cut: int | None = None
        self.asked: list[str | None] = []

    def archive(self, md5: str | None = None) -> Source:
        return cifar(self.url(NAME), md5 or hashlib.md5(self.content).hexdigest())

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{name}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers["Range"]
        self.server.asked.append(wanted)
        name = self.path.rpartition("/")[2]
        content, start = self.server.contents.get(name, self.server.content), 0
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


def part_file(home: Path) -> Path:
    return home / f"{FOLDER}.download" / f"{NAME}.part"


def assert_installed(home: Path, files: dict[str, bytes] | None = None) -> None:
    assert sorted(path.name for path in home.iterdir()) == [FOLDER]
    for name, content in (files or data_files()).items():
        assert (home / FOLDER / name).read_bytes() == content


def test_download_verifies_unpacks_and_reports(server: Server, home: Path) -> None:
    told: list[tuple[int, int | None, str]] = []
    found = fetch(server.archive(), None, lambda *what: told.append(what))
    assert found.path == home / FOLDER
    assert found.official
    assert_installed(home)
    assert read_cifar(LAYOUT)[0].shape == (5 * RECORDS, 3, 32, 32)
    for what, size in [
        ("downloading", len(ARCHIVE)),
        ("verifying", len(ARCHIVE)),
        ("unpacking", 6 * RECORDS * RECORD),
    ]:
        assert (size, size, f"{what} {NAME}") in told


def test_what_is_there_and_whole_is_not_fetched_again(server: Server, home: Path) -> None:
    fetch(server.archive())
    assert fetch(server.archive()).official
    assert len(server.asked) == 1
    (home / FOLDER / "data_batch_2.bin").write_bytes(b"torn")
    fetch(server.archive())
    assert_installed(home)


@pytest.mark.parametrize("ranges", [True, False])
def test_a_cut_download_goes_on_where_it_stopped(server: Server, home: Path, ranges: bool) -> None:
    server.ranges, server.cut = ranges, 100_000
    with pytest.raises(DataError, match=r"broke after 100,000 of .* run the same command to go on"):
        fetch(server.archive())
    assert part_file(home).stat().st_size == 100_000
    assert not (home / FOLDER).exists()
    server.cut = None
    fetch(server.archive())
    assert server.asked == [None, "bytes=100000-"]
    assert_installed(home)


def test_a_part_that_is_already_whole_is_used(server: Server, home: Path) -> None:
    part_file(home).parent.mkdir(parents=True)
    part_file(home).write_bytes(ARCHIVE)
    assert fetch(server.archive()).official
    assert_installed(home)


@pytest.mark.parametrize("part", [b"", b"rubbish", b"rubbish" * len(ARCHIVE)])
def test_a_wrong_checksum_says_so_and_keeps_nothing(server: Server, home: Path, part: bytes) -> None:
    if part:
        part_file(home).parent.mkdir(parents=True)
        part_file(home).write_bytes(part)
    md5 = None if part else "0" * 32
    with pytest.raises(DataError, match=r"thrown away, its checksum is \w{32}"):
        fetch(server.archive(md5))
    assert list(home.iterdir()) == []
    fetch(server.archive())
    assert_installed(home)


def test_no_server_is_one_sentence(home: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as closed:
        port = closed.server_port
    with pytest.raises(DataError, match=r"can't be downloaded .*--from"):
        fetch(cifar(f"http://127.0.0.1:{port}/{NAME}", "0" * 32))


def test_an_archive_file_is_verified(server: Server, home: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.tar.gz"
    file.write_bytes(ARCHIVE)
    assert fetch(server.archive(), file).official
    assert_installed(home)
    file.write_bytes(ARCHIVE[:-1])
    with pytest.raises(DataError, match=r"mine.tar.gz: its checksum is"):
        fetch(server.archive(), file)
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
    found = fetch(cifar(), source, lambda done, total, what: told.append(what))
    assert not found.official
    assert any("without the official checksum" in what for what in told)
    assert_installed(home, files)


def test_a_folder_of_something_else_is_refused_and_what_was_there_stays(
    server: Server, home: Path, tmp_path: Path
) -> None:
    fetch(server.archive())
    with pytest.raises(DataError, match="wanted the folder cifar-10-batches-bin"):
        fetch(server.archive(), tmp_path)
    (tmp_path / "data_batch_1.bin").write_bytes(b"short")
    with pytest.raises(DataError, match="5 bytes where"):
        fetch(server.archive(), tmp_path)
    with pytest.raises(DataError, match="no such file or folder"):
        fetch(server.archive(), tmp_path / "missing")
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
        fetch(cifar("", hashlib.md5(content).hexdigest()), file)
    assert list(home.iterdir()) == []
    assert not (tmp_path / "data_batch_1.bin").exists()


def test_a_folder_that_cannot_be_written_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("TUILAB_DATA", str(blocked / "data"))
    with pytest.raises(DataError, match="Not a directory"):
        fetch(cifar(), tmp_path)


def mnist_files() -> dict[str, bytes]:
    """Four gzipped files of 20 and 10 pictures."""
    rng = np.random.default_rng(3)
    made = {}
    for split, count in (("train", 20), ("t10k", 10)):
        made[f"{split}-images-idx3-ubyte.gz"] = idx(rng.integers(0, 256, (count, 28, 28), np.uint8))
        made[f"{split}-labels-idx1-ubyte.gz"] = idx(np.arange(count, dtype=np.uint8) % 10)
    return {name: gzip.compress(content, mtime=0) for name, content in made.items()}


def mnist(server: Server) -> Source:
    server.contents = mnist_files()
    remotes = tuple(
        Remote(server.url(name), hashlib.md5(content).hexdigest()) for name, content in mnist_files().items()
    )
    return replace(SOURCES["fashion-mnist"], remotes=remotes)


def test_four_files_are_verified_and_kept_as_they_come(server: Server, home: Path) -> None:
    source = mnist(server)
    found = fetch(source)
    assert found.official
    assert [path.name for path in home.iterdir()] == ["fashion-mnist"]
    for name, content in mnist_files().items():
        assert (found.path / name).read_bytes() == content
    assert (found.path / "classes.txt").read_text().splitlines()[9] == "Ankle boot"
    assert fetch(source).official
    assert len(server.asked) == 4


def test_a_download_cut_at_the_third_file_asks_for_no_other_again(server: Server, home: Path) -> None:
    source = mnist(server)
    server.contents["t10k-images-idx3-ubyte.gz"] = b"what is not it"
    with pytest.raises(DataError, match=r"t10k-images-idx3-ubyte\.gz: what came was thrown away"):
        fetch(source)
    assert not (home / "fashion-mnist").exists()
    mnist(server)
    fetch(source)
    assert len(server.asked) == 5
    assert [path.name for path in home.iterdir()] == ["fashion-mnist"]


def test_a_folder_of_mnist_is_taken_and_a_file_is_not(server: Server, home: Path, tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    for name, content in mnist_files().items():
        (given / name.removesuffix(".gz")).write_bytes(gzip.decompress(content))
    found = fetch(SOURCES["mnist"], given)
    assert not found.official
    assert len(list(found.path.iterdir())) == 5
    with pytest.raises(DataError, match="MNIST is no archive; wanted a folder with train-images-idx3"):
        fetch(SOURCES["mnist"], given / "train-images-idx3-ubyte")
    (given / "t10k-labels-idx1-ubyte").write_bytes(b"short")
    with pytest.raises(DataError, match="t10k-labels-idx1-ubyte: ends at offset 5, within its header"):
        fetch(SOURCES["mnist"], given)
    assert len(list(found.path.iterdir())) == 5


def test_the_inventory_says_what_is_there_and_what_is_wrong_with_it(server: Server, home: Path) -> None:
    states = {holding.name: holding.state for holding in inventory()}
    assert states["shapes10"] == "built in"
    assert {states[name] for name in SOURCES} == {"missing"}
    fetch(mnist(server))
    (home / CIFAR10.folder).mkdir()
    write_idx(home / "mine", np.zeros((4, 3, 3), np.uint8), np.arange(4, dtype=np.uint8) % 2)
    for name in ("cat", "dog"):
        (home / "pets" / name).mkdir(parents=True)
    (home / "pets" / "cat" / "1.png").write_bytes(b"")
    (home / "notes").mkdir()
    (home / "away").symlink_to(home.parent)
    found = {holding.name: holding for holding in inventory()}
    assert "notes" not in found
    assert found["fashion-mnist"].state == "there"
    assert found["cifar10"].state == "damaged"
    assert "data_batch_1.bin: not there" in found["cifar10"].problem
    assert found["mine"].state == "there"
    assert found["mine"].data == '{ name = "idx", folder = "mine" }'
    assert found["pets"].problem == "no picture in dog"
    assert "leads out of the data folder" in found["away"].problem
