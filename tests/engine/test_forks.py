"""A fork is its parent up to a step; made again, a run is what it was: against runs that nobody forked."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.conftest import Prepare
from tests.engine.history import as_read
from tuilab import forking
from tuilab.engine import EngineError, conduct
from tuilab.engine.checkpoints import listing
from tuilab.runs import Run, RunError, State, create, delete, tunables
from tuilab.scenario.errors import ScenarioError
from tuilab.scenario.load import load
from tuilab.watching import steering

LEARNING = """
kind = "training"
title = "Learning"
question = "Which?"
steps = 24
evaluate = 1
data = { name = "spirals", train = 60, validation = 20 }
batch = 20
network = { name = "mlp", width = 6, depth = 2, norm = "batch", dropout = 0.2 }
probes = { every = 3, budget = 1.0 }
[arms.momentum]
optimizer = { name = "momentum", lr = 0.05 }
[arms.adam]
optimizer = { name = "adam", lr = 0.01 }
"""
Turned = dict[int, list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steering, "_LOOK", 0.0)


def went(run: Run, turned: Turned | None = None, **options: Any) -> Run:
    """The run, conducted to its end, some of its numbers turned after certain steps."""

    def ask(step: int, steps: int, waiting: str) -> None:
        if not waiting:
            for command in (turned or {}).get(step, []):
                with (run.path / "control").open("a") as file:
                    file.write("\n" + json.dumps(command) + "\n")

    threads = torch.get_num_threads()
    try:
        assert conduct(run, ask, **options) is State.FINISHED
    finally:
        torch.set_num_threads(threads)
    return run


def set_(key: str, value: float) -> dict[str, Any]:
    return {"id": f"{key}={value}", "do": "set", "key": key, "value": value}


def series(run: Run, first: int = 0) -> Any:
    """Every series bit for bit, from a step on."""
    return {name: {s: v for s, v in rows.items() if s >= first} for name, rows in as_read(run)[0].items()}


@pytest.fixture(params=["descent", "training"])
def make(request: pytest.FixtureRequest, prepare: Prepare, tmp_path: Path) -> Prepare:
    if request.param == "descent":
        return prepare
    file = tmp_path / "learning.toml"
    file.write_text(LEARNING)

    def learning(*overrides: str, name: str | None = None, **options: Any) -> Run:
        scenario = load(file, overrides).model_dump(mode="json")
        return create(
            tmp_path / "runs", "learning", scenario, {"device": "cpu", "threads": 1} | options, name
        )

    return learning


def test_a_fork_without_a_change_is_its_parent(make: Prepare) -> None:
    key = next(iter({"sgd", "momentum"} & set(make(name="arms").scenario["arms"]))) + "/optimizer.lr"
    parent = went(make(name="parent"), {5: [set_(key, 0.02)], 20: [set_(key, 0.03)]})
    fork = went(forking.fork(parent, 9))
    assert fork.name == "parent-fork-1"
    # What was turned in the parent after the fork is not in the fork's past.
    assert series(went(make(name="alone"), {5: [set_(key, 0.02)]})) == series(fork)
    with fork.open() as recording:
        kinds = [(event.step, event.kind) for event in recording.events()]
        assert (5, "set") in kinds
        assert (9, "forked") in kinds
        assert (20, "set") not in kinds
        assert tunables(recording)[key] == 0.02
        assert not recording.gaps


def test_a_changed_fork_is_what_turning_the_number_would_have_made_of_its_parent(make: Prepare) -> None:
    parent = went(make(name="parent"))
    fork = went(forking.fork(parent, 11, ["optimizer.lr=0.2"]))
    arms = list(parent.scenario["arms"])
    live = went(make(name="live"), {11: [set_(f"{arm}/optimizer.lr", 0.2) for arm in arms]})
    assert series(fork) == series(live)
    assert series(fork, 12) != series(parent, 12)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(st.integers(0, 39), min_size=1, max_size=3))
def test_forks_of_forks_and_killed_ones_resumed(
    steps: list[int], prepare: Prepare, tmp_path_factory: pytest.TempPathFactory
) -> None:
    parent = went(prepare(checkpoint=0))
    expected, run = series(parent), parent
    for step in sorted(steps):
        run = forking.fork(run, step)

        def dies(step: int, steps: int, waiting: str) -> None:
            if not waiting and step % 4 == 3:
                raise KeyboardInterrupt

        if step < 36:
            with pytest.raises(KeyboardInterrupt):
                conduct(run, dies)
            went(run, resume=True)
        else:
            went(run)
        assert series(run) == expected


def test_a_run_made_again_turns_what_was_turned_also_when_it_is_interrupted(make: Prepare) -> None:
    arm = next(iter(make(name="arms").scenario["arms"]))
    turns: Turned = {
        0: [set_(f"{arm}/optimizer.lr", 0.02)],
        7: [{"id": "p", "do": "patch", "at": f"arms.{arm}.optimizer", "with": {"lr": 0.05}}],
        15: [set_(f"{arm}/optimizer.lr", 0.01)],
    }
    first = went(make(name="first"), turns)
    again = went(forking.rerun(first, "again"))
    assert series(again) == series(first)
    for at in (0, 7):
        stopped = forking.rerun(first, f"stopped {at}")

        def stops(step: int, steps: int, waiting: str, at: int = at, run: Run = stopped) -> None:
            if step == at:
                run.send("stop")

        assert conduct(stopped, stops) is State.STOPPED
        assert series(went(stopped, resume=True)) == series(first)
    fork = went(forking.fork(first, 10))
    assert series(went(forking.rerun(fork, "fork again"))) == series(fork)


def test_another_optimiser_takes_over_and_more_steps_are_taken(make: Prepare) -> None:
    parent = went(make(name="parent"))
    arm, other = list(parent.scenario["arms"])
    last = parent.scenario["steps"]
    swapped = f'arms."{arm}".optimizer={{name="rmsprop", lr=0.01}}'
    fork = went(forking.fork(parent, 11, [swapped, f"steps={last + 5}"]))
    mine, theirs = series(fork), series(parent)
    for name, rows in theirs.items():
        same = {step: mine[name].get(step) for step in rows if step <= 11}
        assert same == {step: value for step, value in rows.items() if step <= 11}
    loss = "train.loss" if f"{arm}/train.loss" in theirs else "loss"
    assert all(
        mine[f"{other}/{loss}"][step] == value
        for step, value in theirs[f"{other}/{loss}"].items()
        if step < last
    )
    assert (
        mine[f"{arm}/{loss}"][12 if loss == "loss" else 13]
        != theirs[f"{arm}/{loss}"][12 if loss == "loss" else 13]
    )
    assert fork.summary().step == last + 5


def test_what_can_not_be_is_a_sentence(prepare: Prepare) -> None:
    parent = went(prepare(name="parent"))
    with pytest.raises(RunError, match="step 41 is not recorded; there are steps 0 to 40"):
        forking.fork(parent, 41)
    with pytest.raises(ScenarioError, match="greater than 0"):
        forking.fork(parent, 4, ["optimizer.lr=-1"])
    with pytest.raises(ScenarioError, match="optimizer"):
        forking.fork(parent, 4, ["optimizer.nothing=1"])
    fork = forking.fork(parent, 4, ['surface={name="saddle"}'])
    went(fork)
    with pytest.raises(RunError, match=f"parent: {fork.name} was forked from it and needs its past"):
        delete(parent)
    orphan = forking.fork(fork, 20)
    parent.path.rename(parent.path.with_name("called otherwise"))
    went(orphan)
    assert Run(parent.path.with_name("called otherwise")) in orphan.ancestry()
    lost = forking.fork(orphan, 30)
    (orphan.path / "run.json").unlink()
    with pytest.raises(EngineError, match="the run that it was forked from is not there any more"):
        conduct(lost)


def test_checkpoints_are_denser_near_the_present(prepare: Prepare) -> None:
    run = went(prepare("steps=60", checkpoint=1e-9))
    kept = [int(place.name) for place in listing(run.path / "checkpoints")]
    assert kept[:2] == [60, 59]
    assert len(kept) <= 8
    assert all(later - earlier <= max(60 - later, 1) * 2 + 1 for later, earlier in pairwise(kept))
