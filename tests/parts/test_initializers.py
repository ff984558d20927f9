"""Initializers against closed forms, torch's own and the spread of what they draw."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

from tuilab.parts.initializers import GAINS, INITIALIZERS, fans, gain_of, initialize, mean_square
from tuilab.parts.randomness import stream

DENSE, CONVOLUTION = (500, 1600), (128, 64, 5, 5)


def drawn(shape: tuple[int, ...], name: str, seed: int = 0, **settings: float | str) -> torch.Tensor:
    weight = torch.empty(shape)
    initialize(weight, stream(seed, "weights"), name, **settings)
    return weight.double()


def torchs(shape: tuple[int, ...], init: Callable[..., Any], **settings: Any) -> torch.Tensor:
    weight = torch.empty(shape)
    init(weight, generator=stream(1, "torch"), **settings)
    return weight.double()


VARIANCES: list[tuple[str, dict[str, float | str], Callable[[int, int], float]]] = [
    ("normal", {"std": 0.02}, lambda i, o: 4e-4),
    ("uniform", {"bound": 0.3}, lambda i, o: 0.03),
    ("truncated_normal", {"std": 0.1}, lambda i, o: 0.01 * 0.7737),
    ("xavier_normal", {}, lambda i, o: 1 / i),
    ("xavier_uniform", {"gain": 2.0}, lambda i, o: 4 / i),
    ("xavier_normal", {"mode": "fan_avg"}, lambda i, o: 2 / (i + o)),
    ("kaiming_normal", {}, lambda i, o: 2 / i),
    ("kaiming_uniform", {"mode": "fan_out"}, lambda i, o: 2 / o),
    ("kaiming_normal", {"nonlinearity": "leaky_relu", "slope": 0.5}, lambda i, o: 1.6 / i),
    ("lecun_normal", {}, lambda i, o: 1 / i),
    ("torch_default", {}, lambda i, o: 1 / (3 * i)),
]


@pytest.mark.parametrize("shape", [DENSE, CONVOLUTION])
@pytest.mark.parametrize(("name", "settings", "variance"), VARIANCES)
def test_variances(
    shape: tuple[int, ...], name: str, settings: dict[str, Any], variance: Callable[[int, int], float]
) -> None:
    weight = drawn(shape, name, **settings)
    expected = variance(*fans(weight))
    assert mean_square(name, *fans(weight), **settings) == pytest.approx(expected, rel=1e-4)
    assert weight.var().item() == pytest.approx(expected, rel=0.015)
    assert abs(weight.mean().item()) < 4 * math.sqrt(expected / weight.numel())


TORCHS: list[tuple[str, dict[str, float | str], Callable[..., Any]]] = [
    ("xavier_normal", {"mode": "fan_avg", "gain": 1.5}, partial(nn.init.xavier_normal_, gain=1.5)),
    ("xavier_uniform", {"mode": "fan_avg"}, nn.init.xavier_uniform_),
    ("kaiming_normal", {}, partial(nn.init.kaiming_normal_, nonlinearity="relu")),
    (
        "kaiming_uniform",
        {"nonlinearity": "tanh", "mode": "fan_out"},
        partial(nn.init.kaiming_uniform_, nonlinearity="tanh", mode="fan_out"),
    ),
    ("torch_default", {}, partial(nn.init.kaiming_uniform_, a=math.sqrt(5))),
    ("truncated_normal", {"std": 0.1}, partial(nn.init.trunc_normal_, std=0.1, a=-0.2, b=0.2)),
]


@pytest.mark.parametrize("shape", [DENSE, CONVOLUTION])
@pytest.mark.parametrize(("name", "settings", "init"), TORCHS)
def test_torchs_own_have_the_same_quantiles(
    shape: tuple[int, ...], name: str, settings: dict[str, Any], init: Callable[..., Any]
) -> None:
    ours, theirs = drawn(shape, name, **settings), torchs(shape, init)
    shares = torch.tensor([1e-3, 0.1, 0.25, 0.5, 0.75, 0.9, 0.999], dtype=torch.float64)
    quantiles = [torch.quantile(w.flatten()[:200_000], shares) for w in (ours, theirs)]
    torch.testing.assert_close(*quantiles, rtol=0.05, atol=0.02 * theirs.std().item())
    # One number in 200,000 would be there if the tails were not cut alike.
    assert ours.abs().max().item() == pytest.approx(theirs.abs().max().item(), rel=0.15)


def test_gains_are_torchs() -> None:
    for name, gain in GAINS.items():
        torchs_name = "linear" if name == "identity" else name
        assert gain == pytest.approx(nn.init.calculate_gain(torchs_name))
    assert gain_of("leaky_relu", 0.2) == pytest.approx(nn.init.calculate_gain("leaky_relu", 0.2))


def test_a_filter_banks_fan_in_is_its_kernel_on_every_channel() -> None:
    assert fans(torch.empty(32, 64, 3, 3)) == (9 * 64, 9 * 32)
    assert mean_square("kaiming_normal", 9 * 64, 9 * 32, 9) == pytest.approx(2 / (9 * 64))
    assert drawn((512, 64, 3, 3), "kaiming_normal").var().item() == pytest.approx(2 / (9 * 64), rel=0.01)


@pytest.mark.parametrize("shape", [(60, 60), (40, 90), (90, 40), (16, 8, 3, 3), (100, 8, 3, 3)])
def test_orthogonal_is_orthogonal_on_its_shorter_side(shape: tuple[int, ...]) -> None:
    weight = drawn(shape, "orthogonal", gain=1.5)
    flat = weight.flatten(1)
    gram = flat @ flat.T if flat.shape[0] <= flat.shape[1] else flat.T @ flat
    torch.testing.assert_close(gram, 2.25 * torch.eye(len(gram)).double(), rtol=0, atol=1e-5)
    area = math.prod(shape[2:])
    expected = mean_square("orthogonal", *fans(weight), area, gain=1.5)
    assert weight.square().mean().item() == pytest.approx(expected, rel=1e-5)


def test_rotations_are_even_over_all_rotations() -> None:
    # QR alone has signs of its own: the mean trace of an even rotation is 0, its mean square 1.
    traces = torch.stack([drawn((8, 8), "orthogonal", seed).trace() for seed in range(400)])
    assert abs(traces.mean().item()) < 0.2
    assert traces.square().mean().item() == pytest.approx(1, abs=0.3)


def test_constant_is_constant() -> None:
    assert (drawn((30, 20), "constant", value=-0.5) == -0.5).all()


@pytest.mark.parametrize("name", INITIALIZERS)
def test_a_seed_means_the_same_weights(name: str) -> None:
    torch.testing.assert_close(drawn((30, 20), name), drawn((30, 20), name), rtol=0, atol=0)
    if name != "constant":
        assert not torch.equal(drawn((30, 20), name), drawn((30, 20), name, seed=1))


def test_scales_of_one_law_share_the_draw() -> None:
    small, xavier = drawn((30, 20), "normal", std=0.01), drawn((30, 20), "xavier_normal")
    torch.testing.assert_close(xavier, small * 100 / math.sqrt(20), rtol=1e-5, atol=0)


def test_weights_that_learn_can_be_filled() -> None:
    weight = nn.Linear(20, 30).weight
    initialize(weight, stream(0, "weights"), "kaiming_normal")
    assert weight.requires_grad
    assert weight.grad_fn is None
