"""What preprocessing does to a linear classifier: the same scores, another landscape of its loss."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from tuilab.experiments.data.sources import Examples
from tuilab.experiments.observation import Frame
from tuilab.parts.logistic import fit, hessian, loss, with_one
from tuilab.parts.preprocessing import Affine
from tuilab.parts.randomness import stream

_DIRECTIONS = 64
_SIZES = (1e-2, 1e1)
"""Lengths of nudges between which the curve is drawn."""
_POINTS = 31


class Classifier:
    """Fits a linear classifier to prepared examples, and nudges its weights.

    Args:
        train: the training split, with labels.
        test: the test split, which may be empty.
        seed: for the directions, the same in every arm.
        nudge: length of the nudge that `nudge.rise` is about.
        ridge: L2 penalty.
    """

    def __init__(self, train: Examples, test: Examples, seed: int, nudge: float, ridge: float) -> None:
        self._train, self._test, self._nudge, self._ridge = train, test, nudge, ridge
        generator = stream(seed, "nudges")
        weights = train.raw.shape[1] + 1
        directions = torch.randn(weights, _DIRECTIONS, generator=generator, dtype=torch.float64)
        self._directions = directions / directions.norm(dim=0)

    def fitted(self, prepare: Affine, count: int) -> tuple[dict[str, float], Frame]:
        """Its figures on the first `count` training examples, and the rise of its loss against the nudge."""
        x, labels = _of(self._train, prepare, count)
        theta = fit(x, labels, self._ridge)
        least = float(loss(theta, x, labels))
        # To second order, averaged over directions u: ½·r²·⟨uᵀHu⟩ = ½·r²·tr H/(d + 1).
        curvature = float(hessian(theta, x).trace()) / len(theta)
        values = {
            "classifier.loss": least,
            "nudge.rise": self._rise(theta, x, labels, self._nudge) - least,
            "nudge.rise.predicted": 0.5 * self._nudge**2 * curvature,
        }
        if len(self._test):
            held, truth = _of(self._test, prepare, len(self._test))
            values["test.loss"] = float(loss(theta, held, truth))
            values["test.accuracy"] = float(((held @ theta > 0) == truth.bool()).double().mean())
        sizes = np.geomspace(*_SIZES, _POINTS)
        rises = np.array([[self._rise(theta, x, labels, size) - least for size in sizes]], np.float32)
        meta = {
            "kind": "curves",
            "x": list(_SIZES),
            "x_scale": "log",
            "x_name": "length of the nudge",
            "names": ["rise of the loss"],
        }
        return values, (rises, meta)

    def _rise(self, theta: Tensor, x: Tensor, labels: Tensor, size: float) -> float:
        return float(loss(theta[:, None] + size * self._directions, x, labels).mean())


def _of(data: Examples, prepare: Affine, count: int) -> tuple[Tensor, Tensor]:
    assert data.labels is not None
    return with_one(prepare(data.batch(0, count))), data.labels[:count]
