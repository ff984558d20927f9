"""Several processes learn as one: the same losses, one run folder, and none waits for one that is gone."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest

from tuilab.recording import Recording
from tuilab.runs import Run, State

SPIRALS = """
kind = "training"
title = "Spirals"
question = "Together?"
steps = 40
data = { name = "spirals", train = 200, validation = 50 }
batch = 17
evaluate = 1
network = { name = "mlp", width = 16, depth = 2 }
probes = { every = 10, budget = 1.0 }
[arms.adam]
optimizer = { name = "adam", lr = 0.01 }
"""
MORE = """
[arms.halved]
batch = 8
optimizer = { name = "momentum", lr = 0.05 }
early_stopping = { patience = 1 }
[arms.lbfgs]
optimizer = { name = "lbfgs", lr = 0.5 }
[arms.normed]
network = { name = "mlp", width = 16, depth = 2, norm = "batch" }
optimizer = { name = "sgd", lr = 0.1 }
augment = { noise = 0.05, mixup = 0.2 }
[arms.lost]
optimizer = { name = "sgd", lr = 1e6 }
"""
# Importing torch takes seconds, so one process imports it once and forks all that are asked of it.
NURSERY = """
import json, os, sys
import torch._dynamo, torch.distributed  # torch.optim imports the first when it is first used
from tuilab.cli import main
import tuilab.cli.app, tuilab.engine.distributed, tuilab.experiments.training
print("ready", flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    children = []
    for environment in asked["environments"]:
        pid = os.fork()
        if not pid:
            os.environ.update(environment)
            out = os.open(asked["out"] + environment.get("RANK", ""), os.O_WRONLY | os.O_CREAT)
            os.dup2(out, 1)
            os.dup2(out, 2)
            sys.argv = ["tuilab", *asked["arguments"]]
            try:
                exec(sys.argv[2]) if sys.argv[1] == "-c" else main()
            except SystemExit as end:
                sys.stdout.flush()
                os._exit(end.code or 0)
            except BaseException:
                import traceback
                traceback.print_exc()
            os._exit(99)
        children.append(pid)
    print(json.dumps(children), flush=True)
    print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]), flush=True)
