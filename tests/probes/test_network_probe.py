"""What the hooks see, against the same pass taken apart by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from tuilab.parts.models import Network, convnet, mlp
from tuilab.probes.network import NetworkProbe, NetworkStatistics


def probe_of(network: Network, activation: str) -> NetworkProbe:
    return NetworkProbe(
        network, network.activations, network.weights, activation, bins=16, sample=0, low=-1.0, high=1.0
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


def watched(network: nn.Module, *inputs: torch.Tensor, passes: int = 1) -> NetworkStatistics:
    """What a probe of all leaves says of the last of some passes; the loss sums squares of the output."""
    probe = NetworkProbe(network, sample=0)
    for _ in range(passes):
        network.zero_grad()
        with probe.watching():
            output = network(*inputs)
            while isinstance(output, tuple):
                output = output[0]
            output.square().sum().backward()
        found = probe.measure()
    assert not any(module._forward_hooks for module in network.modules())
    return found


def test_a_transformer_block() -> None:
    torch.manual_seed(0)
    block = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
    found = watched(block, torch.randn(3, 5, 8))
    assert {"self_attn.0", "linear1", "linear2", "norm1", "norm2"} <= set(found.names)
    assert np.isfinite(found.outputs.std).all()
    assert np.isfinite(found.gradients.norm).all()
    assert len(found.weight_norms) == 4


def test_an_lstm_hands_out_nested_tensors() -> None:
    torch.manual_seed(0)
    lstm = nn.LSTM(4, 6, batch_first=True)
    x = torch.randn(2, 7, 4)
    found = watched(lstm, x)
    assert found.names == ("LSTM.0", "LSTM.1.0", "LSTM.1.1")
    outputs, (h, c) = lstm(x)
    assert found.outputs.std == pytest.approx([t.double().std(correction=0).item() for t in (outputs, h, c)])
    # The loss asks for the outputs alone: nothing comes back to the last states.
    assert found.gradients.norm[0] == pytest.approx(2 * outputs.norm().item(), rel=1e-5)


def test_a_module_used_twice_is_seen_twice() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.map, self.phi = nn.Linear(5, 5), nn.ReLU()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.phi(self.map(self.phi(self.map(x))))

    torch.manual_seed(0)
    network, x = Twice(), torch.randn(9, 5)
    found = watched(network, x)
    assert found.names == ("map", "phi", "map#2", "phi#2")
    first = network.map(x)
    second = network.map(first.relu())
    values = [first, first.relu(), second, second.relu()]
    assert found.outputs.mean == pytest.approx([v.double().mean().item() for v in values], abs=1e-6)
    assert found.outputs.saturated[1] == pytest.approx((first <= 0).double().mean().item())
    assert found.outputs.saturated[0] == 0  # a linear map has no flat part
    assert found.gradients.norm[3] == pytest.approx(2 * values[3].norm().item(), rel=1e-5)


@pytest.mark.parametrize("passes", [1, 3])
def test_what_is_overwritten_in_place_is_seen_before(passes: int) -> None:
    class Adds(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x += 1.0
            return x

    torch.manual_seed(0)
    maps = [nn.Linear(6, 6) for _ in range(3)]
    spoiling = nn.Sequential(maps[0], nn.ReLU(inplace=True), maps[1], Adds(), maps[2], nn.Sigmoid())
    x = torch.randn(8, 6)
    found = watched(spoiling, x, passes=passes)
    first = maps[0](x)
    second = maps[1](first.relu())
    values = [first, first.relu(), second, second + 1, maps[2](second + 1)]
    for value in values:
        value.retain_grad()
    torch.sigmoid(values[-1]).square().sum().backward()
    assert found.outputs.mean[:5] == pytest.approx([v.double().mean().item() for v in values], abs=1e-6)
    assert found.gradients.norm[0] == pytest.approx(values[0].grad.norm().item(), rel=1e-4)
    assert found.gradients.norm[2] == pytest.approx(values[2].grad.norm().item(), rel=1e-4)


def test_channels_last_and_low_precision() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3))
    x = torch.randn(2, 3, 10, 10)
    plain = watched(network, x)
    last = watched(network.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last))
    assert last.outputs.std == pytest.approx(plain.outputs.std, rel=1e-5)
    half = watched(network.bfloat16(), x.bfloat16())
    assert half.outputs.std == pytest.approx(plain.outputs.std, rel=0.02)
    assert half.names == ("0", "1", "2")


def test_sequences_count_units_on_the_last_axis() -> None:
    network = nn.Sequential(nn.Linear(4, 6), nn.ReLU())
    with torch.no_grad():
        network[0].weight[:2] = 0
        network[0].bias[:2] = -1
        network[0].weight[2:] = 1
    found = watched(network, torch.rand(3, 5, 4))
    assert found.outputs.dead[1] == pytest.approx(2 / 6)


def test_without_a_gradient_there_is_none() -> None:
    network = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    network[0].requires_grad_(False)
    found = watched(network, torch.randn(4, 3))
    assert np.isnan(found.gradients.norm[0])
    assert np.isfinite(found.gradients.norm[1])
