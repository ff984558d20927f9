"""The writer on a full disk: nothing that was handed over is lost, nothing torn is left behind."""

import errno
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from recording_oracle import check, chunks, play

from tuilab.recording import Recording, Writer

SCRIPT = [
    ("table", ["a", "b"], "float64"),
    ("frame", "h", 1, np.arange(6, dtype=np.float32), {"k": 1}),
    ("many", 0, 500, 1, 3),
    ("flush",),
    ("event", 3, "set", "a", {"lr": 0.1}),
    ("frame", "h", 4, np.arange(6, dtype=np.float32), None),
    ("row", 0, 1, [1.0, float("nan")]),
]


def full(monkeypatch: pytest.MonkeyPatch, code: int, room: int) -> None:
    """Lets writes succeed for so many bytes more, the last of them in part."""
    left = [room]

    def pwritev(fd, pieces, offset):
        data = b"".join(pieces)
        return pwrite(fd, data, offset)

    def pwrite(fd, data, offset):
        taken = bytes(data)[: left[0]]
        if data and not taken:
            raise OSError(code, os.strerror(code))
        left[0] -= len(taken)
        return real(fd, taken, offset)

    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", pwrite)
    monkeypatch.setattr(os, "pwritev", pwritev)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("room", [0, 1, 39, 40, 200])
def test_a_full_disk_loses_nothing(tmp_path, monkeypatch, code, room):
    path = tmp_path / "main.tlr"
    writer = Writer.create(path, {"a": 1}, flush_every=1e9)
    expected = play(writer, SCRIPT, {"a": 1})
    before = path.read_bytes()
    with monkeypatch.context() as patch:
        full(patch, code, room)
        for _ in range(2):
            with pytest.raises(OSError, match=os.strerror(code)) as caught:
                writer.flush()
            assert caught.value.errno == code
            assert path.read_bytes() == before  # the torn tail is cut off
        writer.event(9, "disk-full")
        expected.events.append((9, "disk-full", None, "{}"))
        with pytest.raises(OSError, match=os.strerror(code)):
            writer.close()
    writer.flush()
    with Recording.open(path) as recording:
        check(recording, expected)
        writer.close()
        recording.refresh()
        check(recording, expected)
        assert recording.finished
        assert recording.gaps == []


def test_rows_appended_to_a_full_disk_are_kept(tmp_path, monkeypatch):
    path = tmp_path / "main.tlr"
    writer = Writer.create(path, {}, flush_every=0.0)
    table = writer.table(["a"])
    refused = 0
    with monkeypatch.context() as patch:
        full(patch, errno.ENOSPC, 100)
        for step in range(5000):
            try:
                table.append(step, [step / 2])
            except OSError:
                refused += 1
        with pytest.raises(OSError, match="space"):
            table.extend(np.arange(5000, 10_000), np.arange(5000, 10_000)[:, None] / 2)
    assert refused
    writer.flush()
    with Recording.open(path) as recording:
        steps, values = recording.read("a")
    assert steps.tolist() == list(range(10_000))
    assert (values == steps / 2).all()


@pytest.mark.parametrize("room", [0, 100, 6000])
def test_without_room_to_compact_the_recording_stays_as_it_is(tmp_path, monkeypatch, room):
    path = tmp_path / "main.tlr"
    writer = Writer.create(path, {}, flush_every=1e9)
    expected = play(writer, SCRIPT, {})
    writer.flush()
    before = path.read_bytes()

    class Full:
        def __init__(self, file):
            self.file, self.left = file, room

        def __getattr__(self, name):
            return getattr(self.file, name)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def write(self, data):
            self.left -= len(data)
            if self.left < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return self.file.write(data)

    real = os.fdopen
    monkeypatch.setattr(os, "fdopen", lambda *args, **more: Full(real(*args, **more)))
    writer.close()
    monkeypatch.undo()
    assert path.read_bytes()[: len(before)] == before
    assert [file.name for file in tmp_path.iterdir()] == ["main.tlr"]
    with Recording.open(path) as recording:
        check(recording, expected)
        assert recording.finished


def test_a_real_limit_of_the_system_is_met_like_a_full_disk(tmp_path):
    program = """
        import resource, signal, sys
        from pathlib import Path
        from tuilab.recording import Recording, Writer
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4000, resource.RLIM_INFINITY))
        path = Path(sys.argv[1])
        writer = Writer.create(path, {}, flush_every=1e9)
        table = writer.table(["a"])
        for step in range(1000):
            table.append(step, [step])
        size = path.stat().st_size
        try:
            writer.flush()
        except OSError as error:
            assert path.stat().st_size == size
            resource.setrlimit(resource.RLIMIT_FSIZE, (10**6, resource.RLIM_INFINITY))
            writer.flush()
            print(type(error).__name__, Recording.open(path).last_step)
    """
    done = run(program, tmp_path / "main.tlr")
    assert done.stdout.split() == ["OSError", "999"], done.stderr


def run(program: str, path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(program), str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_small_real_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(disk)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("no right to mount a disk; the same with injected writes runs above")
    try:
        path = disk / "main.tlr"
        writer = Writer.create(path, {}, flush_every=0.0)
        table = writer.table(["a"])
        filler = disk / "filler"
        filler.write_bytes(bytes(60_000))
        appended = 0

        def fill() -> None:
            nonlocal appended
            while True:
                appended += 1
                table.append(appended, [appended])

        with pytest.raises(OSError, match="No space"):
            fill()
        assert len(chunks(path.read_bytes())) > 10
        filler.unlink()
        writer.flush()
        with Recording.open(path) as recording:
            assert recording.read("a")[0].tolist() == list(range(1, appended + 1))
            assert recording.gaps == []
        writer.close()
        with Recording.open(path) as recording:
            assert recording.read("a")[0].tolist() == list(range(1, appended + 1))
    finally:
        subprocess.run(["umount", str(disk)], check=True)
