"""Networks: their shapes, where their layers are found, and how they start."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn.functional import cross_entropy

from tuilab.parts.models import MODELS, Network, convnet, mlp

SHAPE = (3, 32, 32)


@pytest.mark.parametrize(
    ("name", "settings", "hidden"),
    [
        ("mlp", {"width": 20, "depth": 3, "activation": "tanh"}, 3),
        ("mlp", {"width": 20, "depth": 0}, 0),
        ("convnet", {"channels": [4, 6], "norm": "batch"}, 2),
        ("convnet", {"channels": [4, 6, 8, 8, 8], "norm": "none", "activation": "sigmoid"}, 5),
        ("convnet", {"channels": [4, 6], "convolutions": 3, "norm": "group", "dropout": 0.2}, 6),
        ("mlp", {"widths": [9, 5], "norm": "batch", "activation": "prelu", "dropout": 0.5}, 2),
    ],
)
def test_layers_are_found_and_scores_come_out(name: str, settings: dict[str, object], hidden: int) -> None:
    before = torch.get_rng_state()
    network = MODELS[name](SHAPE, 10, **settings)
    network.start(0, "kaiming_normal")
    assert torch.equal(torch.get_rng_state(), before), "a network is built without drawing"
    network.drop_by(torch.Generator().manual_seed(0))
    assert network(torch.randn(4, *SHAPE)).shape == (4, 10)
    assert len(network.activations) == hidden
    assert len(network.weights) == hidden + 1


def test_a_convnet_equals_its_formula() -> None:
    """Convolution, 2x2 max pool, batch norm, rectifier; twice; then the scores."""
    network = convnet(SHAPE, 10, channels=[4, 6])
    network.start(3, "kaiming_normal")
    images = torch.randn(8, *SHAPE)
    x = images
    for weight in network.weights[:-1]:
        x = torch.nn.functional.conv2d(x, weight, padding=1)
        x = x.unfold(2, 2, 2).unfold(3, 2, 2).amax((-1, -2))
        x = (x - x.mean((0, 2, 3), keepdim=True)) / (
            x.var((0, 2, 3), keepdim=True, correction=0) + 1e-5
        ).sqrt()
        x = x.clamp(min=0)
    torch.testing.assert_close(network(images), x.flatten(1) @ network.weights[-1].T, rtol=1e-4, atol=1e-5)


def started(network: Network, init: str = "kaiming_normal") -> Network:
    network.start(5, init)
    return network


def test_networks_share_weights_wherever_shapes_agree() -> None:
    narrow, wide = (started(convnet(SHAPE, 10, channels=[4, 6, width])) for width in (5, 7))
    plain = started(convnet(SHAPE, 10, channels=[4, 6], norm="none", activation="tanh"))
    for layer in (0, 1):
        assert torch.equal(narrow.weights[layer], wide.weights[layer])
        assert torch.equal(narrow.weights[layer], plain.weights[layer])
    other = started(mlp(SHAPE, 10, width=30), "xavier_normal")
    he = started(mlp(SHAPE, 10, width=30))
    torch.testing.assert_close(he.weights[1], other.weights[1] * math.sqrt(2))


@pytest.mark.parametrize("init", ["kaiming_normal", "xavier_normal", "normal"])
def test_the_first_loss_is_that_of_guessing(init: str) -> None:
    for network in (convnet(SHAPE, 10, channels=[16, 16]), mlp(SHAPE, 10, width=200)):
        scores = started(network, init)(torch.randn(256, *SHAPE))
        loss = cross_entropy(scores, torch.arange(256) % 10)
        assert loss.item() == pytest.approx(math.log(10), rel=0.02)


def test_resnets_are_as_large_as_published() -> None:
    """ResNet-20 has .27 million weights; ResNet-18 with a stem for small pictures 11.17 million."""
    small = MODELS["resnet"](SHAPE, 10)
    assert len(small.activations) == 19  # and the scores make 20
    assert sum(p.numel() for p in small.parameters()) == pytest.approx(0.272e6, rel=0.02)
    large = MODELS["resnet"](SHAPE, 10, channels=(64, 128, 256, 512), blocks=2)
    assert len(large.activations) == 17
    assert sum(p.numel() for p in large.parameters()) == pytest.approx(11.17e6, rel=0.01)
    assert small(torch.randn(2, *SHAPE)).shape == (2, 10)


def test_a_block_adds_what_it_was_given() -> None:
    network = MODELS["resnet"](SHAPE, 10, channels=(4, 8), blocks=1, norm="none")
    network.start(0, "kaiming_normal")
    stem, same, down = network.hidden[0], network.hidden[1], network.hidden[2]
    x = stem(torch.randn(2, *SHAPE))
    f = torch.conv2d(torch.conv2d(x, same.first.weight, padding=1).relu(), same.second.weight, padding=1)
    torch.testing.assert_close(same(x), (x + f).relu())
    assert down(x).shape == (2, 8, 16, 16)


@pytest.mark.parametrize("channels", [(1, 2), (4, 8), (8, 16)])
def test_a_narrow_block_that_halves_pictures_learns_its_own_shortcut(channels: tuple[int, int]) -> None:
    """However few channels: against the formula, differentiated by torch with the channels first."""
    network = MODELS["resnet"](SHAPE, 10, channels=channels, blocks=1, norm="none")
    network.start(0, "kaiming_normal")
    down = network.hidden[2]
    x = torch.randn(32, channels[0], 32, 32)
    down(x.contiguous(memory_format=torch.channels_last)).square().sum().backward()
    first, second, shortcut = (
        layer.weight.detach().double().contiguous().requires_grad_()
        for layer in (down.first, down.second, down.shortcut)
    )
    f = torch.conv2d(torch.conv2d(x.double(), first, stride=2, padding=1).relu(), second, padding=1)
    (f + torch.conv2d(x.double(), shortcut, stride=2)).relu().square().sum().backward()
    assert shortcut.grad is not None
    torch.testing.assert_close(down.shortcut.weight.grad.double(), shortcut.grad, rtol=1e-4, atol=1e-2)


def test_depth_200_is_no_trouble() -> None:
    network = mlp((2,), 2, width=50, depth=200, activation="tanh")
    network.start(0, "orthogonal")
    assert network(torch.randn(3, 2)).shape == (3, 2)
    assert len(network.weights) == 201
