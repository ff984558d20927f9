"""Shipped scenarios keep their promises whatever the draw, and break them where the effect is not there.

Here are some of the quick ones; which, and with what seed, is something else every day. `tuilab check
--seeds 20` tries all of them. TUILAB_SEED=SEED in the environment repeats a day.
"""

from __future__ import annotations

import datetime
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import torch

from tuilab.doctor import Outcome, Verdict, check
from tuilab.engine import conduct
from tuilab.recording import Recording
from tuilab.runs import State, create
from tuilab.scenario.load import load

QUICK = [
    "activation-curves",
    "leak",
    "preprocessing",
    "touchy-weights",
    "init-forms",
    "batch-norm",
    "norm-axes",
    "ill-conditioned",
    "fastest",
    "constant-slope",
    "first-step",
    "local-minima",
    "saddle",
    "gradient-noise",
    "rosenbrock",
    "basins",
    "lr-momentum-map",
    "newton",
    "one-step",
    "drawn-to-a-saddle",
    "lbfgs",
    "network-loss",
    "network-loss-random",
    "whitening-filters",
]
SLOWER = [
    "not-zero-centred",
    "selu",
    "kaiming",
    "isometry",
    "orthogonal-linear",
    "constant-init",
    "dead-relu",
    "lbfgs-network",
    "learning-rates",
    "schedules",
    "batch-norm-inits",
    "batch-norm-rates",
    "norms-compared",
    "fused",
]
"""One of these a day, and half of the others."""
SEED = int(os.environ.get("TUILAB_SEED") or datetime.date.today().toordinal())
TODAY = [*QUICK[SEED % 2 :: 2], SLOWER[SEED % len(SLOWER)]]


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def run_of(name: str, folder: Path, *overrides: str) -> tuple[dict[str, Any], Recording]:
    """A shipped scenario's run at today's seed; what the overrides change is judged all the same."""
    scenario = load(name, [f"seed={SEED}", *overrides]).model_dump(mode="json") | {"changed": []}
    run = create(folder, name, scenario, {"device": "cpu", "threads": 1, "pace": None})
    assert conduct(run) is State.FINISHED
    return scenario, run.open()


def judged(recording: Recording, expectations: list[dict[str, Any]]) -> list[Outcome]:
    """What becomes of other expectations held against a recording."""
    recording.header["scenario"]["expect"] = expectations
    return check(recording)


def broken(expectation: dict[str, Any]) -> dict[str, Any]:
    """The opposite of a promise, or figures far from those promised."""
    wrong = dict(expectation)
    if wrong["never"]:
        return wrong | {"never": False, "between": [-1e300, 1e300]}
    if wrong["between"] is not None:
        high = wrong["between"][1]
        wrong["between"] = [high + 1 + abs(high), high + 2 + 2 * abs(high)]
    elif wrong["near"] is not None:
        near = wrong["near"]
        wrong["near"] = [3 * value + 1 for value in near] if isinstance(near, list) else 3 * near + 1
    elif wrong["by"] is not None and wrong["by"] < 1:
        wrong["by"] = 1 / wrong["by"]  # "the same to within .1 %" turns into "differs by more"
    else:
        wrong["below"], wrong["above"] = wrong["above"], wrong["below"]
    return wrong


def without_effect(expectation: dict[str, Any], arms: list[str]) -> list[dict[str, Any]]:
    """The same claim of arms that do not have what it is about; compared, of the one compared with."""
    arm, other = expectation["arm"], expectation["below"] or expectation["above"]
    return [expectation | {"arm": name} for name in ([other] if other else arms) if name != arm]


def of_rounding(expectation: dict[str, Any]) -> bool:
    """Whether it says that two computations agree, or what a clock read: no effect that could be absent."""
    metric = str(expectation["metric"])
    return metric.endswith(("error", "difference")) or metric.startswith("time.")


@pytest.mark.parametrize("name", TODAY, ids=lambda name: f"{name}-seed={SEED}")
def test_promises_are_kept_and_wrong_or_empty_ones_are_not(name: str, tmp_path: Path) -> None:
    again = f"tuilab check {name} -s seed={SEED}"
    scenario, recording = run_of(name, tmp_path)
    with recording:
        unmet = [f"{o.promise}: {o.measured}" for o in check(recording) if not o.verdict.fine]
        assert not unmet, again
        promises = [promise for promise in scenario["expect"] if promise["over"] == "draws"]
        for found, promise in zip(judged(recording, list(map(broken, promises))), promises, strict=True):
            assert found.verdict is Verdict.UNMET, (promise, again)
        arms = list(scenario["arms"])
        empty = [
            promise
            for promise in promises
            if not of_rounding(promise)
            and not any(o.verdict is Verdict.UNMET for o in judged(recording, without_effect(promise, arms)))
        ]
    if empty and scenario["null"]:
        _, null = run_of(name, tmp_path, *scenario["null"])
        with null:
            outcomes = zip(judged(null, empty), empty, strict=True)
            empty = [promise for found, promise in outcomes if found.verdict is not Verdict.UNMET]
    assert not empty, f"kept by every arm and without its effect too: {empty}; {again}"


@lru_cache
def all_shipped() -> list[str]:
    from tuilab.scenario.catalogue import entries

    return [entry.name for entry in entries() if entry.origin == "shipped"]


def test_what_takes_an_effect_away_can_be_run() -> None:
    for name in all_shipped():
        scenario = load(name)
        assert not scenario.changed
        if scenario.null:
            assert load(name, scenario.null).changed, name
