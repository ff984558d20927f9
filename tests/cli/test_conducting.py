"""Engines that commands run: what they leave behind, and how they end when nobody waits for them any more."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tuilab.prepare import prepare
from tuilab.runs import Run, State

BOWL = """
kind = "descent"
title = "Bowl"
question = "How fast?"
steps = 1000000000
surface = { name = "quadratic", condition_number = 10 }
[arms.sgd]
start = [2, 1]
optimizer = { name = "sgd", lr = 0.1 }
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a scenario, to stand in; engines that a failed test has left are stopped."""
    (tmp_path / "bowl.toml").write_text(BOWL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TUILAB_RUNS", str(tmp_path / "runs"))
    yield tmp_path
    for path in (tmp_path / "runs").glob("*"):
        Run(path).send("stop")


def tuilab(*words: str) -> tuple[int, str]:
    """The exit code and all that is said."""
    done = subprocess.run(
        [sys.executable, "-m", "tuilab", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    assert "Traceback" not in done.stdout
    return done.returncode, done.stdout


def until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.01)


def started(run: Run) -> bool:
    return (run.path / "run.json").exists() and run.state() is State.RUNNING


def test_a_resume_that_fails_removes_nothing(place: Path) -> None:
    run = prepare(place / "bowl.toml", name="run", device="cpu", threads=1, pace=50)
    (run.path / "checkpoints" / "000000007").mkdir(parents=True)
    (run.path / "notes.txt").write_text("mine")
    facts = json.loads((run.path / "run.json").read_text())
    facts["options"]["device"] = "cuda:99"
    (run.path / "run.json").write_text(json.dumps(facts))
    before = set(run.path.rglob("*"))
    for detached in ((), ("--detach",)):
        code, said = tuilab("resume", "run", *detached)
        assert (code, "use --device cpu or auto" in said) == (2, True), said
        assert before <= set(run.path.rglob("*"))
    code, said = tuilab("resume", str(run.path))
    assert code == 2
    assert before <= set(run.path.rglob("*"))


def test_of_two_that_go_on_with_a_run_one_does(place: Path) -> None:
    run = prepare(place / "bowl.toml", name="run", device="cpu", threads=1, pace=50)
    both = [
        subprocess.Popen(
            [sys.executable, "-m", "tuilab", "resume", "run", "--detach"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    said = {process.wait(120): process.communicate()[0] for process in both}
    assert said.keys() == {0, 2}
    assert "runs on without this shell" in said[0]
    assert said[2].count("\n") == 1
    assert "run: its engine is at work" in said[2]
    assert [path.name for path in run.recordings()] == ["main.tlr"]
    assert run.state() is State.RUNNING
    assert "its engine is at work (it is running)" in tuilab("resume", "run")[1]
    assert tuilab("stop", "run")[1].startswith("run: stopped;")
    assert run.state() is State.STOPPED


class Foreground:
    """`tuilab` in a terminal of its own, which can vanish."""

    def __init__(self, *words: str, ignoring: str = "") -> None:
        self.pid, self.terminal = pty.fork()
        if not self.pid:
            command = [sys.executable, "-m", "tuilab", *words]
            trap = f"trap '' {ignoring}; " if ignoring else ""
            os.execvp("sh", ["sh", "-c", f'{trap}exec "$@"', "sh", *command])

    def vanish(self) -> None:
        os.close(self.terminal)
        self.terminal = -1

    def _drain(self) -> None:
        """Read what is shown, or nobody could show anything more."""
        with suppress(OSError):
            while self.terminal >= 0 and select.select([self.terminal], [], [], 0)[0]:
                os.read(self.terminal, 65_536)

    def code(self) -> int:
        """How it ended, within a minute."""
        deadline = time.monotonic() + 60
        while True:
            self._drain()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                pytest.fail("it does not end")
            time.sleep(0.01)


def last_event(run: Run) -> tuple[str, str]:
    with run.open() as recording:
        assert recording.finished
        event = recording.events()[-1]
        return event.kind, event.data.get("reason", "")


@pytest.mark.parametrize("ends", ["SIGTERM", "SIGHUP"])
def test_an_engine_in_a_terminal_ends_with_it_in_good_order(place: Path, ends: str) -> None:
    run = Run(place / "runs" / "run")
    lab = Foreground("run", "bowl", "--name", "run", "--threads", "1", "--pace", "50")
    until(lambda: started(run), "it runs")
    if ends == "SIGHUP":
        lab.vanish()
    else:
        os.kill(lab.pid, signal.SIGTERM)
    # Nobody may be left to whom it could be said; the run has ended all the same.
    assert lab.code() in (1, 130)
    assert run.state() is State.STOPPED
    assert last_event(run) == ("stopped", ends)


def test_an_engine_that_ignores_hanging_up_goes_on_without_its_terminal(place: Path) -> None:
    run = Run(place / "runs" / "run")
    lab = Foreground("run", "bowl", "--name", "run", "--threads", "1", "--pace", "50", ignoring="HUP")
    until(lambda: started(run), "it runs")
    lab.vanish()
    at = run.summary().step
    until(lambda: run.summary().step > at + 50, "it has gone on")
    assert run.state() is State.RUNNING
    run.send("stop")
    assert lab.code() in (1, 130)
    assert last_event(run) == ("stopped", "asked to")


def test_a_run_that_is_ended_before_it_began_leaves_nothing(place: Path) -> None:
    run = Run(place / "runs" / "run")
    lab = Foreground("run", "bowl", "--name", "run", "--threads", "1")
    until(run.engine_lives, "it is starting")
    os.kill(lab.pid, signal.SIGTERM)
    code = lab.code()
    assert code in (143, 130)
    assert run.path.exists() == (code == 130), "it had begun all the same, and was stopped"
