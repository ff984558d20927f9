"""Singular values of a network's input–output Jacobian: what becomes of every direction, not of norms alone.

A small change of the input by dx changes the output by J·dx, and a gradient g at the output arrives at the
input as Jᵀ·g. A norm kept on average may be one direction blown up and all others lost. *Dynamical isometry*:
all singular values of J near 1, so that none is (Saxe et al., ICLR 2014; Pennington et al., NeurIPS 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tuilab.parts.activations import Activation
from tuilab.parts.dense import Layer, Standardize, backward, forward

_ROUNDING = 1e-13
"""Of the largest singular value: smaller ones are what double precision, not the network, left over."""


@dataclass(frozen=True, slots=True)
class Spectrum:
    """The singular values of one Jacobian."""

    values: npt.NDArray[np.float64]
    """Largest first, as many as the shorter side has; 0 for what is lost, below 1e-13 of the largest."""
    rms: float
    """√(mean of squares): the factor by which a random direction's norm changes."""
    spread: float
    """Variance of the squares ÷ their squared mean: 0 where all are equal."""


@torch.no_grad()
def jacobian(
    x: Tensor, layers: Sequence[Layer], activation: Activation, norm: Standardize | None = None
) -> Tensor:
    """∂(output)/∂(input) at one input, (…, outputs, inputs), in float64.

    The backward pass does it: given every unit vector as a gradient, a batch of them, it hands back J's rows.

    Args:
        x: the input, (inputs,), or one for each draw of the weights, (draws, inputs).
        layers: of one dense network, their scales single numbers or (1, 1, 1).
        activation: φ.
        norm: a normalisation that does not look at other examples.
    """
    passed = forward(x.double()[..., None, None, :], layers, activation, norm)
    outputs = passed.outputs[-1].shape[-1]
    directions = torch.eye(outputs, dtype=torch.float64, device=x.device)
    gradients, _ = backward(directions.expand(*x.shape[:-1], 1, -1, -1), passed, layers, activation, norm)
    return gradients[0].squeeze(-3)


def spectrum(matrix: Tensor) -> Spectrum:
    """The singular values of a Jacobian; all NaN if it has a number that is not finite."""
    if not matrix.isfinite().all():
        nothing = np.full(min(matrix.shape), np.nan)
        return Spectrum(nothing, np.nan, np.nan)
    values = torch.linalg.svdvals(matrix).double().cpu().numpy()
    # Relative to the largest, or the squares' squares would leave the numbers.
    largest = values.max(initial=0.0) or 1.0
    values[values < _ROUNDING * largest] = 0.0
    squares = (values / largest) ** 2
    mean = squares.mean()
    return Spectrum(
        values, float(largest * np.sqrt(mean)), float(squares.var() / mean**2) if mean else np.nan
    )
