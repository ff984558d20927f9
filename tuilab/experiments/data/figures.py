"""Figures of prepared examples, from their moments."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from tuilab.parts.preprocessing import Moments


def figures(moments: Moments) -> dict[str, float]:
    """By the rest of their series' names; those of correlations where these were taken."""
    mean, std = moments.by_channel()
    values = _numbered("mean", mean[:3]) | _numbered("std", std[:3])
    if not moments.correlations:
        return values
    covariance = moments.covariance
    squares, eigenvalues = covariance.square(), torch.linalg.eigvalsh(covariance)
    entries = torch.stack([covariance[0, 0], covariance[0, 1], covariance[1, 1]])
    return {
        **values,
        **_numbered("covariance", entries),
        "off_diagonal": float(1 - squares.diagonal().sum() / squares.sum()),
        "eigenvalue.largest": float(eigenvalues[-1]),
        "eigenvalue.smallest": float(eigenvalues[0].clamp(min=0)),
        "whitening.error": whitening_error(covariance),
        "hessian.condition": _condition(moments),
    }


def whitening_error(covariance: Tensor) -> float:
    """The largest entry of |covariance − identity|."""
    return float((covariance - torch.eye(len(covariance), dtype=covariance.dtype)).abs().max())


def _condition(moments: Moments) -> float:
    """Of ⟨x̃x̃ᵀ⟩, x̃ = (x, 1): at zero weights every example has the same p(1 − p), so H is a multiple of it."""
    mean = torch.cat([moments.mean, moments.mean.new_ones(1)])
    second = torch.outer(mean, mean)
    second[:-1, :-1] += moments.covariance
    eigenvalues = torch.linalg.eigvalsh(second)
    # What is left of an exact 0 after rounding is no curvature.
    floor = eigenvalues[-1] * len(mean) * torch.finfo(mean.dtype).eps
    return float(eigenvalues[-1] / eigenvalues[0]) if eigenvalues[0] > floor else math.inf


def _numbered(metric: str, figures: Tensor) -> dict[str, float]:
    return {f"{metric}/{k}": value for k, value in enumerate(figures.tolist(), 1)}


def predicted(metric: str) -> str:
    """The name of the theoretical value of a metric, its number kept at the end."""
    name, slash, number = metric.partition("/")
    return f"{name}.predicted{slash}{number}"
