"""Runs that go on from checkpoints: the same series as if nothing had happened."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tuilab.engine import EngineError, conduct
from tuilab.recording import Recording
from tuilab.runs import Run, State, create
from tuilab.scenario.load import load

SPIRALS = """
kind = "training"
title = "Spirals"
question = "Which way?"
steps = 60
data = { name = "spirals", train = 200, validation = 50 }
batch = 16
evaluate = 1
network = { name = "mlp", width = 16, depth = 2, norm = "batch" }
probes = { every = 5, budget = 1.0 }
[arms.adam]
optimizer = { name = "adam", lr = 0.01 }
[arms.momentum]
optimizer = { name = "momentum", lr = 0.05 }
schedule = { name = "cosine" }
"""


def prepared(folder: Path, name: str, *overrides: str, **options: object) -> Run:
    file = folder / "spirals.toml"
    file.write_text(SPIRALS)
    scenario = load(file, overrides).model_dump(mode="json")
    return create(folder / "runs", "spirals", scenario, {"device": "cpu", "threads": 1} | options, name)


def assert_same(found: Recording, expected: Recording) -> None:
    """Every series is the same bit for bit, the engine's clock readings excepted."""
    names = [name for name in expected.series() if not name.startswith("engine/")]
    assert sorted(names) == sorted(name for name in found.series() if not name.startswith("engine/"))
    for name in names:
        (steps, values), (wanted_steps, wanted) = found.read(name), expected.read(name)
        assert steps.tolist() == wanted_steps.tolist(), name
        assert values.tobytes() == wanted.tobytes(), (name, np.flatnonzero(values != wanted)[:3])


def stop_at(run: Run, step: int) -> None:
    """Conduct a run and ask it to stop once it has come to a step."""
    paced = Run(run.path)

    def watch(at: int, steps: int, note: str) -> None:
        if at == step:
            paced.send("stop")

    run.facts["options"]["pace"] = 200
    assert conduct(run, watch) is State.STOPPED


def test_a_stopped_run_goes_on_bit_for_bit(tmp_path: Path) -> None:
    whole = prepared(tmp_path, "whole")
    conduct(whole)
    halves = prepared(tmp_path, "halves")
    stop_at(halves, 23)
    with halves.open() as recording:
        assert recording.last_step < 60
    assert halves.state() is State.STOPPED
    assert conduct(Run(halves.path), resume=True) is State.FINISHED
    assert halves.state() is State.FINISHED
    with whole.open() as expected, halves.open() as found:
        assert_same(found, expected)
        assert found.header["scenario"] == expected.header["scenario"]
        clock = found.read("engine/seconds")[1]
        assert (np.diff(clock) > 0).all(), "time goes on from where it was"


def test_an_arm_that_is_lost_stays_so_and_the_others_go_on(tmp_path: Path) -> None:
    lost = ("network.norm=none", "arms.momentum.optimizer.lr=1e6")
    whole, halves = prepared(tmp_path, "whole", *lost), prepared(tmp_path, "halves", *lost)
    conduct(whole)
    stop_at(halves, 23)
    assert conduct(Run(halves.path), resume=True) is State.FINISHED
    with whole.open() as expected, halves.open() as found:
        assert_same(found, expected)
        (diverged,) = [event for event in found.events() if event.kind == "diverged"]
        assert diverged.arm == "momentum"
        assert diverged.step < 23
        assert np.isnan(found.read("momentum/train.loss", 23)[1]).all()
        assert np.isfinite(found.read("adam/train.loss")[1]).all()


def test_a_killed_run_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    whole = prepared(tmp_path, "whole", "steps=400")
    conduct(whole)
    run = prepared(tmp_path, "killed", "steps=400", checkpoint=0.05, pace=150)
    with subprocess.Popen([sys.executable, "-m", "tuilab.engine", str(run.path)]) as engine:
        deadline = time.monotonic() + 60
        while not any(int(path.name) for path in (run.path / "checkpoints").glob("0*")):
            assert time.monotonic() < deadline
            assert engine.poll() is None
            time.sleep(0.01)
        engine.send_signal(signal.SIGKILL)
    assert run.state() is State.DIED
    again = Run(run.path)
    again.facts["options"]["pace"] = None
    assert conduct(again, resume=True) is State.FINISHED
    with whole.open() as expected, run.open() as found:
        assert_same(found, expected)
        (resumed,) = [event for event in found.events() if event.kind == "resumed-from"]
        assert resumed.step > 0


def test_a_damaged_checkpoint_leaves_the_one_before(tmp_path: Path) -> None:
    run = prepared(tmp_path, "run", checkpoint=1e-9)
    stop_at(run, 20)
    *_, old, new = sorted((run.path / "checkpoints").iterdir())
    (new / "state.safetensors").write_bytes((new / "state.safetensors").read_bytes()[:100])
    conduct(Run(run.path), resume=True)
    with run.open() as recording:
        (resumed,) = [event for event in recording.events() if event.kind == "resumed-from"]
    assert resumed.step == int(old.name)
    assert run.state() is State.FINISHED


def test_only_damaged_checkpoints_are_a_sentence_and_nothing_is_lost(tmp_path: Path) -> None:
    run = prepared(tmp_path, "run")
    stop_at(run, 20)
    (checkpoint,) = (run.path / "checkpoints").iterdir()
    (checkpoint / "state.json").write_text("{")
    with pytest.raises(EngineError, match=r"this checkpoint is damaged"):
        conduct(Run(run.path), resume=True)
    assert len(run.recordings()) == 1


def test_a_checkpoint_of_another_network_says_which_tensors_differ(tmp_path: Path) -> None:
    run = prepared(tmp_path, "run")
    stop_at(run, 20)
    facts = json.loads((run.path / "run.json").read_text())
    for arm in facts["scenario"]["arms"].values():
        arm["network"]["width"] = 24
    (run.path / "run.json").write_text(json.dumps(facts))
    with pytest.raises(EngineError, match=r"linear\.weight is 16×2 there and 24×2 here.* and \d+ more"):
        conduct(Run(run.path), resume=True)


def test_what_was_turned_stays_turned(tmp_path: Path) -> None:
    run = prepared(tmp_path, "run")
    run.send("set", key="adam/optimizer.lr", value=0.5)
    stop_at(run, 20)
    conduct(Run(run.path), resume=True)
    with run.open() as recording:
        assert recording.at("adam/learning_rate", 60) == 0.5


def test_a_run_without_checkpoints_begins_anew_and_comes_to_the_same(tmp_path: Path) -> None:
    whole, run = prepared(tmp_path, "whole"), prepared(tmp_path, "run", checkpoint=0)
    conduct(whole)
    stop_at(run, 20)
    assert not (run.path / "checkpoints").exists()
    conduct(Run(run.path), resume=True)
    with whole.open() as expected, run.open() as found:
        assert_same(found, expected)


def test_a_scenario_can_do_without(tmp_path: Path) -> None:
    run = prepared(tmp_path, "run", "checkpoints=false", "steps=3")
    conduct(run)
    assert not (run.path / "checkpoints").exists()
