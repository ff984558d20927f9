"""Prepared examples as frames: clouds of points, pictures, and what a preprocessing has learned."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from tuilab.experiments.data.sources import Examples
from tuilab.experiments.observation import Frame
from tuilab.parts.preprocessing import Affine

_POINTS, _PICTURES, _FILTERS = 400, 8, 16


def points(train: Examples, prepare: Affine, count: int) -> Frame:
    """The first examples along the first two axes, with their classes."""
    assert train.labels is not None
    count = min(count, _POINTS)
    places = prepare(train.batch(0, count))[:, :2]
    rows = torch.cat([places, train.labels[:count, None].double()], 1)
    return rows.float().numpy(), {"kind": "scatter", "names": ["x1", "x2"], "classes": ["0", "1"]}


def pictures(train: Examples, prepare: Affine) -> Frame:
    """The first pictures; prepared ones are no colours: 0 is shown as grey, ±2.5 spreads as the ends."""
    found = prepare(train.batch(0, _PICTURES))
    if not _is_identity(prepare):
        found = 0.5 + found / (5 * found.std())
    return _bytes(found), {"kind": "pictures"}


def learned(train: Examples, prepare: Affine, local: bool) -> Frame | None:
    """The mean that is subtracted, or for a matrix the pictures that its outputs look for.

    Args:
        train: for the pictures' shape.
        prepare: the fitted preprocessing.
        local: each output is about one pixel: take some from everywhere, and draw roots of the weights,
            or the faint surround would not be seen.
    """
    if _is_identity(prepare):
        return None
    if prepare.matrix is None:
        return _bytes(prepare.mean.view(1, *train.shape)), {"kind": "pictures"}
    outputs = prepare.matrix.shape[1]
    count = min(outputs, _FILTERS)
    which = torch.linspace(0, outputs - 1, count).long() if local else torch.arange(count)
    filters = prepare.matrix[:, which].T
    if local:
        filters = filters.sign() * filters.abs().sqrt()
    largest = filters.abs().amax(1, keepdim=True).clamp(min=1e-12)
    return _bytes((0.5 + filters / (2 * largest)).view(-1, *train.shape)), {"kind": "pictures"}


def _is_identity(prepare: Affine) -> bool:
    return prepare.matrix is None and not prepare.mean.any() and bool((prepare.scale == 1).all())


def _bytes(x: Tensor) -> np.ndarray:
    return (x.clamp(0, 1) * 255).round().to(torch.uint8).numpy()
