"""Measuring waits for the device once, however deep the network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tuilab.parts.models import mlp
from tuilab.probes import network as probing
from tuilab.probes.network import NetworkProbe

GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


def deep(depth: int, device: str = "cpu") -> tuple[nn.Module, NetworkProbe, Tensor]:
    network = mlp((6,), 3, width=8, depth=depth, activation="tanh")
    network.start(0, "xavier_normal")
    network.to(device)
    x = torch.randn(16, 6, generator=torch.Generator().manual_seed(0)).to(device)
    return network, NetworkProbe(network, network.activations, network.weights, "tanh", inputs=True), x


def looked_at(network: nn.Module, probe: NetworkProbe, x: Tensor) -> None:
    with probe.watching():
        network(x).square().mean().backward()


@pytest.mark.parametrize("depth", [1, 7])
def test_one_transfer_a_measurement(monkeypatch: pytest.MonkeyPatch, depth: int) -> None:
    network, probe, x = deep(depth)
    looked_at(network, probe, x)
    transfers = []

    def counting(name: str) -> Callable[..., Any]:
        original = getattr(Tensor, name)

        def counted(self: Tensor, *args: Any) -> Any:
            transfers.append(name)
            return original(self, *args)

        return counted

    for name in ("cpu", "item", "tolist", "__bool__", "__float__", "__int__"):
        monkeypatch.setattr(Tensor, name, counting(name))
    found = probe.measure()
    assert transfers == ["cpu"]
    assert len(found.outputs.mean) == depth


@GPU
def test_on_a_gpu_nothing_waits_before_the_transfer(monkeypatch: pytest.MonkeyPatch) -> None:
    network, probe, x = deep(5, "cuda")
    looked_at(network, probe, x)
    probe.measure()  # what is made once is made here: the places sampled, libraries' workspaces
    fetched = probing.fetched

    def waiting(*figures: Tensor) -> Any:
        torch.cuda.set_sync_debug_mode("default")
        return fetched(*figures)

    monkeypatch.setattr(probing, "fetched", waiting)
    try:
        for _ in range(3):
            torch.cuda.set_sync_debug_mode("error")
            looked_at(network, probe, x)
            probe.measure()
            assert torch.cuda.get_sync_debug_mode() == 0, "the transfer did not come"
    finally:
        torch.cuda.set_sync_debug_mode("default")
