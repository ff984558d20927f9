"""Whatever goes wrong in the watcher, the training goes on; and nothing of it is left when it has ended."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.modules import module
from torch.nn.utils import clip_grad
from torch.optim import optimizer as optim

import tuilab
from tests.watching.conftest import network, newest, told, train
from tuilab.recording import output
from tuilab.runs import State
from tuilab.watching import arm, buffer, looking, writing


def model_and_optimizer() -> tuple[nn.Module, torch.optim.Optimizer]:
    model = network()
    return model, torch.optim.SGD(model.parameters(), lr=0.1)


def traces(*optimizers: torch.optim.Optimizer) -> list[Any]:
    """What a watcher could have left behind."""
    hooks = [o._optimizer_step_pre_hooks | o._optimizer_step_post_hooks for o in optimizers]
    shared = [optim._global_optimizer_pre_hooks, optim._global_optimizer_post_hooks]
    shared += [module._global_forward_hooks, module._global_forward_pre_hooks]
    names = sorted(t.name for t in threading.enumerate() if t.name.startswith("tuilab"))
    clip = "tuilab" in getattr(clip_grad._clip_grads_with_norm_, "__code__").co_filename  # noqa: B009
    return [[len(each) for each in (*hooks, *shared)], names, clip, os.umask(os.umask(0o22) or 0o22)]


@pytest.mark.parametrize("given", [True, False])
def test_nothing_is_left_behind(given: bool, runs: Path) -> None:
    model, optimizer = model_and_optimizer()
    before = traces(optimizer)
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    w = tuilab.watch(model, optimizer if given else None, every=2)
    train(model, optimizer, 3, w)
    assert traces(optimizer) != before
    w.close()
    w.close()
    w.log(loss=3)
    assert traces(optimizer) == before
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    assert not any(p._backward_hooks for p in model.parameters())
    train(model, optimizer, 3)
    assert told(newest(runs)).last_step == 3
    assert not newest(runs).engine_lives()


@pytest.mark.parametrize("where", ["before", "after", "look", "note"])
def test_an_error_of_the_watchers_is_said_once(
    where: str, runs: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(*given: Any, **named: Any) -> Any:
        raise ZeroDivisionError("of the watcher's own")

    place = {"before": arm.Arm, "after": arm.Arm, "look": looking.Eye, "note": looking}[where]
    monkeypatch.setattr(place, "norm_figures" if where == "note" else where, broken)
    model, optimizer = model_and_optimizer()
    unwatched = network()
    expected = train(unwatched, torch.optim.SGD(unwatched.parameters(), lr=0.1), 12)
    w = tuilab.watch(model, optimizer, every=2)
    assert train(model, optimizer, 12, w) == expected
    w.close()
    said = capfd.readouterr().err.splitlines()
    assert said == [
        "tuilab: looking into the network has ended (ZeroDivisionError: of the watcher's own); "
        "what is logged is still recorded"
    ]
    found = told(newest(runs))
    assert list(found.series["Sequential/loss"].values()) == expected
    assert found.kinds() == ["started", "looking-ended", "finished"]
    assert newest(runs).state() is State.FINISHED


def test_what_is_no_figure_is_said_and_nothing_is_raised(
    runs: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    model, optimizer = model_and_optimizer()
    with tuilab.watch(model, optimizer) as w:
        train(model, optimizer, 2, w)
        w.log(loss="much")
        w.log(loss="more")
    assert capfd.readouterr().err == (
        "tuilab: watching has ended (TypeError: log(loss=…) wants a number, not str); "
        "the training goes on without it\n"
    )


def test_a_folder_that_can_not_be_written_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    model, optimizer = model_and_optimizer()
    with tuilab.watch(model, optimizer, runs=tmp_path / "file" / "runs") as w:
        train(model, optimizer, 2, w)
        assert list(w.batches([1, 2])) == [1, 2]
        w.log_layer("a", [1.0])
    assert w.name == ""
    assert capfd.readouterr().err.startswith("tuilab: this training is not watched: ")


@pytest.mark.parametrize("wrong", ["model", 3, [1]])
def test_what_is_no_network_or_optimizer_is_refused_at_once(wrong: Any, runs: Path) -> None:
    with pytest.raises(TypeError, match=r"watch: a model is to be a torch\.nn\.Module, not"):
        tuilab.watch(wrong)
    with pytest.raises(TypeError, match=r"watch: an optimizer is to be a torch\.optim\.Optimizer, not"):
        tuilab.watch(network(), wrong)
    assert not runs.exists()


def full(*given: object) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_does_not_hold_the_loop_and_what_was_dropped_is_counted(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buffer, "ROOM", 30)
    model, optimizer = model_and_optimizer()
    write = output.write_all
    with tuilab.watch(model, optimizer, every=0) as w:
        train(model, optimizer, 5, w)
        until(lambda: newest(runs).recordings() and told(newest(runs)).last_step == 4)
        monkeypatch.setattr(output, "write_all", full)
        train(model, optimizer, 60, w)
        until(lambda: newest(runs).state() is State.DISK_FULL)
        monkeypatch.setattr(output, "write_all", write)
        until(lambda: newest(runs).state() is State.RUNNING)
        train(model, optimizer, 5, w)
    found = told(newest(runs))
    dropped = sum(event.data["steps"] for event in found.events if event.kind == "steps-dropped")
    assert dropped + len(found.series["Sequential/loss"]) == 70
    assert dropped
    assert "disk-full" in found.kinds()
    assert newest(runs).state() is State.FINISHED


def test_a_disk_that_stays_full_holds_the_end_no_longer_than_it_must(
    runs: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    model, optimizer = model_and_optimizer()
    with tuilab.watch(model, optimizer, every=0) as w:
        train(model, optimizer, 5, w)
        until(lambda: newest(runs).recordings() and told(newest(runs)).last_step == 4)
        monkeypatch.setattr(output, "write_all", full)
        train(model, optimizer, 5, w)
    assert "the disk is full or too slow" in capfd.readouterr().err
    assert newest(runs).state() is State.STOPPED
    assert told(newest(runs)).last_step == 4


def test_a_disk_that_hangs_holds_nothing(
    runs: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(writing, "PATIENCE", 0.1)
    hangs = threading.Event()
    write = output.write_all
    model, optimizer = model_and_optimizer()
    w = tuilab.watch(model, optimizer, every=0)
    train(model, optimizer, 3, w)
    until(lambda: newest(runs).recordings())
    monkeypatch.setattr(output, "write_all", lambda *given: hangs.wait() and write(*given))
    train(model, optimizer, 20, w)
    w.close()
    hangs.set()
    assert "the disk is full or too slow" in capfd.readouterr().err
    until(lambda: "tuilab-writer" not in {thread.name for thread in threading.enumerate()})


def until(condition: Any) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "the awaited thing did not happen"
        time.sleep(0.005)


PROGRAM = """
import sys, torch
import tuilab
model = torch.nn.Linear(3, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
w = tuilab.watch(model, optimizer)
for step in range(4):
    model(torch.randn(5, 3)).square().mean().backward()
    optimizer.step()
    w.log(loss=step)
{}
"""


@pytest.mark.parametrize(
    ("end", "code", "state", "event", "said"),
    [
        ("", 0, State.FINISHED, "finished", {}),
        ("sys.exit(3)", 3, State.FINISHED, "finished", {}),
        ("1 / 0", 1, State.FAILED, "failed", {"message": "ZeroDivisionError: division by zero"}),
        ("raise KeyboardInterrupt", -2, State.STOPPED, "stopped", {"reason": "SIGINT"}),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -9, State.DIED, None, {}),
        (
            "with w:\n    raise ValueError('first line\\nsecond')",
            1,
            State.FAILED,
            "failed",
            {"message": "ValueError: first line"},
        ),
        ("try:\n    1 / 0\nexcept ZeroDivisionError: pass", 0, State.FINISHED, "finished", {}),
        ("import os\nif not os.fork(): sys.exit()\nos.wait()", 0, State.FINISHED, "finished", {}),
    ],
)
def test_a_run_ends_as_its_program_does(
    end: str, code: int, state: State, event: str | None, said: dict[str, str], runs: Path, tmp_path: Path
) -> None:
    script = tmp_path / "mine.py"
    script.write_text(PROGRAM.format(end))
    done = subprocess.run([sys.executable, str(script)], capture_output=True, timeout=120, check=False)
    assert done.returncode == code, done.stderr
    run = newest(runs)
    assert run.state() is state
    assert run.source == "mine"
    if event is not None:
        last = told(run).events[-1]
        assert (last.kind, last.data) == (event, said)
        assert told(run).last_step == 4
