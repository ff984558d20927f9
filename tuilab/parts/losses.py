"""Losses: from scores (n, classes) and right classes (n,) to one number, the mean over examples.

Scores s are what the network says, s_y the right class's. At a start that knows nothing all scores are about
equal, and each loss is then a number known beforehand: a first check that a network is set up right.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot


def softmax(scores: Tensor, labels: Tensor, label_smoothing: float = 0.0) -> Tensor:
    """Cross entropy, −log of the right class's probability exp(s_y)/Σⱼ exp(sⱼ); ln C where scores are equal.

    Args:
        scores: (n, C).
        labels: (n,) int64.
        label_smoothing: share ε of the label that is spread over all classes alike (Szegedy et al., CVPR
            2016): no score is then pushed to infinity.
    """
    return cross_entropy(scores, labels, label_smoothing=label_smoothing)


def svm(scores: Tensor, labels: Tensor, margin: float = 1.0) -> Tensor:
    """The multiclass hinge loss Σ_{j≠y} max(0, sⱼ − s_y + margin); (C − 1)·margin where scores are equal.

    Zero, gradient and all, once every wrong class is `margin` behind (Weston & Watkins, ESANN 1999).
    """
    right = (scores * one_hot(labels, scores.shape[1])).sum(1, keepdim=True)
    return (torch.relu(scores - right + margin).sum(1) - margin).mean()


def none(scores: Tensor, labels: Tensor) -> Tensor:
    """No loss at all, gradient zero: what a regulariser does alone."""
    return (scores * 0).sum()


LOSSES: dict[str, Callable[..., Tensor]] = {"softmax": softmax, "svm": svm, "none": none}
"""Every loss by the name scenarios use: (scores, labels, **settings) → mean over the examples, a scalar."""