"""


class Nursery:
    """Runs `tuilab` in several processes at once."""

    def __init__(self, folder: Path, stdin: IO[str], stdout: IO[str]) -> None:
        self.folder, self.runs = folder, folder / "runs"
        self._stdin, self._stdout = stdin, stdout
        (folder / "quick.toml").write_text(SPIRALS)
        (folder / "spirals.toml").write_text(SPIRALS + MORE)

    def start(self, count: int, *arguments: str) -> list[int]:
        """Start `tuilab ARGUMENTS` as `torchrun` would; returns the processes' numbers."""
        environments: list[dict[str, str]] = [{}]
        if count > 1:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            common = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(count)}
            environments = [{**common, "RANK": str(k), "LOCAL_RANK": str(k)} for k in range(count)]
        out = self.folder / "out"
        for old in self.folder.glob("out*"):
            old.unlink()
        for environment in environments:
            (self.folder / f"out{environment.get('RANK', '')}").touch()
        asked = {"environments": environments, "arguments": arguments, "out": str(out)}
        self._stdin.write(json.dumps(asked) + "\n")
        self._stdin.flush()
        pids: list[int] = json.loads(self._stdout.readline())
        return pids

    def codes(self) -> list[int]:
        """Wait for the end of what was started; the exit codes."""
        codes: list[int] = json.loads(self._stdout.readline())
        return codes

    def run(self, name: str, count: int, *arguments: str) -> Run:
        """A whole run of the spirals."""
        self.start(count, *self.words(name, *arguments))
        assert self.codes() == [0] * count, self.said()
        return Run(self.runs / name)

    def words(self, name: str, *more: str) -> Sequence[str]:
        file = str(self.folder / ("spirals.toml" if name in ("alone", "both") else "quick.toml"))
        return ["run", file, "--runs", str(self.runs), "--name", name, "--threads", "1", "--json", *more]

    def said(self) -> list[str]:
        """What each process printed."""
        return [path.read_text() for path in sorted(self.folder.glob("out*"))]


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    hidden = {key: value for key, value in os.environ.items() if key not in ("RANK", "WORLD_SIZE")}
    with subprocess.Popen(
        [sys.executable, "-c", NURSERY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**hidden, "OMP_NUM_THREADS": "1"},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield Nursery(tmp_path_factory.mktemp("world"), process.stdin, process.stdout)
        process.stdin.close()


@pytest.fixture(scope="module")
def alone(nursery: Nursery) -> Run:
    return nursery.run("alone", 1)


@pytest.fixture(scope="module")
def both(nursery: Nursery) -> Run:
    return nursery.run("both", 2)


def wait_for(run: Run, step: int) -> None:
    """Until a run in other processes has come to a step, as its first process recorded it."""
    deadline = time.monotonic() + 60
    while True:
        assert time.monotonic() < deadline
        if run.recordings():
            with run.open() as recording:
                if recording.has("adam/train.loss") and recording.read("adam/train.loss")[0][-1] >= step:
                    return
        time.sleep(0.01)


def history_of(path: Path) -> dict[str, Any]:
    """Where a file says that it stands in its run's history."""
    with Recording.open(path) as recording:
        keys = ("run", "sequence", "rank", "continues")
        return {key: recording.header[key] for key in keys if key in recording.header}


def assert_close(found: Recording, expected: Recording, name: str, tolerance: float = 1e-5) -> None:
    (steps, values), (wanted_steps, wanted) = found.read(name), expected.read(name)
    assert steps.tolist() == wanted_steps.tolist()
    np.testing.assert_allclose(values, wanted, rtol=tolerance, atol=tolerance, err_msg=name)


def test_two_processes_learn_as_one_with_the_whole_batch(alone: Run, both: Run) -> None:
    with alone.open() as expected, both.open() as found:
        assert found.last_step == 40
        losses = expected.read("adam/train.loss")[1]
        assert losses[-8:].mean() < 0.99 * losses[:8].mean()
        for arm in ("adam", "halved", "lost"):
            for metric in ("train.loss", "train.accuracy", "validation.loss", "validation.accuracy"):
                assert_close(found, expected, f"{arm}/{metric}")
        # It looks at a batch more than once, and amplifies the last digits.
        steps, values = found.read("lbfgs/train.loss", 0, 9)
        np.testing.assert_allclose(values, expected.read("lbfgs/train.loss", 0, 9)[1], rtol=1e-3)
        assert len(steps) == 9
        for metric in ("weight_gradient.norm", "gradient.norm"):
            assert_close(found, expected, f"adam/{metric}/1", 1e-4)
        both_ended, one_ended = (
            [
                (e.step, e.kind, e.arm)
                for e in recording.events()
                if e.kind in ("stopped", "restored", "diverged")
            ]
            for recording in (found, expected)
        )
        assert both_ended == one_ended
        assert "diverged" in {kind for _, kind, _ in both_ended}


def test_batch_norm_looks_at_each_share_by_itself_and_averages_what_it_remembers(
    alone: Run, both: Run
) -> None:
    with alone.open() as expected, both.open() as found:
        first = found.read("normed/train.loss")[1]
        assert np.isfinite(first).all()
        assert first[-1] != expected.read("normed/train.loss")[1][-1]
        assert_close(found, expected, "normed/validation.loss", 0.2)


def test_each_process_records_its_share_in_the_same_run(both: Run) -> None:
    assert [path.name for path in both.recordings()] == ["main.tlr", "rank-1.tlr"]
    assert both.state() is State.FINISHED
    with both.open() as recording:
        assert recording.header["processes"] == 2
        assert recording.finished
        kinds = [event.kind for event in recording.events()]
        assert kinds.count("started") == kinds.count("finished") == 1
        shares = [recording.read(f"adam/rank.loss/{rank}")[1] for rank in (0, 1)]
        # 17 examples are 8 and 9.
        mean = (8 * shares[0] + 9 * shares[1]) / 17
        np.testing.assert_allclose(mean, recording.read("adam/train.loss")[1], rtol=1e-5)
    with Recording.open(both.path / "rank-1.tlr") as own:
        assert set(own.series()) == {
            "engine/rank.seconds/1",
            *(f"{arm}/rank.{figure}/1" for arm in own.header["arms"] for figure in ("loss", "accuracy")),
        }


def test_a_reader_sees_one_run(nursery: Nursery, both: Run) -> None:
    nursery.start(1, "inspect", str(both.path))
    assert nursery.codes() == [0], nursery.said()
    (inspected,) = nursery.said()
    assert "adam/rank.loss/1" in inspected
    assert "engine/rank.seconds/1" in inspected
    nursery.start(1, "replay", "--plain", str(both.path))
    assert nursery.codes() == [0], nursery.said()


def test_a_stopped_run_goes_on_in_as_many_processes_or_fewer(nursery: Nursery, both: Run) -> None:
    for name, count in (("halves", 2), ("fewer", 1)):
        run = Run(nursery.runs / name)
        nursery.start(2, *nursery.words(name, "--pace", "60"))
        wait_for(run, 10)
        run.send("set", key="adam/optimizer.lr", value=0.01)
        run.send("pause")
        run.send("resume")
        run.send("stop")
        assert nursery.codes() == [130, 130], nursery.said()
        assert run.state() is State.STOPPED
        facts = json.loads((run.path / "run.json").read_text())
        facts["options"]["pace"] = None
        (run.path / "run.json").write_text(json.dumps(facts))
        nursery.start(count, "resume", str(run.path))
        assert nursery.codes() == [0] * count, nursery.said()
        assert run.state() is State.FINISHED
        told = {path.name: history_of(path) for path in run.recordings()}
        stopped = told["main-2.tlr"]["continues"]["step"]
        assert told["rank-1.tlr"] == {"run": run.facts["id"], "sequence": 1, "rank": 1}
        if count == 2:
            went_on = {"file": "rank-1.tlr", "step": stopped}
            assert told["rank-1-2.tlr"] == told["rank-1.tlr"] | {"sequence": 2, "continues": went_on}
        with run.open() as found, both.open() as expected:
            assert_close(found, expected, "adam/train.loss")
            if count == 2:
                assert (
                    found.read("adam/train.loss")[1].tobytes()
                    == expected.read("adam/train.loss")[1].tobytes()
                )
                assert (
                    found.read("adam/rank.loss/1")[1].tobytes()
                    == expected.read("adam/rank.loss/1")[1].tobytes()
                )


def test_a_signal_to_any_process_stops_all_at_the_same_step(nursery: Nursery) -> None:
    run = Run(nursery.runs / "signalled")
    pids = nursery.start(2, *nursery.words("signalled", "--pace", "20", "--steps", "100000"))
    wait_for(run, 3)
    os.kill(pids[1], signal.SIGINT)
    assert nursery.codes() == [130, 130], nursery.said()
    ends = []
    for path in run.recordings():
        with Recording.open(path) as recording:
            ends.append(recording.last_step)
            assert recording.finished
    assert ends[0] == ends[1]


@pytest.mark.parametrize("victim", [0, 1])
def test_a_killed_process_leaves_the_others_with_a_sentence(nursery: Nursery, victim: int) -> None:
    run = Run(nursery.runs / f"without-{victim}")
    pids = nursery.start(2, *nursery.words(run.name, "--steps", "100000", "--pace", "200"))
    wait_for(run, 5)
    os.kill(pids[victim], signal.SIGKILL)
    codes = nursery.codes()
    assert codes[victim] == -signal.SIGKILL
    assert codes[1 - victim] == 2, nursery.said()
    (said,) = [text for text in nursery.said() if "stopped after step" in text]
    assert "another process of this run has ended" in said
    assert "Traceback" not in said
    assert run.state() is (State.FAILED if victim else State.DIED)
    with run.open() as recording:
        assert len(recording.read("adam/train.loss")[0]) >= 5


IMPATIENT = """
import os, signal, time
from tuilab.engine import distributed
distributed.PATIENCE, distributed.BEAT = 1.0, 0.1
with distributed.joined() as world:
    print("joined", world.broadcast(None), flush=True)
    if world.leader:
        {busy}
    print("heard", world.broadcast("here"), flush=True)
"""


def test_a_process_that_is_busy_is_waited_for_longer_than_patience_lasts(nursery: Nursery) -> None:
    nursery.start(2, "-c", IMPATIENT.format(busy="time.sleep(3)"))
    assert nursery.codes() == [99, 99], nursery.said()
    assert all("heard here" in text for text in nursery.said())


def test_a_process_that_does_not_even_live_is_not(nursery: Nursery) -> None:
    leader, _ = nursery.start(2, "-c", IMPATIENT.format(busy="os.kill(os.getpid(), signal.SIGSTOP)"))
    try:
        deadline = time.monotonic() + 60
        while "PeerLost" not in nursery.said()[1]:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        os.kill(leader, signal.SIGKILL)
    assert nursery.codes()[1] == 99
    assert "another process of this run has ended, or no longer answers" in nursery.said()[1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("-s", "batch=1"), "a batch of 1 can't be shared by 2 processes"),
        (("-s", "nonsense=1"), "nonsense"),
        (("--device", "cuda:99"), "--device cuda:99"),
    ],
)
def test_what_cannot_start_is_said_once_and_leaves_nothing(
    nursery: Nursery, arguments: Sequence[str], sentence: str
) -> None:
    nursery.start(2, *nursery.words("never", *arguments))
    assert nursery.codes() == [2, 2]
    first, second = nursery.said()
    assert sentence in first
    assert second == ""
    assert not (nursery.runs / "never").exists()


def test_other_kinds_are_refused(nursery: Nursery) -> None:
    nursery.start(2, "run", "rosenbrock", "--runs", str(nursery.runs), "--name", "valley")
    assert nursery.codes() == [2, 2]
    assert "only networks in training" in nursery.said()[0]
