"""Activation functions against autograd, torch's own and known values."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from tuilab.parts.activations import ACTIVATIONS, Activation, activation, activation_of
from tuilab.parts.models import convnet, mlp

POINTS = torch.tensor([-10.0, -1.0, 0.0, 1.0, 10.0], dtype=torch.float64)
GRID = torch.linspace(-30, 30, 6001, dtype=torch.float64)

VALUES = {
    "identity": POINTS,
    "sigmoid": 1 / (1 + torch.exp(-POINTS)),
    "tanh": 2 / (1 + torch.exp(-2 * POINTS)) - 1,
    "relu": POINTS.clamp(min=0),
    "leaky_relu": torch.maximum(0.01 * POINTS, POINTS),
    "prelu": torch.maximum(0.25 * POINTS, POINTS),
    "elu": functional.elu(POINTS),
    "selu": functional.selu(POINTS),
    "gelu": POINTS * (1 + torch.erf(POINTS / math.sqrt(2))) / 2,
    "gelu_tanh": POINTS * (1 + torch.tanh(math.sqrt(2 / math.pi) * (POINTS + 0.044715 * POINTS**3))) / 2,
    "quick_gelu": POINTS / (1 + torch.exp(-1.702 * POINTS)),
    "silu": POINTS / (1 + torch.exp(-POINTS)),
    "maxout": torch.maximum(-0.5 * POINTS, POINTS),
}
SETTINGS = [
    activation("leaky_relu", slope=0.1),
    activation("prelu", slope=-0.5),
    activation("elu", alpha=0.3),
    activation("maxout", slopes=(0.0, -0.6, 2.0), offsets=(-0.5, -1.0, -3.0)),
]
ALL = [*ACTIVATIONS.values(), *SETTINGS]


def autograd(phi: Activation, h: Tensor) -> Tensor:
    h = h.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(phi(h).sum(), h)
    return gradient


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_values(name: str) -> None:
    torch.testing.assert_close(ACTIVATIONS[name](POINTS), VALUES[name], rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("phi", ALL)
@pytest.mark.parametrize("points", [POINTS, GRID])
def test_derivatives_are_what_autograd_finds(phi: Activation, points: Tensor) -> None:
    torch.testing.assert_close(phi.derivative(points), autograd(phi, points), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("phi", ALL)
def test_shape_and_precision_are_the_inputs(phi: Activation) -> None:
    h = torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(0))
    for result in (phi(h), phi.derivative(h)):
        assert (result.shape, result.dtype) == (h.shape, h.dtype)
    assert phi.flat(phi(h)).dtype == torch.bool
    assert torch.isfinite(phi.derivative(torch.tensor([-1e4, 1e4]))).all()


def test_sigmoids_derivative_is_at_most_a_quarter() -> None:
    assert ACTIVATIONS["sigmoid"].derivative(GRID).max().item() == 0.25


@pytest.mark.parametrize(
    ("name", "passed_back"),
    [("sigmoid", 0.01), ("tanh", 0.02), ("relu", 0.0), ("elu", 0.0101), ("selu", 0.0101)],
)
def test_flat_is_where_next_to_nothing_is_passed_back(name: str, passed_back: float) -> None:
    phi = ACTIVATIONS[name]
    near = GRID[GRID.abs() < 12]
    flat, derivative = phi.flat(phi(near)), phi.derivative(near)
    assert derivative[flat].max() <= passed_back
    assert derivative[~flat].min() > passed_back * 0.98
    assert 0.1 < flat.double().mean() < 0.9


@pytest.mark.parametrize("name", ["gelu", "gelu_tanh", "quick_gelu", "silu"])
def test_a_gates_flat_side_is_told_from_its_outputs_to_about_one_per_cent(name: str) -> None:
    phi = ACTIVATIONS[name]
    for spread in (1.0, 5.0, 20.0):
        h = spread * torch.randn(200_000, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
        dead = (phi.derivative(h).abs() < 0.01) & (h < -2)
        assert abs(phi.flat(phi(h)).double().mean() - dead.double().mean()) < 0.012


@pytest.mark.parametrize("name", ["identity", "leaky_relu", "prelu", "maxout"])
def test_what_has_a_slope_everywhere_is_never_flat(name: str) -> None:
    assert not ACTIVATIONS[name].flat(torch.tensor([-1e30, 0.0, math.nan, math.inf])).any()


def test_a_maxouts_level_line_is_flat() -> None:
    rectifier = activation("maxout", slopes=(0.0, 1.0), offsets=(0.0, 0.0))
    torch.testing.assert_close(rectifier(GRID), ACTIVATIONS["relu"](GRID))
    assert rectifier.flat(rectifier(POINTS)).tolist() == [True, True, True, False, False]


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_the_pictured_span_holds_all_of_a_bounded_activation(name: str) -> None:
    x = ACTIVATIONS[name](torch.linspace(-1000, 1000, 101))
    assert (x.min().item(), x.max().item()) == (ACTIVATIONS[name].low, ACTIVATIONS[name].high)


@pytest.mark.parametrize("phi", ALL)
def test_the_pictured_span_holds_four_standard_deviations(phi: Activation) -> None:
    x = phi(torch.linspace(-4, 4, 801, dtype=torch.float64))
    assert phi.low <= x.min() + 1e-12
    assert x.max() <= phi.high + 1e-12
    assert x.max() - x.min() > 0.8 * (phi.high - phi.low)


@pytest.mark.parametrize("phi", ALL)
def test_kinks_are_where_the_first_or_second_derivative_jumps(phi: Activation) -> None:
    step = 1e-4
    h = torch.arange(-4 + step / 3, 4, step, dtype=torch.float64)
    slope = phi.derivative(h)
    curve = slope.diff() / step
    jumps = h[1:-1][(slope.diff().abs()[1:] > 0.05) | (curve.diff().abs() > 0.05)]
    found = {round(jump, 2) + 0.0 for jump in jumps.tolist()}
    assert found == {round(kink, 2) for kink in phi.kinks if abs(kink) < 4}


def test_a_name_or_a_table() -> None:
    assert activation_of("relu") is ACTIVATIONS["relu"]
    assert activation_of({"name": "leaky_relu", "slope": 0.1})(POINTS)[0].item() == -1.0
    with pytest.raises(ValueError, match="as many offsets"):
        activation("maxout", slopes=[1.0])


def test_a_slope_that_is_learned_gets_a_gradient() -> None:
    slope = torch.tensor(0.25, requires_grad=True)
    phi = activation("prelu", slope=slope)
    (gradient,) = torch.autograd.grad(phi(POINTS).sum(), slope)
    assert gradient.item() == -11.0  # the sum of min(0, h)
    assert phi.learned == ("slope",)


def test_maxout_in_a_network_takes_the_largest_of_each_units_maps() -> None:
    h = torch.tensor([[1.0, -2.0, 3.0, -4.0]])
    assert ACTIVATIONS["maxout"].together(h).tolist() == [[3.0, -2.0]]
    assert ACTIVATIONS["relu"].together(h).shape == h.shape
    layers = mlp(
        [2],
        3,
        width=5,
        depth=2,
        activation={"name": "maxout", "slopes": [1.0, 2.0, 3.0], "offsets": [0.0] * 3},
    )
    assert [tuple(weight.shape) for weight in layers.weights] == [(15, 2), (15, 5), (3, 5)]
    assert layers(torch.randn(7, 2)).shape == (7, 3)
    pictures = convnet([3, 8, 8], 4, channels=[5, 6], activation="maxout")
    assert pictures(torch.randn(2, 3, 8, 8)).shape == (2, 4)
