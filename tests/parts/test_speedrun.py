"""The speed-runs' network: what its first layer does, how it starts, and what learns at which rate."""

from __future__ import annotations

import pytest
import torch

from tuilab.parts.models import MODELS
from tuilab.parts.models.speedrun import SpeedRun, Whitening
from tuilab.parts.normalization import BatchNorm


def correlated(count: int, size: int = 12) -> torch.Tensor:
    """Pictures of three channels whose neighbouring pixels are nearly equal."""
    coarse = torch.randn(count, 3, size // 3, size // 3, generator=torch.Generator().manual_seed(0))
    smooth = torch.nn.functional.interpolate(coarse, size=(size, size), mode="bilinear")
    return smooth + 0.1 * torch.randn(smooth.shape, generator=torch.Generator().manual_seed(1))


def test_whitened_patches_have_unit_variance_and_no_correlations() -> None:
    images = correlated(400)
    layer = Whitening(3, epsilon=0.0)
    layer.fit(images)
    patches = torch.nn.functional.conv2d(images, layer.filters[:12]).permute(0, 2, 3, 1).reshape(-1, 12)
    second = patches.T @ patches / len(patches)
    assert torch.allclose(second, torch.eye(12), atol=1e-3)
    assert torch.equal(layer.filters[12:], -layer.filters[:12])


def test_whitening_does_not_depend_on_the_sign_that_an_axis_comes_with() -> None:
    first, second = Whitening(3), Whitening(3)
    images = correlated(200)
    first.fit(images)
    second.fit(images.flip(0))
    assert torch.allclose(first.filters, second.filters, atol=1e-3)


@pytest.fixture
def network() -> SpeedRun:
    built = MODELS["speedrun"]((3, 32, 32), 10, widths=(8, 16, 16))
    built.start(0, "kaiming_normal")
    assert isinstance(built, SpeedRun)
    return built


def test_convolutions_start_by_passing_their_inputs_on(network: SpeedRun) -> None:
    last = network.weights[-2]
    x = torch.randn(2, 16, 5, 5)
    assert torch.allclose(torch.nn.functional.conv2d(x, last, padding=1), x, atol=1e-6)


def test_pictures_of_other_sizes_are_welcome(network: SpeedRun) -> None:
    for size in (17, 24, 32):
        assert network(torch.randn(2, 3, size, size)).shape == (2, 10)


def test_every_parameter_learns_at_one_rate_and_scales_do_not_learn(network: SpeedRun) -> None:
    (rest, one), (biases, fast) = network.rates()
    assert (one, fast) == (1.0, 64.0)
    norms = [module for module in network.modules() if isinstance(module, BatchNorm)]
    assert {id(p) for p in biases} == {id(norm.bias) for norm in norms}
    frozen = {id(norm.weight) for norm in norms}
    everything = {id(p) for p in network.parameters()}
    assert {id(p) for p in rest} | {id(p) for p in biases} | frozen == everything
    assert not frozen & ({id(p) for p in rest} | {id(p) for p in biases})
