"""Losses against their sums, and what a start that knows nothing costs."""

from __future__ import annotations

import math

import pytest
import torch

from tuilab.parts.losses import LOSSES


def test_equal_scores_cost_what_is_known_beforehand() -> None:
    scores, labels = torch.zeros(7, 10), torch.arange(7)
    assert LOSSES["softmax"](scores, labels).item() == pytest.approx(math.log(10))
    assert LOSSES["svm"](scores, labels).item() == pytest.approx(9)
    assert LOSSES["none"](scores, labels).item() == 0


def test_the_hinge_loss_is_the_slides_sum() -> None:
    """The lecture's f(x)_j − f(x)_y + 1, summed over the wrong classes and averaged over examples."""
    torch.manual_seed(0)
    scores, labels = torch.randn(6, 5), torch.tensor([0, 4, 2, 2, 1, 3])
    total = 0.0
    for row, y in zip(scores.tolist(), labels.tolist(), strict=True):
        total += sum(max(0.0, s - row[y] + 1) for j, s in enumerate(row) if j != y)
    assert LOSSES["svm"](scores, labels).item() == pytest.approx(total / 6)
    theirs = torch.nn.functional.multi_margin_loss(scores, labels) * 5
    torch.testing.assert_close(LOSSES["svm"](scores, labels), theirs)


def test_a_safe_margin_leaves_nothing_to_learn() -> None:
    scores = torch.tensor([[3.0, 1.0, 1.9]], requires_grad=True)
    loss = LOSSES["svm"](scores, torch.tensor([0]))
    loss.backward()
    assert loss.item() == 0
    assert not scores.grad.any()


def test_smoothing_spreads_the_label() -> None:
    scores, labels = torch.randn(4, 3, generator=torch.Generator().manual_seed(2)), torch.tensor([0, 1, 2, 0])
    spread = 0.7 * torch.nn.functional.one_hot(labels, 3) + 0.3 / 3
    expected = -(spread * scores.log_softmax(1)).sum(1).mean()
    torch.testing.assert_close(LOSSES["softmax"](scores, labels, label_smoothing=0.3), expected)
