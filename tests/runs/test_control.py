"""What people ask of an engine: every line arrives once, whole, or is refused with why."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuilab.runs import COMMANDS, Command, ControlFile, Run, RunError, State, Summary, create, files


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return create(tmp_path, "bowl", {"kind": "descent"}, {}, "run")


@pytest.fixture
def control(run: Run) -> Any:
    control = ControlFile(run.path / "control")
    yield control
    control.close()


def write(run: Run, *lines: bytes) -> None:
    with (run.path / "control").open("ab") as file:
        file.write(b"".join(line + b"\n" for line in lines))


def asked(commands: list[Command]) -> list[Command]:
    return [{key: value for key, value in command.items() if key != "id"} for command in commands]


def test_commands_arrive_once_whole_and_in_order(run: Run, control: ControlFile) -> None:
    assert control.read() == []
    first = run.send("pause")
    second = run.send("set", key="momentum .5/optimizer.lr", value=0.1)
    assert control.read() == [
        {"id": first, "do": "pause"},
        {"id": second, "do": "set", "key": "momentum .5/optimizer.lr", "value": 0.1},
    ]
    assert control.read() == []
    with (run.path / "control").open("a") as file:
        file.write('{"id": "1", "do": "res')
    assert control.read() == []
    with (run.path / "control").open("a") as file:
        file.write('ume"}\n')
    assert control.read() == [{"id": "1", "do": "resume"}]


@pytest.mark.parametrize(
    ("do", "arguments", "why"),
    [
        ("explode", {}, "there is no such command; there are pause, resume"),
        ("pause", {"for": 3}, "pause takes nothing"),
        ("set", {"key": "a"}, "set takes key and value"),
        ("set", {"key": "a", "value": "big"}, "value of set is to be a number"),
        ("set", {"key": "a", "value": True}, "value of set is to be a number"),
        ("set", {"key": "a", "value": float("nan")}, "value of set is to be a number"),
        ("pace", {"value": 10**400}, "value of pace is to be a number or null"),
        ("set", {"key": 3, "value": 3}, "key of set is to be text"),
        ("patch", {"at": "arms.a", "with": 3}, "with of patch is to be an object"),
        ("patch", {"at": "arms.a", "with": {"betas": [0.9, float("inf")]}}, "with of patch is to be"),
    ],
)
def test_what_is_no_command_is_not_sent(run: Run, do: str, arguments: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        run.send(do, **arguments)
    assert (run.path / "control").read_bytes() == b"\n"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"stop", "it is no JSON"),
        (b"\xff\x00\x1b]52;c;aGk=\x07", "it is no JSON"),
        (b"[" * 60_000, "it is no JSON"),
        (b'["stop"]', "it is no JSON object"),
        (b'{"do": "stop"}', "its id is no text"),
        (b'{"id": 7, "do": "stop"}', "its id is no text"),
        (b'{"id": "%s", "do": "stop"}' % (b"x" * 65), "its id is no text"),
        (b'{"id": "1", "do": {"stop": 1}}', "there is no such command"),
        (b'{"id": "1", "do": "set", "key": "a", "value": Infinity}', "value of set is to be a number"),
        (b'{"id": "1", "do": "set", "key": "a", "value": 1e999}', "value of set is to be a number"),
        (b'{"id": "1", "do": "set", "key": "a", "value": %s}' % (b"9" * 9_999), "it is no JSON"),
        (b"x" * 70_000, "a line of more than 65,536 bytes"),
        (b"x" * 700_000, "a line of more than 65,536 bytes"),
    ],
)
def test_hostile_lines_are_refused_and_the_next_one_is_obeyed(
    run: Run, control: ControlFile, line: bytes, why: str
) -> None:
    write(run, line)
    run.send("stop")
    found: list[Command] = []
    while not found or found[-1].get("do") != "stop":
        found += control.read()
    refused, stop = found
    assert why in refused["why"]
    assert len(refused["command"]) <= 200
    assert asked([stop]) == [{"do": "stop"}]


@given(
    st.lists(st.binary(max_size=300) | st.sampled_from([b"{", b'{"id":"1"', b"null", b"1e999"]), max_size=8)
)
def test_whatever_is_written_between_two_commands_both_arrive(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    run = create(tmp_path_factory.mktemp("runs"), "bowl", {"kind": "descent"}, {})
    control = ControlFile(run.path / "control")
    first = run.send("pause")
    write(run, *lines)
    last = run.send("stop")
    found: list[Command] = []
    while not found or found[-1]["id"] != last:
        found += control.read()
    control.close()
    assert found[0] == {"id": first, "do": "pause"}
    for command in found:
        assert ("why" in command) != ("do" in command)
        assert "why" in command or command["do"] in COMMANDS
        json.dumps(command)


def test_a_file_that_took_the_ones_place_is_read_from_its_start(run: Run, control: ControlFile) -> None:
    path = run.path / "control"
    for _ in range(3):  # the file system likes to give the same number again
        run.send("pause")
        assert asked(control.read()) == [{"do": "pause"}]
        path.unlink()
        assert control.read() == []
        run.send("step")
        assert asked(control.read()) == [{"do": "step"}]
    path.write_bytes(b"")
    assert control.read() == []
    run.send("resume")
    assert asked(control.read()) == [{"do": "resume"}]


def test_a_pipe_or_a_link_in_its_place_is_not_waited_for(run: Run, control: ControlFile) -> None:
    path = run.path / "control"
    path.unlink()
    os.mkfifo(path)
    assert control.read() == []
    with pytest.raises(RunError, match="can't ask the engine"):
        run.send("pause")
    path.unlink()
    path.symlink_to(run.path / "elsewhere")
    with pytest.raises(RunError, match="can't ask the engine"):
        run.send("pause")
    assert not (run.path / "elsewhere").exists()


def test_half_a_command_is_an_error_and_does_not_spoil_the_next(
    run: Run, control: ControlFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as full:
        full.setattr(files.os, "write", lambda fd, data: os.pwrite(fd, data[:9], 1))
        with pytest.raises(RunError, match="No space left on device"):
            run.send("pause")
    run.send("step")
    refused, step = control.read()
    assert refused["why"] == "it is no JSON"
    assert step["do"] == "step"


def test_on_a_full_disk_stop_becomes_a_signal_to_an_engine_here(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[int, int]] = []

    def full(path: Path, data: bytes, flags: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("tuilab.runs.control.write_private", full)
    monkeypatch.setattr("tuilab.runs.folder.os.kill", lambda pid, number: sent.append((pid, number)))
    with pytest.raises(RunError, match="No space left on device"):
        run.send("stop")
    with run.claim():
        with pytest.raises(RunError, match="No space left on device"):
            run.send("stop")  # whoever started the engine is not meant
        host = os.uname().nodename
        Summary(State.RUNNING, host=host, pid=4711).write(run.path)
        run.send("stop")
        with pytest.raises(RunError, match="No space left on device"):
            run.send("pause")
        Summary(State.RUNNING, host="elsewhere", pid=4712).write(run.path)
        with pytest.raises(RunError, match="No space left on device"):
            run.send("stop")
    Summary(State.RUNNING, host=host, pid=4713).write(run.path)
    with pytest.raises(RunError, match="No space left on device"):
        run.send("stop")  # it is gone, and its number may be another's
    assert sent == [(4711, 15)]


FULL = """
import sys
from pathlib import Path
from tuilab.runs import ControlFile, RunError, create
run = create(Path(sys.argv[1]), "bowl", {"kind": "descent"}, {})
with (Path(sys.argv[1]) / "fill").open("wb", buffering=0) as fill:
    try:
        while fill.write(bytes(4096)):
            pass
    except OSError:
        pass
run.send("stop")
print([command["do"] for command in ControlFile(run.path / "control").read()])
try:
    create(Path(sys.argv[1]), "bowl", {"kind": "descent"}, {}, "late")
except RunError as error:
    print(error)
print((Path(sys.argv[1]) / "late").exists())
"""


def test_a_disk_that_is_really_full_still_takes_stop(tmp_path: Path) -> None:
    (tmp_path / "full.py").write_text(FULL)
    (tmp_path / "disk").mkdir()
    inside = 'mount -t tmpfs -o size=256k tmpfs "$1" && exec "$2" "$3" "$1"'
    command = ["unshare", "--mount", "--map-root-user", "sh", "-c", inside, "sh", tmp_path / "disk"]
    if subprocess.run([*command, "true", ""], check=False, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    done = subprocess.run(
        [*command, sys.executable, tmp_path / "full.py"], check=False, capture_output=True, text=True
    )
    assert not done.stderr
    said, sentence, left = done.stdout.splitlines()
    assert said == "['stop']"
    assert "can't write runs there (No space left on device)" in sentence
    assert left == "False", "what can't be made leaves no half of it"
