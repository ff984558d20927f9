"""Running engines and watched programs, steered from another shell."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.test_commands import Shell
from tuilab.runs import Run, State

WATCHED = """
import time, torch, tuilab
model = torch.nn.Linear(3, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
with tuilab.watch(model, optimizer, name="mine", control=True) as w:
    while True:
        model(torch.ones(4, 3)).square().mean().backward()
        optimizer.step()
        w.log(lr=optimizer.param_groups[0]["lr"])
        time.sleep(0.01)
"""


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
def run(shell: Shell) -> Iterator[Run]:
    shell("run", "bowl", "--detach", "--name", "live", "--pace", "50", "-s", "steps=100000")
    yield Run(shell.folder / "runs" / "live")
    shell("stop", "live")


def words(text: str) -> str:
    return " ".join(text.split())


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def test_a_run_is_turned_paused_stepped_and_goes_on_until_something_is_true(shell: Shell, run: Run) -> None:
    assert "sgd/optimizer.lr 0.1" in words(shell("set", "live"))
    assert "it pauses once step >= 60" in shell("continue", "live", "--to", "60")
    wait_for(lambda: run.state() is State.PAUSED)
    said = shell("set", "live", "lr=0.02", "sgd/optimizer.weight_decay=1e-3")
    assert [line.split(" from step")[0] for line in said.splitlines()] == [
        "live: sgd/optimizer.lr is 0.02",
        "live: wild/optimizer.lr is 0.02",
        "live: sgd/optimizer.weight_decay is 0.001",
    ]
    assert len({line.split("from step ")[1].split()[0] for line in said.splitlines()}) == 1
    assert "sgd/optimizer.lr 0.02" in words(shell("set", "live"))
    paused_at = run.summary().step
    assert f"takes step {paused_at + 3}" in shell("step", "live", "3")
    with run.open() as recording:
        half = recording.read("sgd/distance")[1][-1] / 2
    assert "goes on from step" in shell("continue", "live", "--until", f"sgd/distance < {half}")
    wait_for(lambda: run.state() is State.PAUSED)
    with run.open() as recording:
        distances = recording.read("sgd/distance")[1]
        assert distances[-1] < half <= distances[-2]
    assert "paused at step" not in shell("continue", "live")
    assert "paused at step" in shell("pause", "live")


def test_what_can_not_be_done_is_a_sentence(shell: Shell, run: Run) -> None:
    assert "sgd/optimizer.lr = -1: input should be greater than 0" in shell(
        "set", "live", "sgd/optimizer.lr=-1", code=2
    )
    assert "momentum is no number that can be changed here" in shell("set", "live", "momentum=1", code=2)
    assert "wanted KEY=NUMBER" in shell("set", "live", "lr=fast", code=2)
    assert "is no condition" in shell("continue", "live", "--until", "soon", code=2)
    assert "it is not paused" in shell("step", "live", code=2)
    shell("stop", "live")
    assert "nobody is at work on it: it is stopped" in shell("pause", "live", code=2)


def test_a_watched_program_is_steered_likewise(shell: Shell) -> None:
    (shell.folder / "mine.py").write_text(WATCHED)
    program = subprocess.Popen([sys.executable, "mine.py"], cwd=shell.folder, env=shell.env)
    try:
        wait_for(lambda: list((shell.folder / "runs").glob("mine*/main.tlr")))
        run = Run(next((shell.folder / "runs").glob("mine*")))
        wait_for(lambda: run.state() is State.RUNNING)
        assert "Linear/optimizer.lr" in shell("set", run.name)
        assert "Linear/optimizer.lr is 0.01" in shell("set", run.name, "lr=0.01")
        shell("pause", run.name)
        assert run.state() is State.PAUSED
        shell("step", run.name)
        shell("continue", run.name)
        shell("stop", run.name)
        assert program.wait(60) == 0
    finally:
        program.kill()
        program.wait()
    with run.open() as recording:
        assert recording.read("Linear/lr")[1][-1] == 0.01


def test_a_fork_and_a_run_made_again(shell: Shell) -> None:
    shell("run", "bowl", "--name", "first")
    said = shell("fork", "first", "--at", "12", "-s", "optimizer.lr=0.05", "--name", "other")
    assert "other parts from first after step 12" in said
    assert "other: finished at step 30" in said
    assert "there are steps 0 to 30" in shell("fork", "first", "--at", "31", code=2)
    assert "again: finished at step 30" in shell("rerun", "first", "--name", "again")
    assert "fork-1" in shell("fork", "first", "--detach")
    assert "was forked from it" in shell("delete", "--yes", "first", code=2)
    wait_for(lambda: Run(shell.folder / "runs" / "first-fork-1").state() is State.FINISHED)
    assert "first-fork-1: deleted" in shell("delete", "--yes", "first-fork-1", "other", "first")


def test_runs_are_compared(shell: Shell) -> None:
    shell("run", "bowl", "--name", "first")
    shell("run", "bowl", "--name", "same")
    shell("fork", "first", "--at", "12", "-s", "arms.sgd.optimizer.lr=0.05", "--name", "other")
    assert "the same to the last bit at all steps that both have" in shell("compare", "first", "same")
    said = words(shell("compare", "first", "other"))
    assert "arms.sgd.optimizer.lr 0.1 0.05" in said
    assert "first and other part at step 13" in said
    assert "● first sgd" in said
    facts = json.loads(shell("compare", "first", "other", "--json"))
    apart = {each["series"]: each["step"] for each in facts["partings"]["other"]}
    assert apart["sgd/loss"] == 13
    assert apart["wild/loss"] is None
    assert "two runs at least" in shell("compare", "first", code=2)
