"""What penalties do to weights, against their formulas."""

from __future__ import annotations

import math

import pytest
import torch

from tuilab.parts.regularizers import REGULARIZERS, soft_threshold


def weights() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    found = [torch.randn(5, 4, generator=generator), torch.randn(3, 5, generator=generator)]
    for weight in found:
        weight.requires_grad_()
        weight.grad = torch.zeros_like(weight)
    return found


@pytest.mark.parametrize("name", ["none", "l2", "l1", "elastic_net"])
def test_the_gradient_is_that_of_the_penalty(name: str) -> None:
    settings = {"proximal": False} if name in ("l1", "elastic_net") else {}
    ours, theirs = weights(), weights()
    regularizer = REGULARIZERS[name](**({"strength": 0.3} if name != "none" else {}), **settings)
    regularizer.add_gradient(ours)
    squares = sum(w.square().sum() for w in theirs)
    sizes = sum(w.abs().sum() for w in theirs)
    penalty = {
        "none": 0 * sizes,
        "l2": 0.3 * squares,
        "l1": 0.3 * sizes,
        "elastic_net": 0.3 * (squares + sizes),
    }
    assert regularizer.penalty(ours).item() == pytest.approx(penalty[name].item())
    penalty[name].backward()
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a.grad, b.grad)


def test_l2_shrinks_by_the_same_factor_every_step() -> None:
    """.999 a step is .3677 after a thousand: 1 − lr·2λ with lr = .1, λ = .005."""
    (weight, _), l2 = weights(), REGULARIZERS["l2"](strength=0.005)
    start = weight.detach().clone()
    for _ in range(1000):
        weight.grad.zero_()
        l2.add_gradient([weight])
        weight.data -= 0.1 * weight.grad
    torch.testing.assert_close(weight.detach(), 0.999**1000 * start)
    assert (weight.norm() / start.norm()).item() == pytest.approx(0.3677, abs=5e-5)


def test_the_proximal_step_minimises_what_it_says() -> None:
    v, threshold = torch.linspace(-2, 2, 41), 0.5
    w = torch.linspace(-3, 3, 6001, dtype=torch.float64)[:, None]
    best = w[(threshold * w.abs() + 0.5 * (w - v).square()).argmin(0), 0]
    torch.testing.assert_close(soft_threshold(v, threshold).double(), best, atol=2e-3, rtol=0)


def test_l1_makes_exact_zeros_only_by_the_proximal_step() -> None:
    for proximal in (True, False):
        (weight, _), l1 = weights(), REGULARIZERS["l1"](strength=0.1, proximal=proximal)
        start = weight.detach().clone()
        for _ in range(50):
            weight.grad.zero_()
            l1.add_gradient([weight])
            weight.data -= 0.1 * weight.grad
            l1.settle([weight], 0.1)
        # Fifty steps of lr·λ = .01 take .5 off every weight, and stop at 0.
        small = start.abs() < 0.49
        assert small.any()
        if proximal:
            torch.testing.assert_close(weight.detach(), soft_threshold(start, 0.5))
            assert (weight.detach()[small] == 0).all()
        else:
            assert (weight.detach() != 0).all()
            assert (weight.detach()[small].abs() < 0.0101).all()


def test_no_regulariser_is_nothing() -> None:
    found = REGULARIZERS["none"]()
    assert found.penalty(weights()).item() == 0
    assert math.isfinite(found.penalty(weights()).item())
