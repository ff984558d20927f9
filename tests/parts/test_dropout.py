"""Dropout keeps the mean and adds variance x²·p/(1 − p)."""

from __future__ import annotations

import copy

import pytest
import torch

from tuilab.parts.dropout import Dropout


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_mean_is_kept_and_the_variance_is_the_formulas(p: float) -> None:
    drop = Dropout(p)
    drop.generator = torch.Generator().manual_seed(1)
    x = torch.tensor([0.5, 1.0, -3.0])
    y = drop(x.expand(200_000, 3)).double()
    assert y.mean(0).tolist() == pytest.approx(x.tolist(), rel=0.02)
    assert y.var(0).tolist() == pytest.approx((x.square() * p / (1 - p)).tolist(), rel=0.03)
    assert y[:, 1].unique().tolist() == pytest.approx([0, 1 / (1 - p)])


def test_it_is_there_in_training_and_when_sampling_only() -> None:
    drop, x = Dropout(0.5), torch.ones(100)
    assert not torch.equal(drop(x), x)
    drop.eval()
    assert drop(x) is x
    drop.sampling = True
    assert not torch.equal(drop(x), x)


def test_masks_come_from_the_generator_and_a_copy_has_none() -> None:
    drop, x = Dropout(0.5), torch.ones(64)
    drop.generator = torch.Generator().manual_seed(3)
    first = drop(x)
    drop.generator.manual_seed(3)
    assert torch.equal(drop(x), first)
    assert copy.deepcopy(drop).generator is None
