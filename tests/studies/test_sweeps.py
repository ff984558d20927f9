"""Sweeps as a person runs them: whole, killed, on other hosts, over programs."""

from __future__ import annotations

import json
import math
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.cli.test_commands import Shell
from tuilab.runs import Run, State
from tuilab.studies.sweep import Sweep, find_sweep

PROGRAM = """
import argparse, torch
import beside  # a module of the user's own, next to the program
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
model = torch.nn.Linear(3, 1, bias=False)
optimizer = torch.optim.SGD(model.parameters(), lr=parser.parse_args().lr)
for _ in range(20):
    optimizer.zero_grad()
    model(torch.eye(3)).square().sum().backward()
    optimizer.step()
"""
GRID = ("--over", "arms.sgd.optimizer.lr=log(1e-3,0.1,3)", "--over", "surface.condition_number=5,10")


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def swept(shell: Shell, name: str) -> Sweep:
    found = find_sweep(shell.folder / "runs", name)
    assert found is not None
    return found


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def losses(run: Run) -> tuple[list[int], bytes]:
    with run.open() as recording:
        steps, values = recording.read("sgd/loss")
    return steps.tolist(), values.tobytes()


def test_a_grid_is_ordinary_runs_ranked_by_what_they_came_to(shell: Shell) -> None:
    told = shell.json("sweep", "bowl", *GRID, "--name", "s", "--parallel", "2")
    assert told["wanted"] == len(told["trials"]) == 6
    # On a bowl of curvatures 1 and κ the loss at step t is ½ Σ λ (1 − lr λ)^2t x₀²: lr .1 is best for both κ.
    assert told["best"]["point"]["arms.sgd.optimizer.lr"] == 0.1
    assert told["edges"] == {"arms.sgd.optimizer.lr": "highest"}
    # Each trial is what the same settings give by themselves, bit for bit, from a process of its own.
    for trial in told["trials"]:
        lr, kappa = trial["arms.sgd.optimizer.lr"], trial["surface.condition_number"]
        alone = ("-s", f"arms.sgd.optimizer.lr={lr}", "-s", f"surface.condition_number={kappa}")
        if trial["trial"] in (0, 5):
            shell("run", "bowl", *alone, "--name", f"alone{trial['trial']}", "--threads", "1")
            single = losses(Run(shell.folder / "runs" / f"alone{trial['trial']}"))
            assert single == losses(swept(shell, "s").run(trial["trial"]))
    said = shell("sweep", "s")
    assert "sgd loss, lowest first: 6 points" in said
    assert "the best arms.sgd.optimizer.lr is the highest that was tried" in said
    assert shell("sweep", "s", "--csv").splitlines()[0].startswith("trial,arms.sgd.optimizer.lr,surface.")
    assert "lowest loss" in shell("replay", "s", "--plain")
    with swept(shell, "s").open() as board:
        _, best = board.read("sweep/best")
        _, values = board.read("sweep/value")
        assert np.array_equal(best, np.minimum.accumulate(values))


def test_a_killed_coordinator_loses_nothing_that_was_finished(shell: Shell) -> None:
    whole = shell.json("sweep", "bowl", *GRID, "--name", "whole")
    process = shell.start("sweep", "bowl", *GRID, "--name", "cut", "--parallel", "1")
    wait_for(
        lambda: (
            (found := find_sweep(shell.folder / "runs", "cut"))
            and sum(t.told for t in found.journal.read()) >= 2
        )
    )
    process.kill()
    process.communicate()
    cut = swept(shell, "cut")
    with cut.journal.path.open("a") as journal:
        journal.write('{"do": "tell", "trial": 5, "va')  # half a line
    kept = {
        trial.number: cut.run(trial.number).recordings()[0].stat()
        for trial in cut.journal.read()
        if trial.told
    }
    assert 2 <= len(kept) < 6
    # The warm engine ends by itself, as its input has.
    wait_for(lambda: not any(cut.run(number).engine_lives() for number in range(6)))
    again = shell.json("resume", "cut")
    assert again["best"] == whole["best"]
    for number, stat in kept.items():
        now = cut.run(number).recordings()[0].stat()
        assert (now.st_ino, now.st_mtime_ns) == (stat.st_ino, stat.st_mtime_ns)
    assert [losses(cut.run(k)) for k in range(6)] == [losses(swept(shell, "whole").run(k)) for k in range(6)]
    assert shell.json("resume", "cut") == again, "nothing is left to do"


