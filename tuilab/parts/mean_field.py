"""What becomes of a signal in a wide random network, computed instead of measured.

A unit's h = Σ wᵢxᵢ sums over very many inputs: it is Gaussian, whatever the inputs are (central limit
theorem; for orthogonal weights: Lu, Gould & Ajanthan, arXiv:2006.12169).
One number says all about it, its variance, and with z a unit Gaussian every layer is three integrals:

    v = fan_in·E[w²]·q                 variance of h, q being the mean square of what came in
    m = E[φ(√v·z)],  q ← E[φ(√v·z)²]   mean and mean square of what goes out: its spread is √(q − m²)
    χ = fan_in·E[w²]·E[φ'(√v·z)²]      what the layer multiplies the gradient's squared norm by

Poole et al. (NeurIPS 2016), equation 3; Schoenholz et al. (ICLR 2017). The backward half takes the weights on
the way back to be independent of those on the way up, which they are not, and it holds well.

With a normalisation before φ, v = 1, and the gradient is divided by what the signal was divided by:

    layer, RMS norm    χ = E[φ'²]/q_before
    batch norm         χ = E[φ'²]/(q_before − m_before²)   for batches not too small

Over a batch what examples have in common, the mean m², does not count as spread. So a deep ReLU network with
batch norm has χ = ½/(½ − 1/2π) = π/(π − 1): its gradients explode (Yang et al., ICLR 2019).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from tuilab.parts.activations import Activation
from tuilab.parts.gaussian import gaussian_nodes

Norm = Literal["none", "batch", "layer", "rms"]


@dataclass(frozen=True, slots=True)
class Prediction:
    """One layer of a wide network."""

    mean: float
    """E[x] of the outputs."""
    mean_square: float
    """E[x²] of the outputs."""
    growth: float
    """χ: the gradient's squared norm before the layer ÷ after it."""
    spread: float
    """E[φ'⁴]/E[φ'²]² − 1: how unevenly the units pass back."""

    @property
    def std(self) -> float:
        """Standard deviation of the outputs."""
        return math.sqrt(max(self.mean_square - self.mean**2, 0.0))


def predict(
    gains: Sequence[float], activation: Activation, norm: Norm = "none", arrives: float = 1.0
) -> list[Prediction]:
    """Every layer of a network whose inputs are Gaussian.

    Args:
        gains: fan_in·E[w²] of each layer; 1 for Xavier, 2 for He, gain² for orthogonal weights.
        activation: φ, after every layer.
        norm: of the preactivations.
        arrives: the inputs' mean square.

    Returns:
        A prediction a layer; infinite or NaN from where the signal leaves the numbers.
    """
    before = Prediction(0.0, arrives, 1.0, 0.0)
    found: list[Prediction] = []
    for gain in gains:
        arrived = before.std**2 if norm == "batch" else before.mean_square
        divisor = 1.0 if norm == "none" else gain * arrived
        mean, square, slope, fourth = _moments(activation, gain * arrived / divisor if divisor else math.nan)
        growth = gain * slope / divisor if divisor else math.nan
        before = Prediction(mean, square, growth, fourth / slope**2 - 1 if slope else math.nan)
        found.append(before)
    return found


def jacobian_spread(layers: Sequence[Prediction], orthogonal: bool) -> float:
    """Variance of the squared singular values of the input–output Jacobian ÷ their squared mean.

    Relative variances of factors that are free of each other add up: a layer brings that of φ'², and
    independent weights another 1 (orthogonal ones 0). Pennington, Schoenholz & Ganguli, AISTATS 2018.
    """
    return sum(layer.spread + (0 if orthogonal else 1) for layer in layers)


def _moments(activation: Activation, variance: float) -> tuple[float, float, float, float]:
    """E[φ], E[φ²], E[φ'²] and E[φ'⁴] for Gaussian h of that variance."""
    if not math.isfinite(variance):
        return math.nan, variance, math.nan, math.nan
    std = math.sqrt(variance)
    h, weights = gaussian_nodes(std, activation.kinks)
    x, slope = activation(h), activation.derivative(h).square()
    moments = torch.stack([x, x.square(), slope, slope.square()]) @ weights
    mean, square, slopes, fourths = moments.tolist()
    return mean, square, slopes, fourths
