"""The writer: what it refuses, being killed, being followed by another process."""

import errno
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from recording_oracle import second_reading

from tuilab.recording import Recording, RecordingError, Writer, compact

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
    for name in ("output", "table", "writer"):
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
