"""What steps cost: bytes to the byte, and that the timed thing is the rule's step."""

from __future__ import annotations

import math

import pytest
import torch

from tuilab.experiments import build
from tuilab.experiments.costs import Bowl
from tuilab.scenario.kinds.costs import CostsScenario


def scenario(**settings: object) -> CostsScenario:
    arms = {
        "sgd": {"optimizer": {"name": "sgd", "lr": 1e-3}},
        "lbfgs": {"optimizer": {"name": "lbfgs", "history": 5, "line_search": False}},
        "newton": {"optimizer": {"name": "newton"}},
    }
    return CostsScenario.model_validate(
        {"kind": "costs", "title": "t", "question": "q", "n": [8, 64], "steps": 6, "arms": arms, **settings}
    )


def test_memory_and_its_exponents() -> None:
    last = list(build(scenario(), torch.device("cpu")))[-1].values
    n = 64
    assert last["newton/n"] == n
    assert last["sgd/memory"] == 8 * n
    assert last["newton/memory"] == 8 * n * n + 1
    assert last["lbfgs/memory"] == 8 * n * (2 * 5 + 3)
    assert last["sgd/memory.slope"] == pytest.approx(1)
    assert last["newton/memory.slope"] == pytest.approx(2, rel=0.01)
    assert all(
        last[f"{arm}/time"] > 0 and math.isfinite(last[f"{arm}/time.slope"]) for arm in ("sgd", "newton")
    )


def test_newton_leaves_nothing() -> None:
    first = next(iter(build(scenario(), torch.device("cpu")))).values
    assert first["newton/left"] < 1e-12
    assert 0.5 < first["sgd/left"] < 1
    assert math.isnan(first["newton/time.slope"])


def test_the_bowls_derivatives() -> None:
    bowl = Bowl(6, 0)
    p = torch.randn(6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    functional = torch.autograd.functional
    torch.testing.assert_close(bowl.gradient(p), functional.jacobian(bowl.value, p))
    torch.testing.assert_close(bowl.hessian(p), functional.hessian(bowl.value, p))


def test_n_has_to_grow() -> None:
    with pytest.raises(ValueError, match="smaller number first"):
        scenario(n=[64, 8])
