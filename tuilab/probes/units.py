"""Whether the units of a layer differ: units that are the same learn the same, and are one unit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tuilab.probes.statistics import Floats


def unit_figures(weights: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Looks at what comes into the units of each layer.

    Args:
        weights: one array a layer, torch's layout: a row for each unit. (On the host, for no device finds
            singular values without being waited for.)

    Returns:
        The rank of each weight matrix, and how far its rows are from each other: the largest distance of one
        from their mean ÷ the root mean square of their norms. 0 is a layer of one unit, many times over; both
        are NaN where a weight is not finite.
    """
    matrices = [weight.reshape(len(weight), -1) for weight in weights]
    return np.array([_rank(m) for m in matrices]), np.array([_apart(m) for m in matrices])


def _rank(matrix: Floats) -> float:
    if not np.isfinite(matrix).all():
        return np.nan
    # Learned in single precision, so what is smaller than its rounding does not count.
    return float(np.linalg.matrix_rank(matrix, rtol=max(matrix.shape) * np.finfo(np.float32).eps))


def _apart(matrix: Floats) -> float:
    norm = np.sqrt(np.square(matrix).sum(1).mean())
    return float(np.linalg.norm(matrix - matrix.mean(0), axis=1).max() / norm) if norm else 0.0