def test_ctrl_c_stops_it_and_resume_goes_on(shell: Shell) -> None:
    process = shell.start("sweep", "bowl", *GRID, "--name", "s", "-s", "steps=2000000", "--parallel", "2")
    wait_for(lambda: (found := find_sweep(shell.folder / "runs", "s")) and found.run(1).glance().step > 100)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "s: stopped; `tuilab resume s` goes on with it" in " ".join(said.split())
    assert not swept(shell, "s").run(0).engine_lives()
    assert not any(trial.told for trial in swept(shell, "s").journal.read())


def test_a_worker_that_is_killed_has_its_trial_done_again(shell: Shell) -> None:
    process = shell.start(
        *("sweep", "bowl", "--over", "arms.sgd.optimizer.lr=0.01,0.02", "--name", "s"),
        *("-s", "steps=9000", "--parallel", "1", "--json"),
    )
    wait_for(lambda: (found := find_sweep(shell.folder / "runs", "s")) and found.run(1).glance().step > 100)
    os.kill(swept(shell, "s").run(1).glance().pid, signal.SIGKILL)
    told, _ = process.communicate(timeout=120)
    trials = json.loads(told)["trials"]
    assert [trial["state"] for trial in trials] == ["finished"] * 2
    assert [trial["step"] for trial in trials] == [9000] * 2


def test_other_hosts_are_asked_over_ssh(shell: Shell) -> None:
    fake = shell.folder / "bin" / "ssh"
    fake.parent.mkdir()
    # What sshd does with the words behind the host: hands them to the user's shell.
    fake.write_text(
        '#!/bin/sh\nwhile [ "$1" != "--" ]; do shift; done\necho "$2" >> "$0.hosts"\nexec sh -c "$3"\n'
    )
    fake.chmod(0o755)
    shell.env["PATH"] = f"{fake.parent}:{shell.env['PATH']}"
    there = shell.json("sweep", "bowl", *GRID, "--name", "there", "--on", "ssh:one,two")
    here = shell.json("sweep", "bowl", *GRID, "--name", "here")
    assert set(Path(f"{fake}.hosts").read_text().split()) == {"one", "two"}
    assert there["best"] == here["best"]
    assert [losses(swept(shell, "there").run(k)) for k in range(6)] == [
        losses(swept(shell, "here").run(k)) for k in range(6)
    ]


def test_a_program_of_ones_own_is_given_its_parameters(shell: Shell) -> None:
    (shell.folder / "train.py").write_text(PROGRAM)
    (shell.folder / "beside.py").write_text("")
    told = shell.json(
        "sweep",
        "train.py",
        "--over",
        "lr=0.05,0.1,0.3",
        "--name",
        "s",
        "--parallel",
        "1",
        "--metric",
        "learning_rate",
    )
    assert [trial["value"] for trial in told["trials"]] == pytest.approx([0.05, 0.1, 0.3])
    said = shell("resume", "s", code=2)
    assert "with --trust it goes on" in " ".join(said.split())


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--over", "arms.sgd.optimizer.rate=1,2"), "rate"),
        (("--over", "arms.sgd.optimizer.lr=log(0,1,3)"), "ends above 0"),
        (("--over", "arms.sgd.optimizer.lr=log(1,2)"), "a grid wants how many values"),
        ((*GRID, "--metric", "nonsense"), "the scenario measures"),
        ((*GRID, "--arm", "nobody"), "the scenario's arms are sgd, wild"),
        ((*GRID, "--on", "moon"), "wanted local"),
        ((*GRID, "--search", "magic"), "wanted tpe"),
        ((), "is no sweep"),
    ],
)
def test_what_can_not_be_swept_is_a_sentence_and_leaves_nothing(
    shell: Shell, words: tuple[str, ...], why: str
) -> None:
    said = " ".join(shell("sweep", "bowl", *words, code=2).split())
    assert why in said
    runs = shell.folder / "runs"
    assert not runs.exists() or not list(runs.iterdir())


