"""A run that memory is too small for ends with a sentence, its recording intact."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.engine.test_checkpoints import prepared
from tuilab.cli import main
from tuilab.engine import EngineError, conduct
from tuilab.experiments.memory import smaller
from tuilab.experiments.training.arm import Arm
from tuilab.experiments.training.learner import Learner
from tuilab.runs import Run, State

ERRORS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB."),
    MemoryError(),
    RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory: you tried"),
]


def full_at(monkeypatch: pytest.MonkeyPatch, step: int, error: Exception) -> None:
    """Let memory run out in the pass of a step."""
    forward_backward = Learner.forward_backward

    def limited(self: Learner, batch: Any, at: int, *rest: Any) -> Any:
        if at == step:
            raise error
        return forward_backward(self, batch, at, *rest)

    monkeypatch.setattr(Learner, "forward_backward", limited)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_batch_too_large_names_a_smaller_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    full_at(monkeypatch, 7, error)
    run = prepared(tmp_path, "run")
    with pytest.raises(EngineError, match=r"a batch of 16 does not fit into memory.* -s batch=8; .*intact"):
        conduct(run)
    assert run.state() is State.FAILED
    with run.open() as recording:
        assert recording.finished
        assert recording.read("adam/train.loss")[0].tolist() == list(range(7))
        assert "-s batch=8" in recording.events()[-1].data["message"]


def test_the_command_ends_with_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    full_at(monkeypatch, 3, ERRORS[0])
    prepared(tmp_path, "run")
    words = ["tuilab", "run", str(tmp_path / "spirals.toml"), "--runs", str(tmp_path / "more"), "--name", "x"]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "x: stopped after step 2: a batch of 16 does not fit" in capsys.readouterr().err
    assert Run(tmp_path / "more" / "x").state() is State.FAILED


def test_judging_that_does_not_fit_is_not_the_batchs_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Arm, observation: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(Arm, "validate", full)
    with pytest.raises(EngineError, match="judging the network does not fit into memory"):
        conduct(prepared(tmp_path, "run"))


def test_other_errors_stay_what_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full_at(monkeypatch, 2, RuntimeError("shapes differ"))
    with pytest.raises(EngineError, match=r"failed at step 1 \(RuntimeError: shapes differ\)"):
        conduct(prepared(tmp_path, "run"))


def test_the_smaller_batch_is_the_next_power_of_two() -> None:
    assert [smaller(n).rpartition("=")[2] for n in (2, 3, 17, 500, 512)] == ["1", "2", "16", "256", "256"]
    assert "network smaller" in smaller(1)
