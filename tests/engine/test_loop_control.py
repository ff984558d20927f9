"""What is asked of an engine: obeyed between two steps, answered by an event, never the end of it."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.engine.conftest import Prepare
from tuilab.engine import conduct
from tuilab.recording import Event, output
from tuilab.recording.output import write_all
from tuilab.runs import Run, State


def write(run: Run, *lines: bytes) -> None:
    with (run.path / "control").open("ab") as file:
        file.write(b"".join(line + b"\n" for line in lines))


def answers(run: Run) -> dict[str, Event]:
    """The event that each id was answered by; two would be one too many."""
    with run.open() as recording:
        found = [event for event in recording.events() if event.data.get("id") is not None]
    assert len({event.data["id"] for event in found}) == len(found)
    return {event.data["id"]: event for event in found}


def test_every_line_is_answered_and_none_ends_the_engine(prepare: Prepare) -> None:
    run = prepare(pace=200)
    write(
        run,
        b"pause",
        b"\xff\xfe\x00",
        b"[" * 50_000,
        b"x" * 200_000,
        b'{"id": "a", "do": "explode"}',
        b'{"id": "b", "do": "set", "key": "sgd/optimizer.lr", "value": "0.1; rm"}',
        b'{"id": "c", "do": "set", "key": "sgd/optimizer.lr", "value": -1}',
        b'{"id": "d", "do": "set", "key": "%s", "value": 1}' % (b"k" * 5_000),
        b'{"id": "e", "do": "pace", "value": -3}',
        b'{"id": "f", "do": "resume"}',
        b'{"id": "g", "do": "step"}',
        b'{"id": "h", "do": "set", "key": "sgd/optimizer.lr", "value": 0.05}',
        b'{"id": "i", "do": "checkpoint"}',
        b'{"id": "j", "do": "pause"}',
        b'{"id": "k", "do": "pause"}',
        b'{"id": "l", "do": "resume"}',
    )
    assert conduct(run) is State.FINISHED
    found = answers(run)
    assert {name: event.kind for name, event in found.items()} == {
        **dict.fromkeys("abcdefgk", "refused"),
        **{"h": "set", "i": "checkpoint", "j": "paused", "l": "resumed"},
    }
    assert "there is no such command" in found["a"].data["why"]
    assert "greater than 0" in found["c"].data["why"]
    assert "is not paused" in found["g"].data["why"]
    assert "is paused already" in found["k"].data["why"]
    assert all(len(event.data["why"]) <= 500 for event in found.values() if event.kind == "refused")
    with run.open() as recording:
        nameless = [event for event in recording.events() if event.data.get("id", "") is None]
        assert [event.kind for event in nameless] == ["refused"] * 4
        assert recording.last_step == 40


def test_stop_is_answered_by_the_end_and_what_comes_after_it_is_refused(prepare: Prepare) -> None:
    run = prepare("steps=100000000")
    ids = [run.send("stop"), run.send("stop"), run.send("set", key="sgd/optimizer.lr", value=0.05)]
    assert conduct(run) is State.STOPPED
    assert [answers(run)[name].kind for name in ids] == ["stopped", "refused", "set"]


def test_what_comes_too_late_is_refused(prepare: Prepare) -> None:
    run = prepare()
    late: list[str] = []

    def on_step(step: int, steps: int, note: str) -> None:
        if step == steps and not late:
            late.append(run.send("pause"))

    assert conduct(run, on_step) is State.FINISHED
    assert answers(run)[late[0]].data["why"] == "the run is at its end"


def test_what_was_asked_of_an_engine_before_is_not_done_by_the_next(prepare: Prepare) -> None:
    run = prepare("steps=100000000")
    run.send("stop")
    conduct(run)
    run.send("stop")  # there is nobody to hear it
    run.send("set", key="sgd/optimizer.lr", value=0.07)
    reached = {"step": 0}

    def on_step(step: int, steps: int, note: str) -> None:
        if not reached["step"]:
            reached["step"] = step
            run.send("pace", value=1e6)
        elif step == reached["step"] + 3:
            run.send("stop")

    assert conduct(run, on_step, resume=True) is State.STOPPED
    with run.open() as recording:
        assert recording.last_step >= reached["step"] + 3
        assert "set" not in {event.kind for event in recording.events()}


def refusing_while(full: Callable[[], bool]) -> Callable[..., int]:
    """A disk that is full for as long as that is true."""

    def refusing(*given: Any) -> int:
        if full():
            raise OSError(errno.ENOSPC, "No space left on device")
        return write_all(*given)

    return refusing


def test_what_is_asked_while_the_disk_is_full_is_done_when_it_no_longer_is(
    prepare: Prepare, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = prepare("steps=100000000")
    disk: dict[str, Any] = {"full": False, "states": [], "ids": []}

    def on_step(step: int, steps: int, note: str) -> None:
        if step == 10 and not note and not disk["ids"]:
            disk["full"] = True
        if "disk is full" in note:
            disk["states"].append(run.summary().state)
            if len(disk["states"]) == 2:
                disk["ids"] = [run.send("set", key="sgd/optimizer.lr", value=0.01), run.send("pause")]
            disk["full"] = len(disk["states"]) < 4
        if note == "paused":
            disk["states"].append(run.summary().state)
            run.send("stop")

    monkeypatch.setattr(output, "write_all", refusing_while(lambda: disk["full"]))
    assert conduct(run, on_step) is State.STOPPED
    assert State.DISK_FULL in disk["states"]
    assert disk["states"][-1] is State.PAUSED
    assert [answers(run)[name].kind for name in disk["ids"]] == ["set", "paused"]


def test_whole_numbers_can_be_set_but_counts_can_not(prepare: Prepare) -> None:
    run = prepare("arms.adam.optimizer.name=lbfgs")
    lr = run.send("set", key="adam/optimizer.lr", value=1)
    history = run.send("set", key="adam/optimizer.history", value=3)
    conduct(run)
    found = answers(run)
    assert (found[lr].kind, found[lr].data["value"]) == ("set", 1)
    assert found[history].kind == "refused"


def test_a_patch_changes_settings_of_one_place_all_or_none(prepare: Prepare) -> None:
    run = prepare("arms.sgd.optimizer.name=momentum", "arms.sgd.optimizer.momentum=0.5", pace=200)
    asked = {
        "good": ("arms.sgd.optimizer", {"lr": 0.05, "momentum": 0.9}),
        "half": ("arms.sgd.optimizer", {"lr": 0.07, "momentum": 1.5}),
        "text": ("arms.sgd.optimizer", {"lr": "0.07"}),
        "else": ("arms.sgd.optimizer", {"name": "adam"}),
        "arms": ("arms.sdg.optimizer", {"lr": 0.07}),
        "none": ("arms.sgd.optimizer", {}),
    }
    ids = {run.send("patch", **{"at": at, "with": changes}): name for name, (at, changes) in asked.items()}
    last = run.send("patch", **{"at": "arms.sgd.optimizer", "with": {"lr": 0.06}})
    assert conduct(run) is State.FINISHED
    found = answers(run)
    said = {name: found[id].data for id, name in ids.items()}
    assert said["good"]["was"] == {"lr": 0.1, "momentum": 0.5}
    assert "arms.sgd.optimizer.momentum = 1.5: input should be less than 1" in said["half"]["why"]
    assert "lr = '0.07'" in said["text"]["why"]
    assert "has no number name" in said["else"]["why"]
    assert "did you mean arms.sgd.optimizer?" in said["arms"]["why"]
    assert "nothing is to be changed" in said["none"]["why"]
    assert found[last].kind == "patched"
    assert found[last].data["was"] == {"lr": 0.05}


def test_a_place_is_found_by_a_name_with_spaces_and_dots(prepare: Prepare) -> None:
    run = prepare(pace=200)
    run.scenario["arms"] = {"momentum .5": run.scenario["arms"]["sgd"]}
    (run.path / "run.json").write_text(json.dumps(run.facts))
    asked = run.send("patch", **{"at": "arms.momentum .5.optimizer", "with": {"lr": 0.01}})
    assert conduct(Run(run.path)) is State.FINISHED
    assert answers(run)[asked].data["was"] == {"lr": 0.1}
