"""What others may do to a watched loop: nothing, unless it says so; and then every wish has its answer."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import tuilab
from tests.watching.conftest import batches, network, newest, told, train
from tuilab.runs import Run, State
from tuilab.watching import steering


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steering, "_LOOK", 0.0)


def until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "the awaited thing did not happen"
        time.sleep(0.002)


def write(run: Run, **command: Any) -> None:
    with (run.path / "control").open("a") as file:
        file.write("\n" + json.dumps(command) + "\n")


def steered(
    runs: Path, wishes: dict[int, list[dict[str, Any]]], control: bool = True, count: int = 12
) -> Any:
    """A loop of which something is asked after some of its steps; what became of it, and of its optimiser."""
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    reached = []

    def ask(step: int) -> None:
        reached.append(step)
        for wish in wishes.get(step, []):
            write(newest(runs), **wish)

    with tuilab.watch(model, optimizer, every=0, control=control) as w:
        train(model, optimizer, count, w, ask)
    found = told(newest(runs))
    answers = {event.data["id"]: event for event in found.events if "id" in event.data}
    return found, answers, optimizer.param_groups[0], reached


def test_a_run_that_only_watches_refuses_every_wish(runs: Path) -> None:
    wishes = [{"id": str(k), "do": do} for k, do in enumerate(("pause", "stop", "step"))]
    wishes.append({"id": "3", "do": "patch", "at": "arms.Sequential.optimizer", "with": {"lr": 1.0}})
    found, answers, group, _ = steered(runs, {3: wishes}, control=False)
    assert found.last_step == 12
    assert {event.kind for event in answers.values()} == {"refused"}
    assert len(answers) == 4
    assert all("this run only watches" in event.data["why"] for event in answers.values())
    assert group["lr"] == 0.1


def test_settings_are_patched_all_or_none_and_checked_by_the_optimizer_itself(runs: Path) -> None:
    at = "arms.Sequential.optimizer"
    patches: dict[str, Any] = {
        "good": (at, {"lr": 0.01, "betas": [0.8, 0.9], "amsgrad": False}),
        "negative": (at, {"eps": 1e-4, "lr": -1}),
        "beta": (at, {"betas": [0.9, 1.5]}),
        "text": (at, {"lr": "0.1"}),
        "unknown": (at, {"momentum": 0.9}),
        "place": ("arms.Seqential.optimizer", {"lr": 0.1}),
        "nothing": (at, {}),
    }
    wishes = [{"id": name, "do": "patch", "at": at, "with": what} for name, (at, what) in patches.items()]
    wishes.append({"id": "set", "do": "set", "key": "Sequential/optimizer.lr", "value": 0.02})
    wishes.append({"id": "keep", "do": "checkpoint"})
    found, answers, group, _ = steered(runs, {4: wishes})
    assert answers["good"].data["was"] == {"lr": 0.1, "betas": [0.9, 0.999], "amsgrad": False}
    why = {name: event.data["why"] for name, event in answers.items() if event.kind == "refused"}
    assert why.keys() == patches.keys() - {"good"} | {"keep"}
    assert "Invalid learning rate: -1" in why["negative"]
    assert "Invalid beta parameter" in why["beta"]
    assert "wanted something like 0.01" in why["text"]
    assert "momentum is no setting" in why["unknown"]
    assert "did you mean arms.Sequential.optimizer?" in why["place"]
    assert "its own program's business" in why["keep"]
    assert (group["lr"], group["betas"], group["eps"]) == (0.02, (0.8, 0.9), 1e-8)
    assert answers["set"].data["was"] == 0.01
    assert list(found.series["Sequential/learning_rate"].values())[-1] == 0.02


def test_a_loop_is_paused_taken_step_by_step_and_let_go(runs: Path) -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    w = tuilab.watch(model, optimizer, every=0, control=True)
    steps: list[int] = []

    def loop() -> None:
        train(model, optimizer, 50, w, lambda step: steps.append(step))
        w.close()

    thread = threading.Thread(target=loop)
    newest(runs).send("pause")
    thread.start()
    until(lambda: newest(runs).state() is State.PAUSED)
    assert len(steps) <= 1
    until(lambda: newest(runs).recordings())
    time.sleep(0.1)  # whatever the writing thread says of the run has been said
    assert newest(runs).state() is State.PAUSED
    newest(runs).send("step")
    newest(runs).send("step")
    until(lambda: len(steps) == 2)
    newest(runs).send("resume")
    thread.join(60)
    assert len(steps) == 50
    assert told(newest(runs)).kinds()[:5] == ["started", "paused", "stepped", "stepped", "resumed"]
    assert newest(runs).state() is State.FINISHED


def test_stop_ends_the_loop_as_ctrl_c_would_and_a_with_block_swallows_that(runs: Path) -> None:
    found, answers, _, reached = steered(runs, {5: [{"id": "enough", "do": "stop"}]}, count=1000)
    assert reached[-1] == 5
    assert found.last_step == 6
    assert (answers["enough"].kind, answers["enough"].data["reason"]) == ("stopped", "asked to")
    assert newest(runs).state() is State.STOPPED


def test_stop_without_a_with_block_is_a_keyboard_interrupt(runs: Path) -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    w = tuilab.watch(model, optimizer, every=0, control=True)
    newest(runs).send("stop")
    with pytest.raises(KeyboardInterrupt, match="asked to stop"):
        train(model, optimizer, 1000, w)
    w.close()
    assert newest(runs).state() is State.STOPPED


def test_batches_count_epochs_say_how_long_it_takes_and_end_when_asked_to(runs: Path) -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    w = tuilab.watch(model, optimizer, every=0, control=True)
    seen = 0
    for x, y in w.batches(batches(10), epochs=4):
        for half in (slice(0, 8), slice(8, 16)):  # two updates a batch
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(x[half]), y[half]).backward()
            optimizer.step()
        seen += 1
        if seen == 25:
            newest(runs).send("stop")
    w.close()
    assert 25 < seen < 28
    found = told(newest(runs))
    assert [event.data["number"] for event in found.events if event.kind == "epoch"] == [1, 2]
    assert found.events[-1].data["reason"] == "asked to"
    assert found.header["steps"] == 80
    assert newest(runs).summary().steps == 80
