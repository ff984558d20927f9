"""Dropout keeps the mean and adds variance x²·p/(1 − p)."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

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


def seeded(p: float = 0.5) -> Dropout:
    drop = Dropout(p)
    drop.generator = torch.Generator().manual_seed(3)
    return drop


def test_it_is_there_in_training_and_when_sampling_only() -> None:
    drop, x = seeded(), torch.ones(100)
    assert not torch.equal(drop(x), x)
    drop.eval()
    assert drop(x) is x
    drop.sampling = True
    assert not torch.equal(drop(x), x)


def test_a_copy_is_in_the_same_mode_and_draws_from_the_same_generator() -> None:
    drop, x = seeded(), torch.ones(64)
    first, second = drop(x), drop(x)
    copied = copy.deepcopy(nn.Sequential(nn.ReLU(), drop))[1]
    drop.generator.manual_seed(3)
    assert torch.equal(copied(x), first)
    assert torch.equal(drop(x), second)
    drop.sampling = True
    assert copy.deepcopy(drop.eval()).sampling
    assert not copy.deepcopy(drop).training
    assert copied.training


def test_without_a_generator_it_draws_from_nobody_elses() -> None:
    drop, before = Dropout(0.5), torch.get_rng_state()
    with pytest.raises(RuntimeError, match="without a generator"):
        drop(torch.ones(3))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(drop.eval()(torch.ones(3)), torch.ones(3))
