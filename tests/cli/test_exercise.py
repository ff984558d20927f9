"""`tuilab exercise` and `tuilab show PART`, as whoever learns, or teaches, meets them."""

from __future__ import annotations

import csv
import inspect
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from cli_command import tuilab

from tuilab.exercises import find, written
from tuilab.parts.optimizers import Adam
from tuilab.recording import Writer
from tuilab.runs import listing
from tuilab.scenario.load import load


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TUILAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return tmp_path


RIGHT = "        return x - self.lr * (g + self.weight_decay * x), ()"


def solve(path: Path, start: str, step: str) -> None:
    head, first, second = path.read_text().split("        raise NotImplementedError\n")
    path.write_text(f"{head}        {start}\n{first}{step}\n{second}")


def test_an_exercise_from_its_file_to_the_race(here: Path) -> None:
    done = tuilab("exercise", "sgd")
    assert done.returncode == 0, done.stderr
    path = here / "sgd_exercise.py"
    again = tuilab("exercise", "sgd")
    assert again.returncode == 2
    assert "there is such a file already" in again.stderr

    unwritten = tuilab("exercise", "sgd", "--check", "sgd_exercise.py")
    assert unwritten.returncode == 1
    assert f"not written yet: {path}, line " in unwritten.stdout

    solve(path, "return ()", "        return x + self.lr * g, ()")
    wrong = tuilab("exercise", "sgd", "--check", "sgd_exercise.py", "--no-race")
    assert wrong.returncode == 1, wrong.stderr
    assert "differs first at step 1: x (settings as they are)" in wrong.stdout
    assert "the change from the value before is -1 times ours everywhere" in wrong.stdout
    assert not (here / "runs").exists()

    path.write_text(path.read_text().replace("        return x + self.lr * g, ()", RIGHT))
    right = tuilab("exercise", "sgd", "--check", "sgd_exercise.py")
    assert right.returncode == 0, right.stdout + right.stderr
    assert "the same as tuilab's at all" in right.stdout
    assert "with your own sgd_exercise.py:SGD" in right.stdout, "and both have raced"
    run = listing(here / "runs")[0]
    with run.open() as recording:
        assert recording.read("ours/x")[1].tolist() == recording.read("yours/x")[1].tolist()
    tested = subprocess.run(
        [sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", str(path)], capture_output=True
    )
    assert tested.returncode == 0


@pytest.mark.parametrize("name", ["tanh", "lecun_normal", "cosine"])
def test_the_other_races_run_too(here: Path, name: str) -> None:
    body = {
        "tanh": "return 1 - torch.tanh(h) ** 2",
        "lecun_normal": "return fan_in**-0.5",
        "cosine": "return (1 + math.cos(math.pi * t)) / 2",
    }[name]
    Path("mine.py").write_text(written(find(name)).replace("raise NotImplementedError", body))
    done = tuilab("exercise", name, "--check", "mine.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "with your own mine.py:" in done.stdout
    with listing(here / "runs")[0].open() as recording:
        for series in recording.series("ours/*"):
            ours, yours = (recording.read(f"{arm}{series[4:]}")[1].tolist() for arm in ("ours", "yours"))
            assert yours == pytest.approx(ours, rel=1e-9), series


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import sys\nsys.exit(0)\n", "line 2: SystemExit: 0"),
        ("import os\nos._exit(7)\n", "ended its process by itself (exit code 7)"),
        ("def cosine(t):\n  while True: pass\n", "not done after 4 s"),
        ("def cosine(t):\n  return 1 / t\n", "line 2, in cosine: ZeroDivisionError"),
        ("def other(t): pass\n", "there is no cosine in it; there are other"),
    ],
)
def test_a_file_that_can_not_be_compared_is_a_sentence(code: str, said: str) -> None:
    Path("mine.py").write_text(code)
    done = tuilab("exercise", "cosine", "--check", "mine.py", "--limit", "4" if "while" in code else "60")
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_what_a_file_prints_commands_no_terminal() -> None:
    Path("mine.py").write_text("print('\\x1b]0;owned\\x07 hello')\ndef cosine(t): return 'a'\n")
    done = tuilab("exercise", "cosine", "--check", "mine.py")
    assert "hello" in done.stdout
    assert "\x1b" not in done.stdout


def test_no_such_exercise() -> None:
    assert "did you mean init-constant or schedule-constant?" in tuilab("exercise", "constant").stderr
    assert "did you mean adam" in tuilab("exercise", "adamm").stderr


def test_a_class_is_graded_whatever_its_files_do(here: Path) -> None:
    cosine = written(find("cosine"))
    answers = {
        "ann": cosine.replace("raise NotImplementedError", "return (1 + math.cos(math.pi * t)) / 2"),
        "ben": cosine,
        "=cmd|calc": "import sys\nsys.exit(0)\n",
        "eve": "def cosine(t):\n  while True: pass\n",
    }
    for student, text in answers.items():
        folder = here / "class" / student / "week 3"
        folder.mkdir(parents=True)
        (folder / "cosine_exercise.py").write_text(text)
    (here / "class" / "fay").mkdir()

    refused = tuilab("exercise", "--answers", "class")
    assert refused.returncode == 2
    assert "4 files of other people's code" in refused.stderr

    # Predictions are judged by our answers, whatever the recording says is right.
    scenario = load("saddle").model_dump(mode="json")
    right = scenario["predict"][0]["answer"]
    for student, said, created in (
        ("ann", right, 1.0),
        ("ann", 1 - right if right < 2 else 0, 2.0),
        ("ben", 0 if right else 1, 1.0),
    ):
        told = json.loads(json.dumps(scenario))
        told["predict"][0]["answer"] = said
        header = {"scenario": told, "predicted": [said], "created": created}
        writer = Writer.create(here / "class" / student / f"{created}.tlr", header)
        writer.event(0, "started")
        writer.close()

    done = tuilab("exercise", "--answers", "class", "--trust", "--limit", "15")
    assert done.returncode == 0, done.stderr
    rows = {row["student"]: row for row in csv.DictReader(io.StringIO(done.stdout))}
    assert list(rows) == ["'=cmd|calc", "ann", "ben", "eve", "fay"]
    graded = {student: row["exercise cosine"] for student, row in rows.items()}
    assert graded["ann"] == "right"
    assert graded["ben"] == "not written"
    assert graded["eve"] == "fails: not done after 15 s"
    assert "SystemExit: 0" in graded["'=cmd|calc"]
    assert graded["fay"] == ""
    assert rows["ann"]["prediction saddle 1"] == "right"
    assert rows["ben"]["prediction saddle 1"] == "wrong"
    assert rows["eve"]["prediction saddle 1"] == ""


def test_our_own_code_is_shown() -> None:
    assert inspect.getsource(Adam).rstrip() in tuilab("show", "adam", "--source").stdout
    told = tuilab("show", "adam").stdout
    assert "beta2 = 0.999" in told
    assert "code: tuilab/parts/optimizers/adam.py:" in told
    both = json.loads(tuilab("show", "constant", "--json").stdout)
    assert [facts["family"] for facts in both] == ["init", "schedule"]
    unknown = tuilab("show", "adamm")
    assert unknown.returncode == 2
    assert "did you mean adam" in unknown.stderr
