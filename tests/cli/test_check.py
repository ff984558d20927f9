"""`tuilab check`: data sets that have not been fetched, seeds side by side."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
import typer

from tuilab.cli import check as command
from tuilab.runs import Run, State
from tuilab.scenario import catalogue


@pytest.fixture(autouse=True)
def without_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUILAB_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("TUILAB_RUNS", str(tmp_path / "runs"))


def test_of_all_the_shipped_those_without_data_are_left_out_and_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = ("cifar10", "one-step")
    shipped = [entry for entry in catalogue.entries() if entry.name in wanted]
    monkeypatch.setattr(catalogue, "entries", lambda: shipped)
    command.check(threads=1)
    said = capsys.readouterr()
    assert "1 of 2 scenarios keep what they promise; left out for want of data: cifar10" in said.out
    assert "tuilab data fetch cifar10" in said.err


def test_one_that_was_asked_for_by_name_is_not_kept(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as left:
        command.check(["cifar10"], threads=1)
    assert left.value.exit_code == 1
    assert "not: cifar10" in capsys.readouterr().out


SMALL = """
kind = "propagation"
title = "t"
question = "q"
steps = 0
draws = 4
network = { width = 32, depth = 2, activation = "identity" }
init = { name = "xavier_normal" }
[arms.a]
[arms.b]
init = { name = "xavier_normal", gain = 2.0 }
[[expect]]
arm = "a"
metric = "activation.ratio"
below = "b"
by = 2.0
share_of_draws = 1.0
[[expect]]
arm = "a"
metric = "activation.ratio"
between = [0.3, 3.0]
[[expect]]
arm = "b"
metric = "activation.ratio"
near = 4.0
within = 0.2
over = "seeds"
"""


def seeds_of(tmp_path: Path, text: str, *more: str) -> tuple[int, list[dict[str, object]]]:
    """Exit code and rows of `tuilab check --seeds 3` as a shell has it."""
    file = tmp_path / "small.toml"
    file.write_text(text)
    command = [sys.executable, "-m", "tuilab", "check", str(file), "--seeds", "3", "--jobs", "2", "--json"]
    done = subprocess.run([*command, *more], capture_output=True, text=True, timeout=300)
    (scenario,) = json.loads(done.stdout)
    return done.returncode, scenario["expectations"]


def test_seeds_run_side_by_side_and_each_expectation_is_counted(tmp_path: Path) -> None:
    code, (share, mean, over) = seeds_of(tmp_path, SMALL, "--runs", str(tmp_path / "kept"), "-s", "seed=5")
    assert code == 0
    assert [row["kept"] for row in (share, mean, over)] == [3, 3, 3]
    assert isinstance(mean["sigmas"], float)
    assert "3 seeds, 95 %" in str(over["measured"])
    assert sorted(Run(path).scenario["seed"] for path in (tmp_path / "kept").iterdir()) == [5, 6, 7]


def test_below_what_is_promised_the_exit_code_says_so(tmp_path: Path) -> None:
    code, rows = seeds_of(tmp_path, SMALL.replace("gain = 2.0", "gain = 1.0"))
    assert code == 1
    assert rows[0]["kept"] == 0
    assert not rows[2]["met"]


@pytest.mark.parametrize("ends", ["the command", "a process of its pool"])
def test_endless_runs_end_with_the_command_and_a_killed_one_is_a_sentence(ends: str, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    endless = ["saddle", "-s", "steps=1000000000", "--seeds", "2", "--jobs", "2", "--runs", str(kept)]
    process = subprocess.Popen(
        [sys.executable, "-m", "tuilab", "check", *endless],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 120
        while len(list(kept.glob("*/main.tlr"))) < 2:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        runs = [Run(path) for path in kept.iterdir()]
        if ends == "the command":
            process.terminate()
        else:
            os.kill(runs[0].summary().pid, signal.SIGKILL)
        err = process.communicate(timeout=60)[1]
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert "Traceback" not in err
    if ends == "the command":
        assert process.returncode == 128 + signal.SIGTERM
        assert {run.state() for run in runs} == {State.STOPPED}
    else:
        assert process.returncode == 2
        assert "was killed" in err
