"""Parts of the user's own, as whoever names them in a scenario meets them."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from cli_command import tuilab

from tuilab.engine import EngineError, conduct
from tuilab.prepare import prepare
from tuilab.recording import Recording
from tuilab.runs import find, listing
from tuilab.scenario.errors import ScenarioError
from tuilab.scenario.load import load

MINE = """
import torch

open("ran", "w").close()

class MyMomentum:
    def __init__(self, lr: float = 0.05, rho: float = 0.9, fails: int = 0):
        self.lr, self.rho, self.fails = lr, rho, fails
    def start(self, x):
        return torch.zeros_like(x), torch.zeros(())
    def step(self, x, g, state):
        v, t = state
        if self.fails and t >= self.fails:
            raise ZeroDivisionError("what now?")
        v = self.rho * v + g
        return x - self.lr * v, (v, t + 1)
"""
BOWL = """
kind = "descent"
title = "A bowl"
question = "Mine or theirs?"
steps = 40
surface = { name = "quadratic", condition_number = 10 }
start = [2, 1]
[arms.ours]
optimizer = { name = "momentum", lr = 0.05 }
[arms.mine]
optimizer = "mine.py:MyMomentum"
[[expect]]
arm = "mine"
metric = "distance"
below = "ours"
by = 0.99
because = "they are the same rule"
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a scenario and a part, seen from another one."""
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "mine.py").write_text(MINE)
    (tmp_path / "course" / "bowl.toml").write_text(BOWL)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("TUILAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return tmp_path


def ran(here: Path) -> bool:
    """Whether the code of the file has been executed since the last time."""
    mark = here / "elsewhere" / "ran"
    found = mark.exists()
    mark.unlink(missing_ok=True)
    return found


def test_without_trust_nothing_runs_and_a_sentence_says_so(here: Path) -> None:
    for words in (("run",), ("check",), ("run", "--seeds", "2"), ("run", "--detach")):
        done = tuilab(words[0], "../course/bowl.toml", *words[1:])
        assert done.returncode == (1 if words == ("check",) else 2), done.stderr
        (said,) = [line for line in done.stderr.splitlines() if "add --trust" in line]
        assert f"{here}/course/mine.py:MyMomentum" in said
        assert "Traceback" not in done.stderr
    assert not ran(here)
    assert not (here / "runs").exists() or not listing(here / "runs")
    described = tuilab("describe", "../course/bowl.toml")
    assert described.returncode == 0
    assert "mine.py:MyMomentum" in described.stdout
    assert not ran(here)


def test_an_own_rule_races_ours_and_is_shown_as_the_users(here: Path) -> None:
    done = tuilab("run", "../course/bowl.toml", "--trust", "--name", "raced", "--check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "with your own mine.py:MyMomentum" in done.stdout
    assert ran(here)
    run = find(here / "runs", "raced")
    digest = hashlib.sha256(MINE.encode()).hexdigest()
    assert run.facts["own"] == {f"{here}/course/mine.py": digest}
    with run.open() as recording:
        assert recording.header["own"] == [
            {"part": "optimizer", "file": f"{here}/course/mine.py", "name": "MyMomentum", "sha256": digest}
        ]
        settings = recording.header["scenario"]["arms"]["mine"]["optimizer"]
        assert settings == {"name": f"{here}/course/mine.py:MyMomentum", "lr": 0.05, "rho": 0.9, "fails": 0}
        assert recording.read("mine/x")[1].tolist() == recording.read("ours/x")[1].tolist()
    (here / "course" / "mine.py").unlink()
    for words in (("replay", "raced", "--plain"), ("inspect", "raced"), ("diagnose", "raced")):
        assert tuilab(*words).returncode == 0
    assert "own parts mine.py:MyMomentum" in tuilab("inspect", "raced").stdout


def test_check_and_studies_run_it_when_told_to(here: Path) -> None:
    assert tuilab("check", "../course/bowl.toml", "--trust").returncode == 0
    done = tuilab("run", "../course/bowl.toml", "--trust", "--seeds", "2", "--name", "both")
    assert done.returncode == 0, done.stderr
    states = [json.loads(f.read_text())["state"] for f in (here / "runs" / "both").glob("*/summary.json")]
    assert states == ["finished"] * 2
    done = tuilab("check", "../course/bowl.toml", "--trust", "--seeds", "2", "--jobs", "1", "--json")
    assert json.loads(done.stdout)[0]["expectations"][0]["kept"] == 2


def test_an_override_is_seen_from_the_working_folder(here: Path) -> None:
    (here / "elsewhere" / "other.py").write_text(MINE)
    path = here / "course" / "bowl.toml"
    for option in ("arms.mine.optimizer=other.py:MyMomentum", "arms.mine.optimizer.name=other.py:MyMomentum"):
        base = [] if "name" not in option else ['arms.mine.optimizer={name="x.py:Y"}']
        scenario = load(path, [*base, option])
        assert (
            scenario.setups["mine"].model_dump()["optimizer"]["name"] == f"{Path.cwd()}/other.py:MyMomentum"
        )
    assert load(path).setups["mine"].model_dump()["optimizer"]["name"] == f"{here}/course/mine.py:MyMomentum"


def test_what_has_another_form_is_no_own_part(here: Path) -> None:
    for name in ("mine:MyMomentum", "mine.py", "mine.py:My-Momentum"):
        with pytest.raises(ScenarioError) as caught:
            load(here / "course" / "bowl.toml", [f'arms.mine.optimizer={{name="{name}"}}'])
        assert f"found '{name}'" in str(caught.value)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import torch\n1 / 0\n", "mine.py, line 2: ZeroDivisionError: division by zero"),
        ("class MyMomentum\n", "mine.py, line 1: SyntaxError: expected ':'"),
        ("import sys\nsys.exit(0)\n", "mine.py, line 2: SystemExit: 0"),
        ("import nearby\n", "mine.py, line 1: ModuleNotFoundError: No module named 'nearby'"),
        ("class Other: pass\n", "there is no MyMomentum in it; there are Other"),
        ("MyMomentum = 3\n", "wanted a class or a function"),
        ("class MyMomentum: pass\n", "it has no start; wanted start(x), step(x, g, state)"),
        (
            "class MyMomentum:\n  def start(self, x): return 0\n  def step(self, x, g, state): return x\n",
            "start gave 0; wanted a tuple of tensors",
        ),
        (
            "class MyMomentum:\n  def start(self, x): return ()\n"
            "  def step(self, x, g, state): return x[0], ()\n",
            "step gave an x a tensor () float64 for a tensor (2,) float64; wanted the like",
        ),
        (
            "class MyMomentum:\n  def start(self, x): return ()\n  def step(self, x, g, state): return y\n",
            "mine.py, line 3, in step: NameError: name 'y' is not defined",
        ),
        (
            "class MyMomentum:\n  start = step = print\n  def __init__(self):\n    raise ValueError('no')\n",
            "mine.py, line 4, in __init__: ValueError: no",
        ),
        (
            "class MyMomentum:\n  def __init__(self, rate): pass\n",
            "it wants the setting rate",
        ),
    ],
)
def test_what_is_wrong_with_it_is_one_sentence(here: Path, code: str, said: str) -> None:
    (here / "course" / "mine.py").write_text(code)
    (here / "course" / "nearby.py").write_text("")
    run = prepare(here / "course" / "bowl.toml", trust=True)
    with pytest.raises(EngineError) as caught:
        conduct(run, trust=True)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_setting_that_it_does_not_take(here: Path) -> None:
    done = tuilab(
        "run",
        "../course/bowl.toml",
        "--trust",
        "-s",
        'arms.mine.optimizer={name="../course/mine.py:MyMomentum", lrr=1}',
    )
    assert done.returncode == 2
    assert "it has no setting lrr; there are lr, rho, fails" in done.stderr
    assert not listing(here / "runs"), "what could not begin leaves no run"


def test_a_step_that_fails_is_recorded_with_its_line(here: Path) -> None:
    changed = 'arms.mine.optimizer={name="../course/mine.py:MyMomentum", fails=7}'
    done = tuilab("run", "../course/bowl.toml", "--trust", "--name", "fails", "-s", changed)
    assert done.returncode == 2
    sentence = f"{here}/course/mine.py, line 14, in step: ZeroDivisionError: what now?"
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    run = find(here / "runs", "fails")
    assert run.glance().state == "failed"
    assert run.glance().problem == sentence
    with run.open() as recording:
        assert recording.last_step == 6
        (failed,) = [event for event in recording.events() if event.kind == "failed"]
        assert failed.data == {"message": sentence}


def test_resume_wants_trust_again_and_says_that_the_file_has_changed(here: Path) -> None:
    words = ("run", "../course/bowl.toml", "--trust", "--name", "on", "--detach", "--pace", "20")
    done = subprocess.run([sys.executable, "-P", "-m", "tuilab", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert tuilab("stop", "on").returncode == 0
    run = find(here / "runs", "on")
    ran(here)
    refused = tuilab("resume", "on")
    assert refused.returncode == 2
    assert "add --trust" in refused.stderr
    assert not ran(here)
    assert not run.state().alive
    mine = here / "course" / "mine.py"
    mine.write_text(MINE + "# another line\n")
    done = tuilab("resume", "on", "--trust")
    assert done.returncode == 0, done.stderr
    assert f"{mine} has changed since this run was made" in done.stderr
    assert ran(here)
    with run.open() as recording:
        assert recording.last_step == 40
        (event,) = [event for event in recording.events() if event.kind == "resumed-from"]
        assert "has changed" in event.data["notes"][0]
        assert recording.read("mine/x")[1].tolist() == recording.read("ours/x")[1].tolist()
    shas = set()
    for path in run.recordings():
        with Recording.open(path) as part:
            shas |= {fact["sha256"] for fact in part.header["own"]}
    assert len(shas) == 2
