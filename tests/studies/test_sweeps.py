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
from tuilab.recording import Recording, Writer
from tuilab.runs import Run
from tuilab.studies.board import Board, board_of
from tuilab.studies.conducting import conduct_sweep
from tuilab.studies.journal import Journal, Trial
from tuilab.studies.sweep import Plan, Sweep, create, find_sweep
from tuilab.studies.workers import Ended

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
    with Recording.open([board_of(swept(shell, "s"))]) as board:
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


class Pretended:
    """Workers that record a trial at once; one whose loss is great runs until it is told to stop."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep, self.run = sweep, None
        self.asked: list[Run] = []

    @property
    def idle(self) -> int:
        return int(self.run is None)

    def begin(self, run: Run, resume: bool) -> None:
        self.run = run
        self.asked.append(run)
        loss = float(self.sweep.journal.read()[len(self.asked) - 1].point["a"])
        writer = Writer.create(run.path / "main.tlr", {"arms": ["sgd"], "scenario": {}})
        table = writer.table(["sgd/loss"])
        for step in range(50):
            table.append(step, [loss])
        writer.close()

    def wait(self, seconds: float) -> list[Ended]:
        run = self.run
        assert run is not None
        with run.open() as recording:
            slow = (recording.at("sgd/loss", 49) or 0) > 5
        if slow and '"stop"' not in (run.path / "control").read_text():
            return []
        self.run = None
        return [Ended(run)]

    def close(self) -> None:
        pass


def test_what_falls_behind_the_median_of_the_others_is_stopped_early(tmp_path: Path) -> None:
    sweep = create(tmp_path, plan(over=("a=1,2,3,9,2.5",), seeds=1, early=True), "s")
    conduct_sweep(sweep, Pretended(sweep), lambda trial: {"kind": "descent", "arms": {"sgd": {}}})
    assert [trial.early for trial in sweep.journal.read()] == [False, False, False, True, False]
    assert sweep.ranked()[0].point == {"a": 1}


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


def plan(**changes: object) -> Plan:
    facts = {
        "source": "bowl",
        "scenario": {"seed": 3},
        "options": {},
        "over": ("a=0,1,2,3", "b=0,1,2,3"),
        "search": "grid",
        "points": 5,
        "seeds": 2,
        "metric": "loss",
        "arm": "sgd",
        "maximize": False,
        "early": False,
        "own": {},
        "created": 0.0,
    }
    return Plan(**{**facts, **changes})  # type: ignore[arg-type]


def test_what_a_parameter_explains_is_its_part_of_a_sum(tmp_path: Path) -> None:
    """Of a value that goes with 4a + b, a explains 16/17 and b 1/17: all ranks are known."""
    sweep = create(tmp_path, plan(seeds=1), "s")
    for number in range(16):
        trial = sweep.trial(number)
        value = 4.0 * trial.point["a"] + trial.point["b"]  # type: ignore[operator]
        sweep.journal.ask(trial)
        sweep.journal.tell(Trial(number, trial.point, trial.seed, True, 10.0**value, "finished", 1))
    assert sweep.importance() == pytest.approx({"a": 16 / 17, "b": 1 / 17})
    assert sweep.ranked()[0].point == {"a": 0, "b": 0}


def test_seeds_are_means_and_what_diverged_comes_last(tmp_path: Path) -> None:
    sweep = create(tmp_path, plan(over=("a=0,1,2",)), "s")
    values = [1.0, 3.0, None, 0.1, 4.0, 5.0]
    for number, value in enumerate(values):
        trial = sweep.trial(number)
        sweep.journal.ask(trial)
        sweep.journal.tell(Trial(number, trial.point, trial.seed, True, value, "finished", 1))
    assert [trial.seed for trial in sweep.journal.read()] == [3, 4] * 3
    ranked = sweep.ranked()
    assert [each.point["a"] for each in ranked] == [0, 2, 1]
    assert [each.mean for each in ranked] == [2.0, 4.5, 0.1]
    assert [each.failed for each in ranked] == [0, 0, 1]
    assert all(math.isnan(share) for share in create(tmp_path, plan(), "empty").importance().values())


def test_any_line_in_a_journal_is_read_or_left_out(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.path.write_text(
        '[]\n"x"\n{"do": "tell", "trial": 7}\n{"do": "ask", "trial": "x"}\n\x00\n{"do": "ask", "tri'
    )
    assert journal.read() == []
    journal.ask(Trial(0, {"a": 1}, 0))
    assert journal.read() == [Trial(0, {"a": 1}, 0)]


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


@pytest.mark.parametrize(
    "facts",
    [
        "{}",
        "[]",
        '{"source": 3}',
        json.dumps({"seeds": 0}),
        json.dumps({"over": ["a=__import__('os')"]}),
        json.dumps({"metric": ["\u001b]0;owned\u0007"]}),
    ],
)
def test_a_strangers_sweep_is_a_sentence(shell: Shell, facts: str) -> None:
    found = create(shell.folder / "runs", plan(), "s")
    given = json.loads(facts)
    before = json.loads((found.path / "sweep.json").read_text())
    (found.path / "sweep.json").write_text(json.dumps(before | given) if given else facts)
    said = shell("sweep", "s", code=2)
    assert "not a sweep" in " ".join(said.split())
    assert "\x1b" not in said


def test_a_strangers_journal_says_what_it_can(shell: Shell) -> None:
    found = create(shell.folder / "runs", plan(), "s")
    lines = [
        {"do": "ask", "trial": 0, "point": {"a": 1, "b": 2}, "seed": "x"},
        {"do": "tell", "trial": 0, "value": 1e999, "state": "\x1b[31mred", "step": "far"},
        {"do": "ask", "trial": 1, "point": {"a": "\x1b]0;owned\x07", "b": 2}},
        {"do": "ask", "trial": 2, "point": {"c": 2}},
        {"do": "ask", "trial": -5, "point": {"a": 1, "b": 2}},
    ]
    (found.path / "journal.jsonl").write_text("\n".join(map(json.dumps, lines)))
    said = shell("sweep", "s")
    assert "1 of 32 trials" in said
    assert "\x1b" not in said


def test_two_can_not_work_on_one_sweep(shell: Shell) -> None:
    process = shell.start("sweep", "bowl", *GRID, "--name", "s", "-s", "steps=2000000", "--parallel", "1")
    wait_for(lambda: (found := find_sweep(shell.folder / "runs", "s")) and found.run(0).glance().step > 100)
    assert "another `tuilab` is at work on it" in " ".join(shell("resume", "s", code=2).split())
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)


def test_the_board_follows_the_order_in_which_trials_end(tmp_path: Path) -> None:
    sweep = create(tmp_path, plan(over=("a=0,1,2",), seeds=1), "s")
    board = Board(sweep)
    told: list[Trial] = []
    for number, value in ((1, 5.0), (0, 7.0), (2, 3.0)):
        asked = sweep.trial(number)
        told.append(Trial(number, asked.point, asked.seed, True, value, "finished", 1))
        board.show(sorted(told, key=lambda trial: trial.number), told[-1])
    board.close()
    with Recording.open([board_of(sweep)]) as recording:
        assert recording.read("sweep/value")[1].tolist() == [5.0, 7.0, 3.0]
        assert recording.read("sweep/best")[1].tolist() == [5.0, 5.0, 3.0]
