"""A run from its folder to its end: what is recorded, what is obeyed, and what goes wrong politely."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from tests.engine.conftest import Prepare
from tuilab.engine import EngineError, conduct
from tuilab.engine.conduct import OnStep
from tuilab.experiments import Observation
from tuilab.experiments.descent import DescentExperiment
from tuilab.recording import Recording, output
from tuilab.recording.output import write_all
from tuilab.runs import Run, State


def kinds(run: Run) -> list[str]:
    with run.open() as recording:
        return [event.kind for event in recording.events()]


def series(run: Run) -> dict[str, tuple[bytes, bytes]]:
    """Every series but the engine's clock readings, bit for bit."""
    with run.open() as recording:
        names = [name for name in recording.series() if not name.startswith("engine/")]
        return {name: tuple(part.tobytes() for part in recording.read(name)) for name in names}


def conducted(run: Run, person: Callable[[], None], on_step: OnStep | None = None) -> State:
    """Conduct a run while somebody does something; what goes wrong there stops the engine, and is raised."""
    with ThreadPoolExecutor(1) as side:
        done = side.submit(person)
        done.add_done_callback(lambda done: run.send("stop") if done.exception() else None)
        state = conduct(run, on_step)
        done.result()
    return state


def until(condition: Callable[[], Any], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the awaited thing did not happen"
        time.sleep(0.005)


def test_a_run_records_every_step_and_says_what_it_is(prepare: Prepare) -> None:
    run = prepare()
    progress: list[tuple[int, int]] = []
    assert conduct(run, lambda step, steps, note: progress.append((step, steps))) is State.FINISHED
    assert progress == [(step, 40) for step in range(41)]
    with run.open() as recording:
        assert recording.finished
        assert (recording.first_step, recording.last_step) == (0, 40)
        assert recording.header["arms"] == ["sgd", "adam"]
        assert recording.header["steps"] == 40
        assert recording.header["scenario"] == run.scenario
        for arm in ("sgd", "adam"):
            for metric in ("loss", "distance", "x", "y", "gradient.norm"):
                steps, _ = recording.read(f"{arm}/{metric}")
                assert steps.tolist() == list(range(41))
        seconds = recording.read("engine/seconds")[1]
        assert np.all(np.diff(seconds) > 0)
    assert kinds(run)[0] == "started"
    assert kinds(run)[-1] == "finished"
    assert run.state() is State.FINISHED


def test_equal_runs_are_equal_bit_for_bit(prepare: Prepare) -> None:
    first, second = prepare(name="a"), prepare(name="b")
    conduct(first)
    conduct(second)
    assert series(first) == series(second)


def test_pause_step_resume_set_and_stop_are_obeyed_and_recorded(prepare: Prepare) -> None:
    run = prepare("steps=100000000")
    reached = {"step": 0}
    seen: list[str] = []
    ids: dict[str, str] = {}

    def person() -> None:
        until(lambda: reached["step"] > 3)
        ids["paused"] = run.send("pause")
        until(lambda: "paused" in kinds(run))
        at = reached["step"]
        ids["stepped"] = run.send("step")
        until(lambda: reached["step"] == at + 1)
        ids["set"] = run.send("set", key="sgd/optimizer.lr", value=0.01)
        ids["refused"] = run.send("set", key="nobody/optimizer.lr", value=0.01)
        until(lambda: kinds(run)[-1] == "refused")
        seen.append(str(run.state()))
        assert reached["step"] == at + 1, "a paused engine moved"
        ids["resumed"] = run.send("resume")
        until(lambda: reached["step"] > at + 10)
        ids["pace"] = run.send("pace", value=1e6)
        until(lambda: "pace" in kinds(run))
        ids["stopped"] = run.send("stop")

    assert conducted(run, person, lambda step, steps, note: reached.update(step=step)) is State.STOPPED
    assert seen == ["paused"]
    with run.open() as recording:
        events = [event for event in recording.events() if event.kind != "converged"]
        assert [event.kind for event in events] == [
            *("started", "paused", "stepped", "set", "refused", "resumed", "pace", "checkpoint", "stopped")
        ]
        answers = {event.kind: event.data for event in events if "id" in event.data}
        assert {kind: data.pop("id") for kind, data in answers.items()} == ids, "every wish is answered"
        assert answers["set"] == {"key": "sgd/optimizer.lr", "value": 0.01, "was": 0.1}
        assert answers["refused"]["command"] == "set nobody/optimizer.lr 0.01"
        assert "is not a number that can be changed here" in answers["refused"]["why"]
        assert answers["pace"] == {"steps_per_second": 1e6}
        assert answers["stopped"] == {"reason": "asked to"}
        assert recording.finished


def test_a_full_disk_is_waited_for_and_nothing_is_lost(
    prepare: Prepare, monkeypatch: pytest.MonkeyPatch
) -> None:
    untroubled = prepare(name="untroubled")
    conduct(untroubled)
    run = prepare(name="troubled")
    refusals = {"left": 0}
    notes: list[str] = []

    def refusing(*given: Any) -> int:
        if refusals["left"]:
            refusals["left"] -= 1
            raise OSError(errno.ENOSPC, "No space left on device")
        return write_all(*given)

    def on_step(step: int, steps: int, note: str) -> None:
        if step == 10 and not note:
            refusals["left"] = 3
        if note:
            notes.append(note)

    monkeypatch.setattr(output, "write_all", refusing)
    assert conduct(run, on_step) is State.FINISHED
    assert "the disk is full: waiting for room" in notes
    assert series(run) == series(untroubled)
    assert "disk-full" in kinds(run)
    with run.open() as recording:
        assert not recording.gaps


def test_a_disk_that_stays_full_can_be_left(prepare: Prepare, monkeypatch: pytest.MonkeyPatch) -> None:
    run = prepare()
    full = {"now": False}

    def refusing(*given: Any) -> int:
        if full["now"]:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write_all(*given)

    def on_step(step: int, steps: int, note: str) -> None:
        full["now"] = step >= 10
        if note:
            run.send("stop")

    monkeypatch.setattr(output, "write_all", refusing)
    with pytest.raises(EngineError, match="while the disk was full"):
        conduct(run, on_step)
    with run.open() as recording:
        assert not recording.gaps


def test_cuda_where_there_is_none(prepare: Prepare) -> None:
    run = prepare(device="cuda:99")
    with pytest.raises(
        EngineError, match=r"--device cuda:99: torch .* sees .* here; use --device cpu or auto"
    ):
        conduct(run)
    assert not run.recordings()


def test_an_arm_that_diverges_is_marked_and_the_others_go_on(prepare: Prepare) -> None:
    calm, wild = (
        prepare("steps=2000", name="calm"),
        prepare("steps=2000", "arms.sgd.optimizer.lr=9.0", name="wild"),
    )
    conduct(calm)
    conduct(wild)
    with wild.open() as recording:
        diverged = [(event.arm, event.step) for event in recording.events() if event.kind == "diverged"]
        assert [arm for arm, _ in diverged] == ["sgd"]
        _, loss = recording.read("sgd/loss")
        assert not np.isfinite(loss[diverged[0][1] :]).any()
    assert series(wild)["adam/loss"] == series(calm)["adam/loss"]


def test_a_run_whose_experiment_breaks_is_failed(prepare: Prepare, monkeypatch: pytest.MonkeyPatch) -> None:
    step = DescentExperiment.__next__

    def breaking(self: DescentExperiment) -> Observation:
        observation = step(self)
        if observation.step == 5:
            raise RuntimeError("a part broke")
        return observation

    monkeypatch.setattr(DescentExperiment, "__next__", breaking)
    run = prepare()
    with pytest.raises(EngineError, match=r"the experiment failed at step 4 \(RuntimeError: a part broke\)"):
        conduct(run)
    assert run.state() is State.FAILED


def test_a_recording_opened_while_the_run_goes_on_sees_it_end(prepare: Prepare) -> None:
    run = prepare("steps=3000")
    opened: list[Recording] = []

    def on_step(step: int, steps: int, note: str) -> None:
        if step == 1500:
            opened.append(run.open())

    conduct(run, on_step)
    with opened[0] as recording:
        assert recording.last_step <= 1500
        assert recording.refresh()
        assert recording.last_step == 3000
        assert recording.finished
        assert recording.read("sgd/loss")[0].tolist() == list(range(3001))
