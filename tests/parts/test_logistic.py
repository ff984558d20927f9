"""The linear classifier: derivatives by autograd, the minimum, and what turning the data changes."""

from __future__ import annotations

import pytest
import torch

from tuilab.parts.clouds import cloud
from tuilab.parts.logistic import fit, hessian, loss, with_one
from tuilab.parts.preprocessing import Moments, whiten_zca
from tuilab.parts.randomness import stream

DRAWN, LABELS = cloud(0).draw(500, stream(0, "x"))
X = with_one(DRAWN)


def test_the_hessian_is_the_second_derivative() -> None:
    theta = torch.tensor([0.3, -0.2, 0.1], dtype=torch.float64)
    second = torch.autograd.functional.hessian(lambda t: loss(t, X, LABELS), theta)
    torch.testing.assert_close(hessian(theta, X), second)
    torch.testing.assert_close(hessian(torch.zeros_like(theta), X), X.T @ X / len(X) / 4)


def test_the_fit_is_a_minimum_and_the_same_classifier_after_whitening() -> None:
    theta = fit(X, LABELS, ridge=1e-9).requires_grad_()
    (gradient,) = torch.autograd.grad(loss(theta, X, LABELS), theta)
    assert gradient.abs().max() < 1e-6
    white = with_one(whiten_zca(Moments((2,)).add(DRAWN))(DRAWN))
    other = fit(white, LABELS, ridge=1e-9)
    torch.testing.assert_close(white @ other, X @ theta, rtol=1e-3, atol=1e-3)


def test_classes_that_a_line_parts_have_a_finite_fit() -> None:
    x = with_one(torch.tensor([[-1.0], [-2.0], [1.0], [2.0]], dtype=torch.float64))
    labels = torch.tensor([0, 0, 1, 1])
    theta = fit(x, labels, ridge=1e-3)
    assert theta.isfinite().all()
    assert float(loss(theta, x, labels)) < 0.1


def test_many_classifiers_at_once() -> None:
    thetas = torch.randn(3, 4, generator=stream(0, "thetas"), dtype=torch.float64)
    torch.testing.assert_close(loss(thetas, X, LABELS)[2], loss(thetas[:, 2], X, LABELS))
    assert loss(thetas, X, LABELS).shape == (4,)
    assert float(loss(thetas[:, 0] * 0, X, LABELS)) == pytest.approx(0.6931, abs=1e-4)
