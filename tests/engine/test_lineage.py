"""What a run's files say of their history, read without a single clock."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.engine.conftest import Prepare
from tests.engine.history import as_read, events, files, history
from tuilab import forking
from tuilab.engine import EngineError, checkpoints, conduct
from tuilab.experiments.descent import DescentExperiment
from tuilab.runs import Run, State


def stop_at(run: Run, step: int, resume: bool = False) -> None:
    """Conduct a run up to a step."""

    def watch(at: int, steps: int, note: str) -> None:
        if at == step:
            run.send("stop")

    run.options["pace"] = 500
    assert conduct(run, watch, resume) is State.STOPPED
    run.options["pace"] = None


def headers(run: Run) -> list[dict[str, Any]]:
    keys = ("run", "sequence", "rank", "continues", "parent")
    return [{key: header[key] for key in keys if key in header} for header, _ in files(run)]


def test_each_file_says_what_it_goes_on_from(prepare: Prepare) -> None:
    run, whole = prepare(), prepare()
    conduct(whole)
    name = run.facts["id"]
    stop_at(run, 10)
    stop_at(run, 20, resume=True)
    assert conduct(run, resume=True) is State.FINISHED
    (first, second, third) = headers(run)
    assert first == {"run": name, "sequence": 1, "rank": 0}
    at, again = second["continues"]["step"], third["continues"]["step"]
    assert 10 <= at <= 20 <= again < 40
    # At the stop there was a checkpoint; what came after it in the file is not of this history.
    assert second == {
        "run": name,
        "sequence": 2,
        "rank": 0,
        "continues": {"file": "main.tlr", "step": at, "events": len(events(run, "main.tlr")) - 2},
    }
    assert third["continues"]["file"] == "main-2.tlr"
    assert [event.kind for event in events(run, "main.tlr")][-2:] == ["checkpoint", "stopped"]
    assert as_read(run) == history(run) == history(whole)


def test_without_a_checkpoint_nothing_before_counts(prepare: Prepare) -> None:
    run, whole = prepare(checkpoint=0), prepare()
    conduct(whole)
    stop_at(run, 10)
    conduct(run, resume=True)
    assert headers(run)[1]["continues"] == {"file": "main.tlr", "step": -1, "events": 0}
    assert as_read(run) == history(run) == history(whole)


def test_a_file_that_is_gone_is_named_all_the_same(prepare: Prepare) -> None:
    run = prepare()
    stop_at(run, 10)
    (run.path / "main.tlr").rename(run.path / "elsewhere")
    assert conduct(run, resume=True) is State.FINISHED
    assert [path.name for path in run.recordings()] == ["main.tlr"], "a new one"
    stop_at_twice = prepare()
    stop_at(stop_at_twice, 10)
    stop_at(stop_at_twice, 20, resume=True)
    (stop_at_twice.path / "main.tlr").unlink()
    conduct(stop_at_twice, resume=True)
    assert [path.name for path in stop_at_twice.recordings()] == ["main-2.tlr", "main-3.tlr"]


def test_a_fork_names_the_file_that_holds_its_past(prepare: Prepare) -> None:
    parent = prepare()
    stop_at(parent, 10)
    conduct(parent, resume=True)
    continued = headers(parent)[1]["continues"]["step"]
    for step, file in ((continued, "main.tlr"), (continued + 5, "main-2.tlr")):
        fork = forking.fork(parent, step)
        conduct(fork)
        found = headers(fork)[0]["parent"]
        assert (found["run"], found["file"], found["step"]) == (parent.facts["id"], file, step)
        with fork.open() as forked, parent.open() as whole:
            assert forked.read("sgd/loss")[1].tolist() == whole.read("sgd/loss")[1].tolist()


def test_no_clock_decides_what_happened(prepare: Prepare, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that failed here is gone on with on a host whose clock is ten minutes behind."""
    run, whole = prepare(), prepare()
    conduct(whole)
    take, breaks = DescentExperiment.__next__, {"at": 25}

    def breaking(self: DescentExperiment) -> Any:
        if self._step == breaks["at"]:
            raise RuntimeError("a part broke")
        return take(self)

    monkeypatch.setattr(DescentExperiment, "__next__", breaking)
    run.options["checkpoint"] = 1e-9
    with pytest.raises(EngineError, match="a part broke"):
        conduct(run)
    assert run.state() is State.FAILED
    assert run.summary().problem == "RuntimeError: a part broke"
    breaks["at"], run.options["checkpoint"] = -1, 60
    clock, nanoseconds = time.time, time.time_ns
    monkeypatch.setattr(time, "time", lambda: clock() - 600)
    monkeypatch.setattr(time, "time_ns", lambda: nanoseconds() - 600 * 10**9)
    assert conduct(run, resume=True) is State.FINISHED
    assert run.state() is State.FINISHED
    assert headers(run)[1]["continues"]["step"] == 24
    assert as_read(run) == history(run) == history(whole)


