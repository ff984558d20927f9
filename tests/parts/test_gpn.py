"""Gaussian–Poincaré normalisation against closed forms, the lecture's table and both of its equations."""

from __future__ import annotations

import math

import pytest
import torch

from tuilab.parts.activations import ACTIVATIONS, activation, activation_of
from tuilab.parts.activations.gaussian_poincare import GPN, solve
from tuilab.parts.gaussian import gaussian_mean

LECTURE = {
    "tanh": (1.4674, 0.3885),
    "relu": (1.4142, 0.0),
    "leaky_relu": (1.4141, 0.0),
    "elu": (1.2234, 0.0742),
    "selu": (0.9660, 0.2585),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("root", [1, 2])
def test_both_roots_satisfy_both_equations(name: str, root: int) -> None:
    phi = GPN(ACTIVATIONS[name], root)
    grid = torch.linspace(-10, 10, 2_000_001, dtype=torch.float64)
    density = torch.exp(-grid.square() / 2) / math.sqrt(2 * math.pi) * 1e-5
    for f in (phi, phi.derivative):
        assert (f(grid).square() * density).sum().item() == pytest.approx(1, abs=2e-5)


@pytest.mark.parametrize("name", LECTURE)
def test_the_lectures_table(name: str) -> None:
    found = solve(ACTIVATIONS[name])[0]
    assert (found.a, found.b) == pytest.approx(LECTURE[name], abs=1.01e-4)


def test_the_lectures_gelu_is_the_quick_one_and_its_second_root() -> None:
    quick = solve(ACTIVATIONS["quick_gelu"])[1]
    assert (quick.a, quick.b) == pytest.approx((1.4915, -0.9097), abs=6e-5)
    exact = solve(ACTIVATIONS["gelu"])[1]
    assert (exact.a, exact.b) == pytest.approx((1.48111, -0.90951), abs=6e-6)
    phi = ACTIVATIONS["gelu"]
    forward = gaussian_mean(lambda z: (1.4915 * phi(z) - 0.9097).square())
    backward = gaussian_mean(lambda z: (1.4915 * phi.derivative(z)).square())
    assert (forward, backward) == pytest.approx((1.008, 1.014), abs=6e-4)


def test_relus_two_roots() -> None:
    level, healing = solve(ACTIVATIONS["relu"])
    assert (level.b, level.slope) == pytest.approx((0, 1), abs=1e-14)
    # b = −2am = −2·√2/√(2π); slope 1 + ab·E[φ'z] = 1 + b·√2/√(2π)
    assert healing.b == pytest.approx(-2 / math.sqrt(math.pi))
    assert healing.slope == pytest.approx(1 - 2 / math.pi)
    assert (healing.b, healing.slope) == pytest.approx((-1.128, 0.363), abs=5e-4)


@pytest.mark.parametrize("name", ["tanh", "relu", "elu", "gelu"])
@pytest.mark.parametrize("root", [1, 2])
def test_the_slope_is_what_a_small_error_of_the_mean_square_is_multiplied_by(name: str, root: int) -> None:
    phi, error = GPN(ACTIVATIONS[name], root), 1e-6
    q = [gaussian_mean(lambda z, s=s: phi(math.sqrt(1 + s) * z).square(), phi.kinks) for s in (error, -error)]
    assert (q[0] - q[1]) / (2 * error) == pytest.approx(solve(ACTIVATIONS[name])[root - 1].slope, abs=1e-8)


def test_a_linear_activation_has_one_form() -> None:
    for found in solve(activation("leaky_relu", slope=1.0)):
        assert (found.a, found.b, found.slope) == pytest.approx((1, 0, 1), abs=1e-7)


def test_a_normalised_activation_is_an_activation() -> None:
    phi = activation_of({"name": "gpn", "of": {"name": "leaky_relu", "slope": 0.1}, "root": 2})
    h = torch.tensor([-10.0, -1.0, 0.0, 1.0, 10.0], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(phi(h).sum(), h)
    torch.testing.assert_close(phi.derivative(h), gradient)
    assert phi.kinks == (0.0,)
    relu = activation("gpn", of="relu", root=2)
    assert relu.flat(relu(h.detach())).tolist() == [True, True, True, False, False]
