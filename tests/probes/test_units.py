"""Rank and distance of units where they are known."""

from __future__ import annotations

import pytest
import torch

from tuilab.probes.units import unit_figures


def test_units_that_are_the_same_and_units_that_are_not() -> None:
    same = torch.arange(1.0, 21.0).expand(8, -1) * 0.1
    opposite = torch.stack([torch.ones(4), -torch.ones(4)])
    filters = torch.eye(6).view(6, 2, 1, 3)
    ranks, distances = unit_figures(
        [w.double().numpy() for w in (same, opposite, filters, torch.zeros(3, 3))]
    )
    assert ranks == pytest.approx([1, 1, 6, 0])
    assert distances == pytest.approx([0, 1, (5 / 6) ** 0.5, 0])


def test_rounding_does_not_count() -> None:
    same = torch.full((32, 3072), 0.01) * (1 + 1e-7 * torch.randn(32, 3072))
    ranks, distances = unit_figures([same.double().numpy()])
    assert ranks[0] == 1
    assert distances[0] < 1e-5


def test_lost_weights_have_neither() -> None:
    lost = torch.full((3, 4), float("nan")).double().numpy()
    ranks, distances = unit_figures([lost])
    assert ranks[0] != ranks[0]
    assert distances[0] != distances[0]
