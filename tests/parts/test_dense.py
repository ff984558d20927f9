"""The hand-written forward and backward pass against autograd."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from tuilab.parts.activations import ACTIVATIONS
from tuilab.parts.convolution import Convolution
from tuilab.parts.dense import Dense, Layer, Standardize, backward, forward, weight_gradient_norm

WIDTHS = [12, 9, 15, 7]
NORMS = {
    "none": None,
    "batch": Standardize((-2,)),
    "layer": Standardize((-1,)),
    "rms": Standardize((-1,), center=False),
}


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def layers(std: float | Tensor = 0.5) -> list[Dense]:
    return [Dense(normal(a, b, seed=a), std) for a, b in pairwise(WIDTHS)]


def agree_with_autograd(x: Tensor, network: Sequence[Layer], name: str, norm: Standardize | None) -> None:
    """Both passes, through the same layers' own forward."""
    activation = ACTIVATIONS[name]
    passed = forward(x, network, activation, norm)
    upstream = normal(*passed.outputs[-1].shape, seed=1)
    gradients, passed_back = backward(upstream, passed, network, activation, norm)

    expected, at_h = [x.clone().requires_grad_()], []
    for layer in network:
        h = layer.forward(expected[-1])
        h.retain_grad()
        at_h.append(h)
        expected.append(activation(norm.forward(h)[0] if norm else h))
    reached = torch.autograd.grad((expected[-1] * upstream).sum(), [*expected, *at_h])
    torch.testing.assert_close(passed.outputs, [h.detach() for h in expected])
    torch.testing.assert_close([*gradients, *passed_back], list(reached))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_both_passes_are_autograds(name: str) -> None:
    agree_with_autograd(normal(5, 12), layers(), name, None)


@pytest.mark.parametrize("norm", NORMS)
def test_both_passes_with_a_normalisation(norm: str) -> None:
    agree_with_autograd(normal(2, 5, 12), layers(), "tanh", NORMS[norm])


def test_normalisations_are_torchs() -> None:
    h = normal(6, 10)
    ours = {name: norm.forward(h)[0] for name, norm in NORMS.items() if norm}
    torch.testing.assert_close(ours["batch"], functional.batch_norm(h, None, None, training=True))
    torch.testing.assert_close(ours["layer"], functional.layer_norm(h, (10,)))
    torch.testing.assert_close(ours["rms"], functional.rms_norm(h, (10,), eps=1e-5))


@pytest.mark.parametrize("norm", [None, Standardize((-4, -2, -1)), Standardize((-3, -2, -1))])
def test_convolutions_too(norm: Standardize | None) -> None:
    network = [Convolution(normal(4, 3, 3, 3), 0.5), Convolution(normal(5, 4, 1, 1, seed=2), 0.5)]
    agree_with_autograd(normal(2, 3, 3, 6, 5), network, "tanh", norm)


def test_a_convolution_closes_the_picture_and_learns_as_torchs() -> None:
    x, weight = normal(2, 3, 6, 5), normal(4, 3, 3, 3, seed=1).requires_grad_()
    module = torch.nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular", bias=False, dtype=torch.float64)
    module.weight = torch.nn.Parameter(0.5 * weight)
    layer = Convolution(weight.detach(), 0.5)
    h = module(x)
    torch.testing.assert_close(layer.forward(x), h.detach())
    d = normal(*h.shape, seed=3)
    (gradient,) = torch.autograd.grad((h * d).sum(), module.weight)
    assert layer.gradient_norm(x, d).item() == pytest.approx(gradient.norm().item())


def test_networks_together_are_as_each_alone() -> None:
    activation, stds = ACTIVATIONS["tanh"], [0.1, 0.5, 2.0]
    x, upstream = normal(5, 12), normal(5, 7, seed=1)
    together = layers(torch.tensor(stds, dtype=torch.float64)[:, None, None])
    passed = forward(x.expand(3, -1, -1), together, activation)
    gradients, _ = backward(upstream.expand(3, -1, -1), passed, together, activation)
    for k, std in enumerate(stds):
        alone = forward(x, layers(std), activation)
        torch.testing.assert_close(passed.outputs[-1][k], alone.outputs[-1])
        torch.testing.assert_close(gradients[0][k], backward(upstream, alone, layers(std), activation)[0][0])


@pytest.mark.parametrize("batch", [2, 6, 40])
def test_the_weight_gradients_norm_for_few_and_for_many_examples(batch: int) -> None:
    x, d = normal(batch, 6), normal(batch, 8, seed=1)
    assert weight_gradient_norm(x, d).item() == pytest.approx((x.T @ d).norm().item())


def test_the_weight_gradients_norm_outlives_float32_squares() -> None:
    x, d = torch.full((4, 50), 1e25), torch.full((4, 50), 1e5)
    assert weight_gradient_norm(x, d).item() == pytest.approx(4e30 * 50)
    assert weight_gradient_norm(torch.zeros(4, 50), d).item() == 0
    assert math.isnan(weight_gradient_norm(torch.full((4, 50), math.nan), d).item())
