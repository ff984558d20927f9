"""Derivatives against differences of values in float64: no autograd, and no rule of torch's.

A central difference (f(x + ε) − f(x − ε))/2ε errs by ε²/6·f‴ and by rounding/ε: nine digits at ε = 1e-5.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from tuilab.parts.activations import KINDS, activation
from tuilab.parts.losses import LOSSES
from tuilab.parts.normalization import BatchNorm, GroupNorm, InstanceNorm, LayerNorm, Normalization, RMSNorm
from tuilab.parts.regularizers import REGULARIZERS
from tuilab.parts.surfaces import SURFACES, Surface, make

EPS = 1e-5
FORMS: list[dict[str, Any]] = [{"name": name} for name in KINDS] + [
    {"name": "gpn", "of": name, "root": root} for name in ("tanh", "relu", "elu", "gelu") for root in (1, 2)
]


def drawn(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def slope(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """∂f/∂x of a scalar f, one coordinate after the other."""
    found = torch.empty_like(x)
    for place in range(x.numel()):
        step = torch.zeros(x.numel(), dtype=x.dtype)
        step[place] = EPS
        step = step.view_as(x)
        found.view(-1)[place] = (f(x + step) - f(x - step)).item() / (2 * EPS)
    return found


@pytest.mark.parametrize("form", FORMS, ids=lambda form: " ".join(map(str, form.values())))
def test_activations(form: dict[str, Any]) -> None:
    settings = dict(form)
    phi = activation(settings.pop("name"), **settings)
    h = torch.linspace(-6, 6, 241, dtype=torch.float64)
    kinks = torch.tensor([*phi.kinks, math.inf], dtype=torch.float64)
    h = h[(h[:, None] - kinks).abs().amin(1) > 2 * EPS]
    difference = (phi(h + EPS) - phi(h - EPS)) / (2 * EPS)
    torch.testing.assert_close(phi.derivative(h), difference, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("name", [name for name in LOSSES if name != "none"])
def test_losses(name: str) -> None:
    scores, labels = drawn(4, 5), torch.tensor([0, 3, 4, 1])
    settings = {"label_smoothing": 0.1} if name == "softmax" else {}

    def loss(s: Tensor) -> Tensor:
        return LOSSES[name](s, labels, **settings)

    if name == "softmax":  # (softmax − target)/n, as written in every textbook
        target = torch.full((4, 5), 0.1 / 5, dtype=torch.float64)
        target[range(4), labels] += 0.9
        expected = (scores.softmax(1) - target) / 4
    else:  # one for each wrong class within the margin, minus their number for the right one
        right = scores[range(4), labels][:, None]
        expected = ((scores - right + 1 > 0).double()) / 4
        expected[range(4), labels] = 0
        expected[range(4), labels] = -expected.sum(1)
    torch.testing.assert_close(slope(loss, scores), expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("l2", {}),
        ("l1", {"proximal": False}),
        ("elastic_net", {"beta": 0.3, "proximal": False}),
    ],
)
def test_regularisers(name: str, settings: dict[str, Any]) -> None:
    rule = REGULARIZERS[name](strength=0.02, **settings)
    weight = drawn(3, 4).requires_grad_()
    weight.grad = torch.zeros_like(weight)
    rule.add_gradient([weight])
    expected = slope(lambda w: rule.penalty([w]), weight.detach())
    torch.testing.assert_close(weight.grad, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("strength", [0.1, 0.7])
def test_the_proximal_step_is_the_minimum_that_it_is_defined_as(strength: float) -> None:
    weight = drawn(50).clone()
    before, lr = weight.clone(), 0.5
    REGULARIZERS["l1"](strength=strength).settle([weight], lr)
    candidates = torch.linspace(-4, 4, 80_001, dtype=torch.float64)
    objective = (candidates - before[:, None]).square() / (2 * lr) + strength * candidates.abs()
    torch.testing.assert_close(weight, candidates[objective.argmin(1)], rtol=0, atol=1.01e-4)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (BatchNorm(3, by_hand=True), (5, 3)),
        (BatchNorm(2, by_hand=True), (3, 2, 2, 2)),
        (LayerNorm(4, by_hand=True), (3, 4)),
        (InstanceNorm(2, by_hand=True), (2, 2, 3, 3)),
        (GroupNorm(4, groups=2, by_hand=True), (2, 4, 2, 2)),
        (RMSNorm(4, by_hand=True), (3, 4)),
    ],
    ids=lambda found: type(found).__name__ if isinstance(found, Normalization) else str(len(found)),
)
def test_normalisation_layers_by_hand(layer: Normalization, shape: tuple[int, ...]) -> None:
    layer = layer.double()
    x, upstream = drawn(*shape).requires_grad_(), drawn(*shape).flip(0)
    (layer(x) * upstream).sum().backward()  # type: ignore[no-untyped-call]
    with torch.no_grad():
        expected = slope(lambda x: (layer(x) * upstream).sum(), x.detach())
    assert x.grad is not None
    torch.testing.assert_close(x.grad, expected, rtol=1e-6, atol=1e-8)


SUM = {
    "name": "sum",
    "terms": [
        {
            "surface": {"name": "quadratic", "condition_number": 3.0},
            "weight": 0.5,
            "shift": [0.1, 0.2],
            "scale": 1.0,
        },
        {"surface": {"name": "plateau"}, "weight": 2.0, "shift": [-0.5, 0.3], "scale": 1.5},
    ],
}


@pytest.mark.parametrize("name", SURFACES)
def test_surfaces(name: str) -> None:
    surface: Surface = make(SUM if name == "sum" else {"name": name})
    p = drawn(30, 2)
    steps = EPS * torch.eye(2, dtype=torch.float64)
    rise = [(surface.value(p + step) - surface.value(p - step)) / (2 * EPS) for step in steps]
    bend = [(surface.gradient(p + step) - surface.gradient(p - step)) / (2 * EPS) for step in steps]
    torch.testing.assert_close(surface.gradient(p), torch.stack(rise, -1), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(surface.hessian(p), torch.stack(bend, -1), rtol=1e-6, atol=1e-6)
