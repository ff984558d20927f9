"""The hand-written forward and backward pass against autograd."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch

from tuilab.parts.activations import ACTIVATIONS
from tuilab.parts.dense import Layer, backward, forward, weight_gradient_norm

WIDTHS = [12, 9, 15, 7]


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def layers(std: float | torch.Tensor = 0.5) -> list[Layer]:
    return [Layer(normal(a, b, seed=a), std) for a, b in pairwise(WIDTHS)]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_both_passes_are_autograds(name: str) -> None:
    network, activation = layers(), ACTIVATIONS[name]
    x, upstream = normal(5, 12), normal(5, 7, seed=1)
    preactivations, outputs = forward(x, network, activation)
    gradients, passed_back = backward(upstream, preactivations, network, activation)

    weights = [(layer.std * layer.unit).requires_grad_() for layer in network]
    expected = [x.clone().requires_grad_()]
    for weight in weights:
        expected.append(activation(expected[-1] @ weight))
    torch.testing.assert_close(outputs, [h.detach() for h in expected])
    reached = torch.autograd.grad((expected[-1] * upstream).sum(), [*expected, *weights])
    torch.testing.assert_close(gradients, list(reached[:4]))
    for k, weight_gradient in enumerate(reached[4:]):
        torch.testing.assert_close(outputs[k].T @ passed_back[k], weight_gradient)
        norm = weight_gradient_norm(outputs[k], passed_back[k])
        assert norm.item() == pytest.approx(weight_gradient.norm().item())


def test_networks_together_are_as_each_alone() -> None:
    activation, stds = ACTIVATIONS["tanh"], [0.1, 0.5, 2.0]
    x, upstream = normal(5, 12), normal(5, 7, seed=1)
    together = layers(torch.tensor(stds, dtype=torch.float64)[:, None, None])
    preactivations, outputs = forward(x.expand(3, -1, -1), together, activation)
    gradients, _ = backward(upstream.expand(3, -1, -1), preactivations, together, activation)
    for k, std in enumerate(stds):
        alone_h, alone = forward(x, layers(std), activation)
        torch.testing.assert_close(outputs[-1][k], alone[-1])
        torch.testing.assert_close(
            gradients[0][k], backward(upstream, alone_h, layers(std), activation)[0][0]
        )


@pytest.mark.parametrize("batch", [2, 6, 40])
def test_the_weight_gradients_norm_for_few_and_for_many_examples(batch: int) -> None:
    x, d = normal(batch, 6), normal(batch, 8, seed=1)
    assert weight_gradient_norm(x, d).item() == pytest.approx((x.T @ d).norm().item())


def test_the_weight_gradients_norm_outlives_float32_squares() -> None:
    x, d = torch.full((4, 50), 1e25), torch.full((4, 50), 1e5)
    assert weight_gradient_norm(x, d).item() == pytest.approx(4e30 * 50)
    assert weight_gradient_norm(torch.zeros(4, 50), d).item() == 0
    assert math.isnan(weight_gradient_norm(torch.full((4, 50), math.nan), d).item())
