"""Averages of weights against their sums."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tuilab.parts.ensembles import AVERAGES, refresh
from tuilab.parts.models import convnet, mlp


def walked(average, steps: int = 40) -> tuple[list[torch.Tensor], nn.Module]:
    """Weights k at step k, gathered."""
    network = nn.Linear(1, 1)
    trail = []
    for step in range(1, steps + 1):
        nn.init.constant_(network.weight, step)
        average.gather(network, step, steps)
        trail.append(network.weight.detach().clone())
    return trail, network


def test_ema_is_the_recursion() -> None:
    average = AVERAGES["ema"](decay=0.8)
    walked(average)
    expected = 1.0
    for step in range(2, 41):
        decay = min(0.8, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * step
    assert average.networks[0].weight.item() == pytest.approx(expected, rel=1e-6)


def test_swa_is_the_plain_mean_of_the_last_part() -> None:
    average = AVERAGES["swa"](start=0.5, every=5)
    walked(average)
    assert average.networks[0].weight.item() == pytest.approx(sum([20, 25, 30, 35, 40]) / 5)


def test_snapshots_are_taken_at_the_ends_of_cycles() -> None:
    average = AVERAGES["snapshots"](cycles=3)
    walked(average)
    assert [network.weight.item() for network in average.networks] == [14, 27, 40]


def test_what_was_gathered_is_taken_up_again() -> None:
    for name in ("ema", "swa", "snapshots"):
        first, second = AVERAGES[name](), AVERAGES[name]()
        _, network = walked(first, 30)
        second.restore(first.state(), network)
        for average in (first, second):
            nn.init.constant_(network.weight, 99)
            average.gather(network, 31, 31)
        assert [n.weight.item() for n in first.networks] == [n.weight.item() for n in second.networks]
        assert first.networks


def test_refreshed_statistics_are_those_of_the_batches() -> None:
    network = convnet((3, 8, 8), 10, channels=[4])
    network.start(0, "kaiming_normal")
    batches = [torch.randn(16, 3, 8, 8) for _ in range(5)]
    refresh(network, batches)
    pooled = [network.hidden[0].pool(network.hidden[0].convolution(batch)) for batch in batches]
    means = torch.stack([x.mean((0, 2, 3)) for x in pooled]).mean(0)
    torch.testing.assert_close(network.hidden[0].norm.running_mean, means.detach())
    assert network.hidden[0].norm.momentum == 0.1
    refresh(mlp((4,), 2, width=3), [])  # nothing to do
