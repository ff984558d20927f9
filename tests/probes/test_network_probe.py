"""What the hooks see, against the same pass taken apart by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tuilab.parts.models import Network, convnet, mlp
from tuilab.probes.network import NetworkProbe


def probe_of(network: Network, activation: str) -> NetworkProbe:
    return NetworkProbe(
        network.activations, network.weights, activation, bins=16, sample=0, low=-1.0, high=1.0
    )


def loss_of(network: Network, images: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.cross_entropy(network(images), torch.arange(len(images)) % 10)


def test_figures_are_those_of_the_pass() -> None:
    network = mlp((3, 4, 4), 10, width=12, depth=2, activation="tanh")
    network.start(1, "xavier_normal")
    images = torch.randn(20, 3, 4, 4)
    probe = probe_of(network, "tanh")
    with probe.watching():
        loss_of(network, images).backward()
    found = probe.measure()

    x, outputs = images.flatten(1), []
    for weight in network.weights[:-1]:
        x = torch.tanh(x @ weight.T)
        x.retain_grad()
        outputs.append(x)
    torch.nn.functional.cross_entropy(x @ network.weights[-1].T, torch.arange(20) % 10).backward()
    for k, output in enumerate(outputs):
        h, g = output.detach().double().numpy(), output.grad.double().numpy()
        assert found.outputs.std[k] == pytest.approx(h.std(), rel=1e-5)
        assert found.gradients.norm[k] == pytest.approx(np.linalg.norm(g), rel=1e-5)
        assert found.gradients.std[k] == pytest.approx(g.std(), rel=1e-5)
    # The second pass added the same gradients once more.
    doubled = [weight.grad.norm().item() / 2 for weight in network.weights]
    assert found.weight_gradient_norms == pytest.approx(doubled, rel=1e-5)
    assert found.weight_norms == pytest.approx([weight.norm().item() for weight in network.weights], rel=1e-5)


def test_watching_changes_nothing_and_leaves_no_hook() -> None:
    network = convnet((3, 8, 8), 10, channels=[4, 4])
    network.start(1, "kaiming_normal")
    images = torch.randn(6, 3, 8, 8)
    loss_of(network, images).backward()
    plain = [weight.grad.clone() for weight in network.weights]
    network.zero_grad()
    with probe_of(network, "relu").watching():
        loss_of(network, images).backward()
    for weight, gradient in zip(network.weights, plain, strict=True):
        assert torch.equal(weight.grad, gradient)
    assert not any(module._forward_hooks for module in network.modules())


def test_a_failing_pass_leaves_no_hook() -> None:
    network = mlp((3, 4, 4), 10, width=5)
    with pytest.raises(RuntimeError, match="shapes"), probe_of(network, "relu").watching():
        network(torch.randn(2, 7))
    assert not any(module._forward_hooks for module in network.modules())


def test_a_network_without_hidden_layers_has_weights_only() -> None:
    network = mlp((3, 4, 4), 10, depth=0)
    network.start(0, "normal")
    probe = probe_of(network, "relu")
    with probe.watching():
        loss_of(network, torch.randn(4, 3, 4, 4)).backward()
    found = probe.measure()
    assert len(found.outputs.mean) == len(found.gradients.norm) == 0
    assert len(found.weight_norms) == 1
