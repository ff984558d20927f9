"""Mean-field predictions against closed forms and plain sums."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from tuilab.parts.activations import ACTIVATIONS, activation
from tuilab.parts.mean_field import jacobian_spread, predict


@pytest.mark.parametrize("gain", [1.0, 2.0, 1e-6, 1e6])
def test_relu_in_closed_form(gain: float) -> None:
    found = predict([gain] * 5, ACTIVATIONS["relu"])
    for k, layer in enumerate(found):
        arrived = gain * (gain / 2) ** k
        assert layer.mean_square == pytest.approx(arrived / 2, rel=1e-10)
        assert layer.mean == pytest.approx(math.sqrt(arrived / (2 * math.pi)), rel=1e-10)
        assert layer.growth == pytest.approx(gain / 2, rel=1e-10)
        assert layer.spread == pytest.approx(1, rel=1e-10)


def test_hes_spread_is_826_a_layer_and_xaviers_halves_in_two() -> None:
    he, xavier = (predict([gain] * 7, ACTIVATIONS["relu"]) for gain in (2.0, 1.0))
    assert he[6].std == pytest.approx(math.sqrt(1 - 1 / math.pi), rel=1e-9)
    assert xavier[6].std == pytest.approx(2**-3.5 * he[6].std, rel=1e-9)


@pytest.mark.parametrize(
    ("gain", "spreads", "ratio"),
    [
        (0.4096, [0.493, 0.289, 0.180, 0.114, 0.072, 0.046, 0.030], 0.031),
        (10.24, [0.872, 0.853, 0.850, 0.850, 0.850, 0.850, 0.850], 9.6),
        (1.0, [0.629, 0.486, 0.409, 0.359, 0.323, 0.295, 0.274], 0.32),
    ],
)
def test_the_lectures_tanh_networks(gain: float, spreads: list[float], ratio: float) -> None:
    found = predict([gain] * 7, ACTIVATIONS["tanh"])
    assert [layer.std for layer in found] == pytest.approx(spreads, rel=0.02)
    assert math.sqrt(math.prod(layer.growth for layer in found)) == pytest.approx(ratio, rel=0.02)


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "elu", "selu", "gelu", "silu"])
@pytest.mark.parametrize("gain", [0.3, 1.0, 40.0])
def test_against_a_plain_sum(name: str, gain: float) -> None:
    z = torch.linspace(-12, 12, 400_000, dtype=torch.float64)
    weight = torch.exp(-z * z / 2)
    weight /= weight.sum()
    h, phi = math.sqrt(gain) * z, ACTIVATIONS[name]
    (found,) = predict([gain], phi)
    expected = [(weight * f).sum().item() for f in (phi(h), phi(h) ** 2, gain * phi.derivative(h) ** 2)]
    assert [found.mean, found.mean_square, found.growth] == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_normalised_activations_keep_both_squares() -> None:
    for root in (1, 2):
        found = predict([1.0] * 200, activation("gpn", of="tanh", root=root))
        assert found[-1].mean_square == pytest.approx(1, abs=1e-9)
        assert found[-1].growth == pytest.approx(1, abs=1e-9)


def test_batch_norm_makes_relus_gradients_explode_and_layer_norm_does_not() -> None:
    for gain in (1e-3, 2.0):
        batch, layer = (predict([gain] * 4, ACTIVATIONS["relu"], norm) for norm in ("batch", "layer"))
        assert batch[-1].growth == pytest.approx(math.pi / (math.pi - 1), rel=1e-9)
        assert layer[-1].growth == pytest.approx(1, rel=1e-9)


def test_a_signal_that_leaves_the_numbers_is_infinite_or_nan_and_no_crash() -> None:
    for gain in (1e200, 0.0):
        found = predict([gain] * 5, ACTIVATIONS["relu"])
        assert not math.isfinite(found[-1].growth) or found[-1].mean_square == 0


def test_the_jacobians_spread_of_a_product_of_gaussian_matrices() -> None:
    n, depth = 400, 3
    generator = torch.Generator().manual_seed(0)
    product = torch.eye(n, dtype=torch.float64)
    for _ in range(depth):
        product = product @ torch.randn(n, n, generator=generator, dtype=torch.float64) / math.sqrt(n)
    squares = np.square(torch.linalg.svdvals(product).numpy())
    predicted = jacobian_spread(predict([1.0] * depth, ACTIVATIONS["identity"]), orthogonal=False)
    assert predicted == pytest.approx(depth)
    assert squares.var() / squares.mean() ** 2 == pytest.approx(predicted, rel=0.1)
    assert jacobian_spread(predict([2.0] * 3, ACTIVATIONS["relu"]), orthogonal=True) == pytest.approx(3)
