"""Initializers against torch's own and against the spread of what they draw."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from tuilab.parts.initializers import INITIALIZERS, fans, initialize
from tuilab.parts.randomness import stream


def drawn_std(shape: tuple[int, ...], name: str, **settings: float | str) -> float:
    weight = torch.empty(shape)
    initialize(weight, stream(0, "weights"), name, **settings)
    return weight.double().std().item()


def torch_std(init, shape: tuple[int, ...], **settings: float | str) -> float:
    weight = torch.empty(shape)
    init(weight, generator=stream(1, "torch"), **settings)
    return weight.double().std().item()


def test_normal_has_one_spread_whatever_the_width() -> None:
    assert drawn_std((600, 1000), "normal", std=0.02) == pytest.approx(0.02, rel=0.01)
    assert drawn_std((1000, 600), "normal") == pytest.approx(0.01, rel=0.01)


def test_xavier_is_one_over_the_root_of_fan_in() -> None:
    assert INITIALIZERS["xavier_normal"](4096, 10) == 1 / 64
    assert drawn_std((500, 1600), "xavier_normal", gain=2.0) == pytest.approx(2 / 40, rel=0.01)


@pytest.mark.parametrize("shape", [(500, 1600), (64, 128, 5, 5)])
def test_xaviers_average_form_is_torchs(shape: tuple[int, ...]) -> None:
    ours = drawn_std(shape, "xavier_normal", mode="fan_avg", gain=1.5)
    assert ours == pytest.approx(torch_std(nn.init.xavier_normal_, shape, gain=1.5), rel=0.01)


@pytest.mark.parametrize("shape", [(500, 1600), (64, 128, 5, 5)])
def test_kaiming_is_torchs_for_relu(shape: tuple[int, ...]) -> None:
    theirs = torch_std(nn.init.kaiming_normal_, shape, nonlinearity="relu")
    assert drawn_std(shape, "kaiming_normal") == pytest.approx(theirs, rel=0.01)


def test_a_convolutions_fan_in_is_its_kernel_on_every_channel() -> None:
    assert fans(torch.empty(32, 64, 3, 3)) == (9 * 64, 9 * 32)
    assert INITIALIZERS["kaiming_normal"](*fans(torch.empty(32, 64, 3, 3))) ** 2 == pytest.approx(
        2 / (9 * 64)
    )


def test_a_seed_means_the_same_weights_and_scales_the_same_draw() -> None:
    weights = [torch.empty(30, 20) for _ in range(3)]
    initialize(weights[0], stream(5, "weights", 1), "normal", std=0.01)
    initialize(weights[1], stream(5, "weights", 1), "normal", std=0.01)
    initialize(weights[2], stream(5, "weights", 1), "xavier_normal")
    assert torch.equal(weights[0], weights[1])
    torch.testing.assert_close(weights[2], weights[0] * 100 / math.sqrt(20))


def test_weights_that_learn_can_be_filled() -> None:
    weight = nn.Linear(20, 30).weight
    initialize(weight, stream(0, "weights"), "kaiming_normal")
    assert weight.requires_grad
    assert weight.grad_fn is None
