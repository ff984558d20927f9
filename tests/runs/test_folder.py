"""Run folders: made, found, listed, and honest about how a run is."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tuilab.recording import Writer
from tuilab.runs import ControlFile, Run, RunError, State, create, find, launch, listing, wait_until_started

HEADER: dict[str, Any] = {"scenario": {"title": "t"}, "panels": [], "arms": ["a"], "steps": 9}


def make(root: Path, source: str = "bowl", name: str | None = None) -> Run:
    return create(root, source, {"kind": "descent"}, {}, name)


def says(run: Run, *kinds: str, pid: int | None = None) -> None:
    """A recording with these events, by an engine that lives in the process given."""
    writer = Writer.create(run.path / "main.tlr", HEADER)
    for step, kind in enumerate(kinds):
        writer.event(step, kind)
    writer.flush()
    process = psutil.Process(pid)
    (run.path / "engine.json").write_text(
        json.dumps(
            {"pid": process.pid, "host": socket.gethostname(), "process_started": process.create_time()}
        )
    )


def gone() -> psutil.Process:
    """A process that was reaped."""
    done = subprocess.Popen([sys.executable, "-c", ""])
    process = psutil.Process(done.pid)
    process.create_time()
    done.wait()
    return process


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ((), State.STARTING),
        (("started",), State.RUNNING),
        (("started", "paused"), State.PAUSED),
        (("started", "paused", "stepped"), State.PAUSED),
        (("started", "paused", "resumed"), State.RUNNING),
        (("started", "paused", "stopped"), State.STOPPED),
        (("started", "finished"), State.FINISHED),
        (("started", "failed"), State.FAILED),
    ],
)
def test_state_follows_the_events_of_a_living_engine(
    tmp_path: Path, events: tuple[str, ...], state: State
) -> None:
    run = make(tmp_path)
    says(run, *events)
    assert run.state() is state


def test_an_engine_that_is_gone_has_died(tmp_path: Path) -> None:
    run = make(tmp_path)
    says(run, "started")
    dead = gone()
    facts = {"pid": dead.pid, "host": socket.gethostname(), "process_started": dead.create_time()}
    (run.path / "engine.json").write_text(json.dumps(facts))
    assert run.state() is State.DIED
    facts = {"pid": os.getpid(), "host": socket.gethostname(), "process_started": time.time() - 1e6}
    (run.path / "engine.json").write_text(json.dumps(facts))
    assert run.state() is State.DIED, "another process has the number now"


def test_an_engine_elsewhere_lives_by_its_heartbeat(tmp_path: Path) -> None:
    run = make(tmp_path)
    says(run, "started")
    (run.path / "engine.json").write_text(json.dumps({"pid": 1, "host": "elsewhere", "process_started": 0}))
    assert run.state() is State.RUNNING
    os.utime(run.path / "engine.json", (0, time.time() - 3600))
    assert run.state() is State.DIED


def test_runs_are_found_by_name_path_scenario_and_age(tmp_path: Path) -> None:
    first, second, third = (
        make(tmp_path, "bowl", "one"),
        make(tmp_path, "bowl"),
        make(tmp_path, "saddle", "three"),
    )
    for seconds, run in enumerate((first, second, third)):
        os.utime(run.path / "run.json", (0, 1_000_000 + seconds))
    assert [run.name for run in listing(tmp_path)] == ["three", second.name, "one"]
    assert find(tmp_path) == third
    assert find(tmp_path, "one") == first
    assert find(tmp_path, "bowl") == second
    assert find(tmp_path, str(first.path)).path == first.path
    with pytest.raises(RunError, match="no run 'two'"):
        find(tmp_path, "two")
    assert listing(tmp_path / "absent") == []


def test_names_are_never_taken_twice(tmp_path: Path) -> None:
    assert len({make(tmp_path).name for _ in range(3)}) == 3
    make(tmp_path, name="mine")
    with pytest.raises(RunError, match="a run named 'mine' already"):
        make(tmp_path, name="mine")
    with pytest.raises(RunError, match="can't name a run"):
        make(tmp_path, name="../escape")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="can't write runs there"):
        make(tmp_path / "file" / "runs")


def test_commands_arrive_once_whole_and_in_order(tmp_path: Path) -> None:
    run = make(tmp_path)
    control = ControlFile(run.path / "control")
    assert control.read() == []
    run.send("pause")
    run.send("set", "sgd/optimizer.lr", "0.1")
    assert control.read() == [["pause"], ["set", "sgd/optimizer.lr", "0.1"]]
    assert control.read() == []
    with (run.path / "control").open("a") as file:
        file.write("resu")
    assert control.read() == []
    with (run.path / "control").open("a") as file:
        file.write("me\n")
    assert control.read() == [["resume"]]
    with pytest.raises(ValueError, match="is no command"):
        run.send("explode")
    with pytest.raises(ValueError, match="is no command"):
        run.send("pause\nstop")


def test_a_launch_that_fails_says_the_logs_last_line(tmp_path: Path) -> None:
    run = make(tmp_path)
    (run.path / "run.json").write_text("{}")
    process = launch(run)
    with pytest.raises(RunError, match=r"its run\.json holds no scenario"):
        wait_until_started(run, process)
    assert process.wait() == 2
