"""Activation functions against autograd and known values."""

from __future__ import annotations

import math

import pytest
import torch

from tuilab.parts.activations import ACTIVATIONS

POINTS = torch.tensor([-10.0, -1.0, 0.0, 1.0, 10.0], dtype=torch.float64)

VALUES = {
    "identity": [-10, -1, 0, 1, 10],
    "sigmoid": [1 / (1 + math.exp(-h)) for h in POINTS.tolist()],
    "tanh": [math.tanh(h) for h in POINTS.tolist()],
    "relu": [0, 0, 0, 1, 10],
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_values(name: str) -> None:
    assert ACTIVATIONS[name](POINTS).tolist() == pytest.approx(VALUES[name], rel=1e-14)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_derivatives_are_what_autograd_finds(name: str) -> None:
    h = POINTS.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(ACTIVATIONS[name](h).sum(), h)
    assert ACTIVATIONS[name].derivative(POINTS).tolist() == pytest.approx(gradient.tolist(), rel=1e-12)


def test_sigmoids_derivative_is_at_most_a_quarter() -> None:
    steps = torch.linspace(-20, 20, 4001, dtype=torch.float64)
    assert ACTIVATIONS["sigmoid"].derivative(steps).max().item() == 0.25


@pytest.mark.parametrize(("name", "passed_back"), [("sigmoid", 0.01), ("tanh", 0.02), ("relu", 0.0)])
def test_flat_is_where_next_to_nothing_is_passed_back(name: str, passed_back: float) -> None:
    activation = ACTIVATIONS[name]
    h = torch.linspace(-12, 12, 4801, dtype=torch.float64)
    flat, derivative = activation.flat(activation(h)), activation.derivative(h)
    assert derivative[flat].max() <= passed_back
    assert derivative[~flat].min() > passed_back * 0.98
    assert 0.1 < flat.double().mean() < 0.9


def test_a_linear_network_is_never_flat() -> None:
    assert not ACTIVATIONS["identity"].flat(torch.tensor([-1e30, 0.0, math.nan, math.inf])).any()


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_the_pictured_span_holds_all_of_a_bounded_activation(name: str) -> None:
    activation = ACTIVATIONS[name]
    x = activation(torch.linspace(-1000, 1000, 101))
    assert (x.min().item(), x.max().item()) == (activation.low, activation.high)
