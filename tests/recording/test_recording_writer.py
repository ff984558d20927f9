"""The writer: what it refuses, a full disk, being killed, being followed by another process."""

import errno
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from recording_oracle import check, chunks, play, second_reading

from tuilab.recording import Recording, RecordingError, Writer, compact

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

    real = Path.open
    monkeypatch.setattr(Path, "open", lambda self, *args, **more: Full(real(self, *args, **more)))
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


WRITES = """
    import sys
    from pathlib import Path
    from tuilab.recording import Writer
    writer = Writer.create(Path(sys.argv[1]), {"of": "a child"}, flush_every=0.001)
    table = writer.table(["a", "b"], "float32")
    for step in range(int(sys.argv[2])):
        table.append(step, [step, -step])
        if step % 10 == 0:
            writer.frame("f", step, __import__("numpy").full(50, step))
        if step % 1000 == 0:
            writer.flush()
            print(step, flush=True)
    writer.close()
    print("closed", flush=True)
"""


def child(path: Path, steps: int) -> subprocess.Popen[str]:
    """Another process that writes a recording, and says what it has flushed."""
    command = [sys.executable, "-c", textwrap.dedent(WRITES), str(path), str(steps)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_killed_writer_loses_at_most_what_was_not_flushed(tmp_path):
    for turn in range(3):
        path = tmp_path / f"{turn}.tlr"
        with child(path, 10**9) as process:
            for _ in range(turn * 7 + 1):
                flushed = int(process.stdout.readline())
            process.send_signal(signal.SIGKILL)
            process.wait()
        with Recording.open(path) as recording:
            assert not recording.finished
            assert recording.gaps == []
            steps, values = recording.read("b")
            assert steps.tolist() == list(range(len(steps)))
            assert len(steps) > flushed
            assert (values == -steps).all()
            assert recording.frame_steps("f").tolist()[: flushed // 10] == list(range(0, flushed, 10))
            assert (recording.frame("f", flushed).array == flushed).all()


def test_reading_while_another_process_writes(tmp_path):
    path = tmp_path / "main.tlr"
    with child(path, 60_000) as process:
        assert process.stdout.readline() == "0\n"
        seen = 0
        with Recording.open(path) as recording:
            while not recording.finished:
                recording.refresh()
                steps, values = recording.read("a")
                assert steps.tolist() == list(range(len(steps)))
                assert (values == steps).all()
                assert len(steps) >= seen
                seen = len(steps)
                frame = recording.frame("f", recording.last_step)
                assert (frame.array == frame.step).all()
                assert recording.gaps == []
                if not steps.size:
                    continue
                assert recording.at("b", recording.last_step) == -steps[-1]
            assert seen == 60_000
            assert recording.frame_steps("f").tolist() == list(range(0, 60_000, 10))
        assert process.wait() == 0


def test_a_recording_is_never_written_over(tmp_path):
    path = tmp_path / "main.tlr"
    path.write_text("precious")
    with pytest.raises(FileExistsError, match=r"main\.tlr"):
        Writer.create(path, {})
    assert path.read_text() == "precious"
    with pytest.raises(ValueError, match="JSON"):
        Writer.create(tmp_path / "other.tlr", {"a": object()})
    with pytest.raises(OSError, match="missing"):
        Writer.create(tmp_path / "missing" / "main.tlr", {})
    assert [file.name for file in tmp_path.iterdir()] == ["main.tlr"]


def test_a_file_system_without_hard_links_will_do(tmp_path, monkeypatch):
    def refuse(self, target):
        raise PermissionError(errno.EPERM, "no links here")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    writer = Writer.create(tmp_path / "main.tlr", {"a": 1})
    writer.close()
    assert [file.name for file in tmp_path.iterdir()] == ["main.tlr"]
    assert second_reading(tmp_path / "main.tlr").header == {"a": 1}


def test_what_cannot_be_recorded_is_refused_and_changes_nothing(tmp_path):
    path = tmp_path / "main.tlr"
    writer = Writer.create(path, {}, flush_every=1e9)
    table = writer.table(["a", "b"])
    table.append(5, [1, 2])
    refused = [
        lambda: table.append(5, [1, 2]),
        lambda: table.append(2**62, [1, 2]),
        lambda: table.append(6, [1]),
        lambda: table.append(6, np.zeros((2, 2))),
        lambda: table.append(6, ["x", "y"]),
        lambda: table.extend(np.array([7, 6]), np.zeros((2, 2))),
        lambda: table.extend(np.array([5, 6]), np.zeros((2, 2))),
        lambda: table.extend(np.array([6, 7]), np.zeros((2, 3))),
        lambda: table.extend(np.array([6.5]), np.zeros((1, 2))),
        lambda: writer.table([]),
        lambda: writer.table(["a", "a"]),
        lambda: writer.table(["a"], "int8"),
        lambda: writer.frame("f", 0, np.array([object()])),
        lambda: writer.frame("f", 0, np.array([1 + 2j])),
        lambda: writer.frame("f", 0, np.zeros((1,) * 9)),
        lambda: writer.frame("f", -1, np.zeros(1)),
        lambda: writer.frame("f", 0, np.zeros(1), {"a": object()}),
        lambda: writer.event(-1, "set"),
        lambda: writer.event(1, "set", value=object()),
        lambda: writer.event(1, 3),
        lambda: writer.event(1, "set", 3),
    ]
    for attempt in refused:
        with pytest.raises(ValueError, match=r".{10}"):
            attempt()
    with pytest.raises(TypeError):
        table.append(6.5, [1, 2])
    table.append(6, [3, 4])
    writer.frame("f", 0, np.zeros(1))
    with pytest.raises(ValueError, match="increase"):
        writer.frame("f", 0, np.zeros(1))
    writer.close()
    writer.close()
    for attempt in (
        lambda: table.append(9, [1, 2]),
        lambda: table.extend(np.array([10]), np.zeros((1, 2))),
        lambda: writer.frame("f", 9, np.zeros(1)),
        lambda: writer.event(9, "set"),
        lambda: writer.table(["c"]),
        writer.flush,
        writer.poll,
    ):
        with pytest.raises(ValueError, match="closed"):
            attempt()
    with Recording.open(path) as recording:
        assert recording.read("b")[0].tolist() == [5, 6]
        assert recording.read("b")[1].tolist() == [2, 4]
        assert recording.frames() == ["f"]
        assert recording.frame_steps("f").tolist() == [0]
        assert recording.events() == []


def test_appending_flushes_by_itself_when_it_is_time(tmp_path, monkeypatch):
    now = [100.0]
    for name in ("table", "writer"):
        monkeypatch.setattr(f"tuilab.recording.{name}.monotonic", lambda: now[0])
    path = tmp_path / "main.tlr"
    writer = Writer.create(path, {}, flush_every=0.05)
    table = writer.table(["a"])
    with Recording.open(path) as recording:
        table.append(0, [0])
        recording.refresh()
        assert recording.last_step == -1
        now[0] += 0.06
        table.append(1, [1])
        recording.refresh()
        assert recording.last_step == 1
        writer.event(2, "set")
        now[0] += 0.04
        writer.poll()
        assert not recording.refresh()
        now[0] += 0.02
        writer.poll()
        assert recording.refresh()
        assert recording.last_step == 2


def test_numbers_of_numpy_are_numbers_in_json(tmp_path):
    writer = Writer.create(tmp_path / "main.tlr", {"seed": np.int64(3)})
    writer.frame("h", 0, np.zeros(2), {"low": np.array([0.5, 1.0])})
    writer.event(0, "set", value=np.float32(0.5))
    writer.close()
    with Recording.open(tmp_path / "main.tlr") as recording:
        assert recording.header == {"seed": 3}
        assert recording.frame("h", 0).meta == {"low": [0.5, 1.0]}
        assert recording.events()[0].data == {"value": 0.5}


class Interrupt(BaseException):
    """What a signal's handler raises."""


def test_an_interrupted_append_adds_all_of_a_row_or_nothing(tmp_path):
    path = tmp_path / "main.tlr"
    writer = Writer.create(path, {}, flush_every=1e9)
    table = writer.table(["a"])
    calls = [0]

    def interrupt(frame, event, arg):
        calls[0] += frame.f_code.co_name == "append"
        if calls[0] and event == "line" and calls[0] > turn:
            raise Interrupt
        return interrupt

    whole = 0
    for turn in range(1, 20):
        table.append(turn * 10, [turn * 10.0])
        whole += 1
        calls[0] = 0
        sys.settrace(interrupt)
        try:
            table.append(turn * 10 + 5, [turn * 10 + 5.0])
            whole += 1
        except Interrupt:
            pass
        finally:
            sys.settrace(None)
    writer.close()
    with Recording.open(path) as recording:
        steps, values = recording.read("a")
    assert (steps == values).all()
    assert len(steps) >= whole


def test_compacting_what_is_no_recording_leaves_it(tmp_path):
    path = tmp_path / "main.tlr"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(RecordingError):
        compact.compact(path)
    assert path.read_bytes() == b"nothing of the kind"
    assert [file.name for file in tmp_path.iterdir()] == ["main.tlr"]