DYING = """
import os, sys
from pathlib import Path
import torch
from tuilab import forking
from tuilab.engine import checkpoints, conduct
from tuilab.runs import Run
save = checkpoints.save
def dying(folder, experiment, step, facts):
    made = save(folder, experiment, step, facts)
    if step >= 20:
        os._exit(9)  # as SIGKILL would, between the checkpoint and the next write
    return made
checkpoints.save = dying
conduct(Run(Path(sys.argv[1])))
"""


def test_what_a_checkpoint_goes_on_from_was_written_before_it(prepare: Prepare) -> None:
    run, whole = prepare("steps=90", checkpoint=1e-9), prepare("steps=90")
    conduct(whole)
    dead = subprocess.run([sys.executable, "-c", DYING, str(run.path)], check=False)
    assert dead.returncode == 9
    assert run.state() is State.DIED
    newest = int(checkpoints.listing(run.path / "checkpoints")[0].name)
    with run.open() as recording:
        assert recording.last_step >= newest
    run.options["checkpoint"] = 60
    conduct(run, resume=True)
    assert as_read(run) == history(run) == history(whole)


def test_halves_of_files_are_swept_up(prepare: Prepare) -> None:
    run = prepare()
    stop_at(run, 10)
    halves = [run.path / ".main.tlr.123.tmp", run.path / ".summary.json.77.tmp"]
    for half in halves:
        half.write_bytes(b"half")
    (run.path / "checkpoints" / ".000000010.123").mkdir()
    (run.path / "checkpoints" / ".000000010.123" / "state.json").write_text("{")
    (run.path / ".mine").write_text("kept")
    conduct(run, resume=True)
    assert not any(half.exists() for half in halves)
    assert {path.name for path in (run.path / "checkpoints").iterdir()} <= {
        *(f"{step:09}" for step in range(41))
    }
    assert (run.path / ".mine").exists()


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda s: s["arms"]["sgd"]["optimizer"].pop("lr"), r"arms\.sgd\.optimizer\.lr"),
        (lambda s: s.update(novelty=1), "novelty"),
        (lambda s: s.update(kind="dance"), "of kind 'dance'"),
        (lambda s: s.update(kind=["descent"]), "of kind"),
        (lambda s: s.update(arms=None), "arms"),
    ],
)
def test_a_scenario_of_another_tuilab_is_a_sentence(
    prepare: Prepare, damage: Callable[[dict[str, Any]], Any], sentence: str
) -> None:
    run = prepare()
    stop_at(run, 10)
    before = sorted(path.name for path in run.path.iterdir())
    facts = json.loads((run.path / "run.json").read_text())
    damage(facts["scenario"])
    (run.path / "run.json").write_text(json.dumps(facts))
    with pytest.raises(EngineError, match=sentence) as said:
        conduct(Run(run.path), resume=True)
    assert "\n" not in str(said.value)
    assert said.value.__cause__ is None
    assert run.state() is State.STOPPED, "nothing has changed"
    assert sorted(path.name for path in run.path.iterdir()) == before
