"""Shipped scenarios keep their promises, and the same files with a wrong promise do not.

Here are the quick ones; `tuilab check` runs all of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from tuilab.doctor import Verdict, check
from tuilab.engine import conduct
from tuilab.runs import State, create
from tuilab.scenario.load import load

QUICK = [
    "activation-curves",
    "leak",
    "preprocessing",
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
]


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


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
    else:
        wrong["below"], wrong["above"] = wrong["above"], wrong["below"]
    return wrong


@pytest.mark.parametrize("name", QUICK)
def test_promises_are_kept_and_wrong_ones_are_not(name: str, tmp_path: Path) -> None:
    scenario = load(name).model_dump(mode="json")
    run = create(tmp_path, name, scenario, {"device": "cpu", "threads": 1, "pace": None})
    assert conduct(run) is State.FINISHED
    with run.open() as recording:
        kept = check(recording)
        unmet = [f"{outcome.promise}: {outcome.measured}" for outcome in kept if outcome.verdict != "met"]
        assert not unmet
        wrong = [broken(expectation) for expectation in scenario["expect"]]
        recording.header["scenario"]["expect"] = wrong
        found = check(recording)
    for outcome, expectation in zip(found, wrong, strict=True):
        assert outcome.verdict is Verdict.UNMET, expectation