def test_optuna_proposes_better_than_it_begins_and_goes_on_after_a_stop(shell: Shell) -> None:
    pytest.importorskip("optuna", reason="in the extra `sweep`, which `make test-all` installs")
    over = ("--over", "arms.sgd.optimizer.lr=log(1e-5,0.15)", "--search", "tpe", "--points", "24")
    told = shell.json("sweep", "bowl", *over, "--name", "s", "--parallel", "1")
    lrs = [trial["arms.sgd.optimizer.lr"] for trial in told["trials"]]
    assert np.median(np.abs(np.log(lrs[12:]) - math.log(0.1))) < np.median(
        np.abs(np.log(lrs[:10]) - math.log(0.1))
    )
    assert shell.json("resume", "s")["trials"] == told["trials"]


def test_without_optuna_it_says_what_to_install(shell: Shell) -> None:
    (shell.folder / "optuna.py").write_text("raise ImportError")
    shell.env["PYTHONPATH"] = os.pathsep.join([str(shell.folder), shell.env.get("PYTHONPATH", "")])
    said = shell("sweep", "bowl", "--over", "arms.sgd.optimizer.lr=log(1e-5,0.15)", "--search", "tpe", code=2)
    assert "pip install 'tuilab[sweep]'" in " ".join(said.split())


def test_two_can_not_work_on_one_sweep(shell: Shell) -> None:
    process = shell.start("sweep", "bowl", *GRID, "--name", "s", "-s", "steps=2000000", "--parallel", "1")
    wait_for(lambda: (found := find_sweep(shell.folder / "runs", "s")) and found.run(0).glance().step > 100)
    assert "another `tuilab` is at work on it" in " ".join(shell("resume", "s", code=2).split())
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)


LONG = ("--over", "arms.sgd.optimizer.lr=0.01,0.02", "-s", "steps=30000", "--name", "s", "--parallel", "2")


def test_what_a_dead_coordinator_has_begun_is_waited_for(shell: Shell) -> None:
    """Killed twice, and gone on with at once while its engines are still at work."""
    process = shell.start("sweep", "bowl", *LONG)
    for _ in range(2):
        wait_for(lambda: (f := find_sweep(shell.folder / "runs", "s")) and f.run(1).glance().step > 100)
        process.kill()
        process.communicate()
        assert swept(shell, "s").run(1).engine_lives()
        process = shell.start("resume", "s", "--json")
    told, _ = process.communicate(timeout=120)
    assert [(trial["state"], trial["step"]) for trial in json.loads(told)["trials"]] == [
        ("finished", 30000)
    ] * 2


def test_stop_ends_all_of_it_and_nothing_is_taken_for_an_outcome(shell: Shell) -> None:
    process = shell.start("sweep", "bowl", *LONG)
    wait_for(lambda: (f := find_sweep(shell.folder / "runs", "s")) and f.run(1).glance().step > 100)
    sweep = swept(shell, "s")
    assert sweep.state() is State.RUNNING
    sweep.send("pause")
    wait_for(lambda: sweep.state() is State.PAUSED)
    sweep.send("resume")
    wait_for(lambda: sweep.state() is State.RUNNING)
    assert "`tuilab resume s` goes on with it" in " ".join(shell("stop", "s").split())
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert not any(trial.told for trial in swept(shell, "s").trials())
    assert [trial["step"] for trial in shell.json("resume", "s")["trials"]] == [30000] * 2
