"""Whether the units of a layer differ: units that are the same learn the same, and are one unit."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from tuilab.probes.statistics import Floats


@torch.no_grad()
def unit_figures(weights: Sequence[Tensor]) -> tuple[Floats, Floats]:
    """Looks at what comes into the units of each layer.

    Args:
        weights: one tensor a layer, torch's layout: a row for each unit.

    Returns:
        The rank of each weight matrix, and how far its rows are from each other: the largest distance of one
        from their mean ÷ the root mean square of their norms. 0 is a layer of one unit, many times over.
    """
    matrices = [weight.detach().flatten(1).double() for weight in weights]
    # Learned in single precision, so what is smaller than its rounding does not count.
    ranks = [
        torch.linalg.matrix_rank(matrix, rtol=max(matrix.shape) * torch.finfo(torch.float32).eps)
        for matrix in matrices
    ]
    return torch.stack(ranks).double().cpu().numpy(), torch.stack(list(map(_apart, matrices))).cpu().numpy()


def _apart(matrix: Tensor) -> Tensor:
    norm = matrix.square().sum(1).mean().sqrt()
    far = (matrix - matrix.mean(0)).norm(dim=1).max()
    return torch.where(norm > 0, far / norm, torch.zeros_like(norm))
