"""The commands as a person types them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

BOWL = """
kind = "descent"
title = "Bowl"
question = "How fast?"
steps = 30
surface = { name = "quadratic", condition_number = 10 }
[arms.sgd]
start = [2, 1]
optimizer = { name = "sgd", lr = 0.1 }
[arms.wild]
start = [2, 1]
optimizer = { name = "sgd", lr = 1e5 }
[[expect]]
arm = "sgd"
metric = "distance"
between = [0, 0.1]
"""


class Shell:
    """A folder to stand in, a folder of runs, and the command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = os.environ | {
            "TUILAB_RUNS": str(folder / "runs"),
            "TUILAB_DATA": str(folder / "data"),
            "COLUMNS": "100",
        }
        self.env.pop("TUILAB_SCENARIOS", None)
        (folder / "bowl.toml").write_text(BOWL)

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "tuilab", *words],
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *words: str, code: int = 0) -> str:
        """Standard output, and with a failure's exit code also standard error."""
        process = self.start(*words)
        out, err = process.communicate(timeout=120)
        assert process.returncode == code, out + err
        assert "Traceback" not in err
        return out + (err if code else "")

    def json(self, *words: str) -> Any:
        return json.loads(self(*words, "--json"))


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A shell with one run named `first` in it."""
    shell = Shell(tmp_path_factory.mktemp("recorded"))
    shell("run", "bowl", "--name", "first")
    return shell


def test_run_ends_with_plots_expectations_and_the_place(shell: Shell) -> None:
    said = shell("run", "bowl", "--name", "mine", "--check")
    assert "Expectations: 1 of 1 met" in said
    assert f"it lies in {shell.folder}/runs/mine" in said
    assert "⣀" in said or "⠤" in said or "⠒" in said, "no curve was drawn"


def test_check_exits_with_1_when_a_promise_is_broken(shell: Shell) -> None:
    (shell.folder / "slow.toml").write_text(BOWL.replace("lr = 0.1 ", "lr = 0.001 "))
    assert "✗ sgd: distance" in shell("run", "slow", "--check", code=1)
    assert "not: slow" in shell("check", "slow", code=1)
    assert "1 of 1 scenarios keep" in shell("check", "bowl")


def test_what_an_override_has_changed_is_not_checked(shell: Shell) -> None:
    said = shell("check", "bowl", "-s", "arms.sgd.optimizer.lr=0.001")
    assert "– sgd: distance" in said
    assert "not checked: changed from what it was written for, arms.sgd.optimizer.lr" in said
    assert "0 of 1 scenarios keep what they promise; not checked: bowl" in said


def test_inspect_prints_series_as_json_with_nan_and_inf_as_strings(recorded: Shell) -> None:
    lines = [
        json.loads(line) for line in recorded("inspect", "first", "--series", "*/loss", "--json").splitlines()
    ]
    assert [line["series"] for line in lines] == ["sgd/loss", "wild/loss"]
    assert lines[0]["steps"] == list(range(31))
    assert {"inf", "nan"} & set(map(str, lines[1]["values"]))
    assert all(isinstance(value, float | int | str) for value in lines[1]["values"])
    assert "no series matches" in recorded("inspect", "first", "--series", "nope", code=2)
    facts = recorded.json("inspect", "first")
    assert facts["state"] == "finished"
    assert facts["header"]["arms"] == ["sgd", "wild"]
    assert [event["kind"] for event in facts["events"] if event["arm"] == "wild"] == ["diverged"]
    assert "wild diverged" in recorded("inspect", str(recorded.folder / "runs" / "first" / "main.tlr"))


def test_runs_lists_what_there_is(recorded: Shell) -> None:
    (run,) = recorded.json("runs")
    assert (run["run"], run["state"], run["scenario"], run["step"], run["steps"]) == (
        "first",
        "finished",
        "bowl",
        30,
        30,
    )
    assert "first  finished  bowl" in recorded("runs")


def test_replay_plain_prints_frames(recorded: Shell) -> None:
    said = recorded("replay", "first", "--plain", "--speed", "100", "--from", "29")
    assert "step 29 of 30" in said
    assert "step 30 of 30" in said
    assert "step 28" not in said
    assert "wild" in said


def test_list_describe_schema_and_help(shell: Shell) -> None:
    assert {"bowl", "deep-tanh-init"} <= {entry["name"] for entry in shell.json("list")}
    assert "How fast?" in shell("list")
    assert "condition_number" in shell("schema")
    assert "sgd: " in shell("describe", "bowl")
    told = shell("describe", "deep-tanh-init")
    assert "init normal (std 0.01)" in told, "a default that another arm departs from"
    assert shell.json("describe", "bowl")["arms"]["sgd"]["optimizer"]["lr"] == 0.1
    assert "replay" in shell(), "without a terminal, tuilab prints its help"


def test_new_copies_a_scenario_that_then_runs(shell: Shell) -> None:
    assert "`tuilab run 'two words'`" in shell("new", "two words")
    shell("new", "mine", "--from", "saddle")
    assert "mine" in {entry["name"] for entry in shell.json("list")}
    assert "there is such a file already" in shell("new", "mine", code=2)
    assert shell.json("run", "mine", "--steps", "3")["steps"] == 3


def test_a_detached_run_goes_on_and_is_stopped_by_name(shell: Shell) -> None:
    started = shell.json("run", "bowl", "-s", "steps=1000000000", "--name", "long", "--detach")
    assert started["run"] == "long"
    assert shell.json("runs")[0]["state"] == "running"
    assert shell.json("stop", "long")["state"] == "stopped"
    assert "nothing to stop: stopped already" in shell("stop", "long")
    assert shell.json("inspect", "long")["finished"]


def test_ctrl_c_leaves_an_intact_recording(shell: Shell) -> None:
    process = shell.start("run", "bowl", "-s", "steps=1000000000", "--name", "cut short")
    deadline = time.monotonic() + 60
    while not (shell.folder / "runs" / "cut short" / "main.tlr").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    while shell.json("runs")[0]["step"] < 1:
        assert time.monotonic() < deadline
    process.send_signal(2)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    assert "stopped at step" in out
    assert "tuilab resume 'cut short' goes on with it" in out
    facts = shell.json("inspect", "cut short")
    assert facts["finished"]
    assert facts["events"][-1]["kind"] == "stopped"


def test_a_study_is_stopped_as_a_run_is(shell: Shell) -> None:
    options = ["--seeds", "3", "--jobs", "1", "--name", "three"]
    process = shell.start("run", "bowl", "-s", "steps=1000000000", *options)
    deadline = time.monotonic() + 60
    while not (shell.folder / "runs" / "three" / "seed-0" / "main.tlr").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert shell.json("stop", "three")["run"] == "three"
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    assert "`tuilab resume three` goes on with it" in err
    begun = list((shell.folder / "runs" / "three").glob("*/main.tlr"))
    assert [path.parent.name for path in begun] == ["seed-0"], "no other is begun"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "bowl", "-s", "arms.sgd.optimiser.lr=1"], "did you mean optimizer?"),
        (["run", "bowl", "--device", "cuda:99"], "use --device cpu or auto"),
        (["run", "bowl", "--device", "cuda:99", "--detach"], "use --device cpu or auto"),
        (["run", "bowl", "--device", "gpu"], "there is no such device"),
        (["run", "bowl", "--runs", "bowl.toml/x"], "choose another folder with --runs"),
        (["run", "."], "is a folder"),
        (["run", "bolw"], "did you mean bowl?"),
        (["run", "cifar10"], "tuilab data fetch cifar10"),
        (["describe", "nothing-like-it"], "there is no scenario of that name"),
        (["replay", "bowl.toml", "--plain"], "bowl.toml"),
        (["inspect", "absent"], "no run 'absent'"),
        (["watch"], "there are no runs"),
        (["stop", "absent"], "there is no run 'absent'"),
        (["new", "a/b"], "without slashes"),
        (["data", "fetch", "imagenet"], "is no data set to fetch"),
    ],
)
def test_bad_input_gets_a_sentence_and_exit_code_2(shell: Shell, words: list[str], said: str) -> None:
    assert said in shell(*words, code=2)
    assert not list(shell.folder.glob("runs/*/")), "a run that never started leaves nothing behind"


def test_a_reader_that_leaves_early_is_no_error(shell: Shell) -> None:
    command = f"{sys.executable} -m tuilab schema | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    assert done.stdout == "{\n"
