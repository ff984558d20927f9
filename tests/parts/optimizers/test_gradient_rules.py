"""Rules that a gradient is enough for: against torch.optim, the lecture's forms and closed forms."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from walks import walk

from tuilab.parts.optimizers import (
    GRADIENT_RULES,
    SGD,
    AdaGrad,
    Adam,
    AdamW,
    Momentum,
    Nesterov,
    RMSProp,
    Rule,
)
from tuilab.parts.surfaces import Quadratic

BOWL = Quadratic(condition_number=100.0, rotation=30.0)
START = torch.tensor([1.3, -0.7], dtype=torch.float64)


share = st.floats(0.0, 0.99)
decay = st.sampled_from([0.0, 0.05])
SETTINGS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "sgd": st.fixed_dictionaries({"weight_decay": decay}),
    "momentum": st.fixed_dictionaries(
        {"momentum": st.floats(0.01, 0.99), "dampening": share, "weight_decay": decay}
    ),
    "nesterov": st.fixed_dictionaries({"momentum": st.floats(0.01, 0.99), "weight_decay": decay}),
    "adagrad": st.fixed_dictionaries({"eps": st.sampled_from([1e-10, 1e-7]), "weight_decay": decay}),
    "rmsprop": st.fixed_dictionaries(
        {"alpha": st.floats(0.5, 0.999), "eps": st.sampled_from([1e-8, 1e-2]), "weight_decay": decay}
    ),
    "adam": st.fixed_dictionaries({"beta1": share, "beta2": st.floats(0.5, 0.9999), "weight_decay": decay}),
    "adamw": st.fixed_dictionaries({"beta1": share, "beta2": st.floats(0.5, 0.9999), "weight_decay": decay}),
}


def torchs(name: str, x: Tensor, lr: float, chosen: dict[str, Any]) -> torch.optim.Optimizer:
    given = dict(chosen)
    if name in ("adam", "adamw"):
        given["betas"] = (given.pop("beta1"), given.pop("beta2"))
        return {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[name]([x], lr=lr, **given)
    if name in ("adagrad", "rmsprop"):
        return {"adagrad": torch.optim.Adagrad, "rmsprop": torch.optim.RMSprop}[name]([x], lr=lr, **given)
    return torch.optim.SGD([x], lr=lr, nesterov=name == "nesterov", **given)


@settings(max_examples=4, deadline=None)
@given(data=st.data(), seed=st.integers(0, 2**32))
@pytest.mark.parametrize("name", GRADIENT_RULES)
def test_a_thousand_steps_are_torchs(name: str, seed: int, data: st.DataObject) -> None:
    """Down gradients that do not depend on x: a surface may be chaotic, and then rounding decides."""
    lr, chosen = data.draw(st.floats(1e-4, 1e-2)), data.draw(SETTINGS[name])
    gradients = torch.randn(1000, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    x = START.clone().requires_grad_()
    optimizer, theirs = torchs(name, x, lr, chosen), [START]
    for x.grad in gradients:
        optimizer.step()
        theirs.append(x.detach().clone())
    coming = iter(gradients)
    ours = walk(GRADIENT_RULES[name](lr=lr, **chosen), lambda x: next(coming), START, 1000)
    torch.testing.assert_close(torch.stack(ours), torch.stack(theirs), rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", GRADIENT_RULES)
def test_many_walkers_at_once_walk_as_they_would_alone(name: str) -> None:
    starts = torch.randn(100, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    maps = {"lr": torch.linspace(0.001, 0.01, 100, dtype=torch.float64)[:, None]}
    second = {"momentum": "momentum", "nesterov": "momentum", "rmsprop": "alpha", "adam": "beta1"}.get(name)
    if second:
        maps[second] = torch.linspace(0.1, 0.9, 100, dtype=torch.float64)[:, None]
    together = walk(GRADIENT_RULES[name](**maps), BOWL.gradient, starts, 20)[-1]
    for k in range(0, 100, 9):
        own = {key: values[k].item() for key, values in maps.items()}
        alone = walk(GRADIENT_RULES[name](**own), BOWL.gradient, starts[k], 20)[-1]
        assert torch.equal(together[k], alone)


@pytest.mark.parametrize("name", GRADIENT_RULES)
def test_a_step_leaves_its_arguments_alone(name: str) -> None:
    rule = GRADIENT_RULES[name](lr=0.1)
    x, state = rule.step(START, BOWL.gradient(START), rule.start(START))
    kept = x.clone(), [part.clone() for part in state]
    rule.step(x, BOWL.gradient(x), state)
    assert torch.equal(x, kept[0])
    assert all(torch.equal(a, b) for a, b in zip(state, kept[1], strict=True))


def rate(path: list[Tensor]) -> float:
    """The factor a step, over the second half of the path."""
    half = len(path) // 2
    return (path[-1].norm() / path[half].norm()).item() ** (1 / (len(path) - 1 - half))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (SGD(lr=2 / 101), 99 / 101),
        (Momentum(lr=0.03306, momentum=0.66942), 0.818),
        (Nesterov(lr=1 / 100, momentum=9 / 11), 0.900),
        (Nesterov(lr=4 / 301, momentum=(math.sqrt(301) - 2) / (math.sqrt(301) + 2)), 0.8847),
    ],
)
def test_textbook_rates_at_condition_number_100(rule: Rule, expected: float) -> None:
    assert rate(walk(rule, BOWL.gradient, START, 160)) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize(
    ("build", "edge"),
    [(SGD, 2 / 100), (lambda lr: Momentum(lr=lr, momentum=0.9), 2 * 1.9 / 100)],
)
def test_a_learning_rate_past_the_edge_diverges(build: Callable[..., Any], edge: float) -> None:
    below = walk(build(lr=0.99 * edge), BOWL.gradient, START, 2000)[-1]
    above = walk(build(lr=1.01 * edge), BOWL.gradient, START, 2000)[-1]
    assert below.norm() < 1e-3
    assert above.norm() > 1e3


def lengths(rule: Rule, steps: int, gradient: float = 1.0) -> list[float]:
    """How long each step is under a constant gradient."""
    path = walk(rule, lambda x: torch.full_like(x, gradient), START, steps)
    return [(a - b)[0].item() for a, b in pairwise(path)]


def test_momentums_terminal_velocity() -> None:
    assert lengths(Momentum(lr=0.01, momentum=0.9), 300)[-1] == pytest.approx(0.1)
    assert lengths(Momentum(lr=0.01, momentum=0.9, dampening=0.9), 300)[-1] == pytest.approx(0.01)


def test_adagrads_steps_die() -> None:
    found = lengths(AdaGrad(lr=0.01), 10_000, gradient=-3.0)
    assert found[99] == pytest.approx(-0.01 / math.sqrt(100))
    assert sum(found) == pytest.approx(-2 * 0.01 * math.sqrt(10_000), rel=0.01)


def test_rmsprops_leak_keeps_it_alive() -> None:
    found = lengths(RMSProp(lr=0.01, alpha=0.99), 2000)
    assert found[0] == pytest.approx(0.01 / math.sqrt(0.01))
    assert found[-1] == pytest.approx(0.01)


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
def test_adams_first_step_is_the_learning_rate_whatever_the_gradient(size: float) -> None:
    assert lengths(Adam(lr=0.01), 1, size)[0] == pytest.approx(0.01, rel=1e-4)
    assert lengths(Adam(lr=0.01, bias_correction=False), 1, size)[0] == pytest.approx(0.0316, rel=1e-3)


def test_adamws_decay_is_the_same_for_every_gradient() -> None:
    both = torch.tensor([1e-3, 1e3], dtype=torch.float64)
    shrunk = {
        build: walk(build(lr=0.01, weight_decay=0.1), lambda x: both, torch.ones_like(both), 1)[-1]
        for build in (Adam, AdamW)
    }
    assert shrunk[AdamW].tolist() == pytest.approx([1 - 0.001 - 0.01] * 2, abs=1e-6)
    assert shrunk[Adam].tolist() == pytest.approx([0.99] * 2, abs=1e-6)  # the decay is divided away
