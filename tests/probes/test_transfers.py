"""Measuring waits for the device once, however deep the network."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.far_device import FarDevice
from tuilab.parts.models import mlp
from tuilab.probes import pending as probing
from tuilab.probes.network import NetworkProbe

GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


def deep(depth: int, device: str = "cpu") -> tuple[nn.Module, NetworkProbe, Tensor]:
    network = mlp((6,), 3, width=8, depth=depth, activation="tanh")
    network.start(0, "xavier_normal")
    network.to(device)
    x = torch.randn(16, 6, generator=torch.Generator().manual_seed(0)).to(device)
    return network, NetworkProbe(network, network.activations, network.weights, "tanh", inputs=True), x


def looked_at(network: nn.Module, probe: NetworkProbe, x: Tensor, scale: float = 1.0) -> None:
    with probe.watching():
        (scale * network(x)).mean().backward()


@pytest.mark.parametrize("depth", [1, 7])
@pytest.mark.parametrize("scale", [1.0, 0.0, 1e-25, 1e25])
def test_one_transfer_a_measurement(depth: int, scale: float) -> None:
    """However deep, and however far from 1 the gradients are."""
    network, probe, x = deep(depth)
    looked_at(network, probe, x, scale)
    expected = probe.measure()
    with FarDevice() as device:
        network, probe, x = deep(depth, "meta")
        looked_at(network, probe, x, scale)
        device.waits.clear()
        found = probe.measure()
        assert len(device.waits) == 1, device.waits
        assert not device.sent[1:], device.sent  # the places that are sampled, once
    assert len(found.outputs.mean) == depth
    for figures in ("outputs.std", "gradients.norm", "weight_gradient_norms", "weight_norms"):
        seen, wanted = attrgetter(figures)(found), attrgetter(figures)(expected)
        np.testing.assert_allclose(seen, wanted, rtol=1e-6)


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
