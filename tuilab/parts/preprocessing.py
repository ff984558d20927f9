"""Preparing data: move it to the origin, scale it, turn it, whiten it.

Everything here is one affine map, x' = ((x − μ)/s)·M, whose numbers are *fitted* on some examples and then
*applied* to any. What is fitted is a statistic of the training split, and of nothing else: a mean that has
seen the test examples has told the network something about them.

With Σ = U·Λ·Uᵀ the covariance of the training examples, rows being examples (the columns of U its principal
axes):

    center        x − μ                        mean 0 (of pictures, that is the mean image: AlexNet's habit)
    normalize     (x − μ)/σ, axis by axis      variance 1 along each axis, correlations stay
    pca           (x − μ)·U                    turned onto the principal axes: covariance Λ, diagonal
    whiten_pca    (x − μ)·U·Λ^(−½)             covariance I
    whiten_zca    (x − μ)·U·Λ^(−½)·Uᵀ          covariance I, and turned back: the whitening nearest to x − μ
    channel_mean  x − μ, one a channel         three numbers: VGG's habit
    channel_std   (x − μ)/σ, one a channel     six numbers: ResNet's habit

    ZCA: Bell & Sejnowski, Vision Research 37 (1997). Why: LeCun et al., "Efficient BackProp" (1998),
    section 4.3.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


class Moments:
    """Count, mean and covariance of examples that come batch by batch, in float64.

    Statistics are sums, so no example has to be kept. Each batch's own are merged into what is there
    (Chan, Golub & LeVeque, "Updating formulae and a pairwise algorithm", 1979), which loses no digits.

    Args:
        shape: of one example, channels last: (features,) or (height, width, channels).
        correlations: gather the whole covariance matrix, features²; False gathers its diagonal alone.
    """

    def __init__(self, shape: tuple[int, ...], correlations: bool = True) -> None:
        features = math.prod(shape)
        self.shape, self.correlations = shape, correlations
        self.count = 0
        self.mean = torch.zeros(features, dtype=torch.float64)
        """(features,)."""
        size = (features, features) if correlations else (features,)
        self._scatter = torch.zeros(size, dtype=torch.float64)

    @classmethod
    def of(cls, shape: tuple[int, ...], mean: Tensor, covariance: Tensor) -> Moments:
        """Those of a distribution that is known."""
        known = cls(shape)
        known.count, known.mean, known._scatter = 1, mean, covariance
        return known

    def add(self, x: Tensor) -> Moments:
        """Take in a batch, (n, *shape); returns itself."""
        rows = x.reshape(len(x), -1)
        if self.correlations:
            rows = rows.double()  # small eigenvalues lie many digits below large ones
        mean = rows.mean(0)
        centred, shift, together = rows - mean, mean.double() - self.mean, self.count + len(rows)
        weight = self.count * len(rows) / together
        if self.correlations:
            self._scatter += centred.T @ centred + weight * torch.outer(shift, shift)
        else:
            self._scatter += centred.square().sum(0) + weight * shift.square()
        self.mean = self.mean + shift * (len(rows) / together)
        self.count = together
        return self

    @property
    def covariance(self) -> Tensor:
        """Σ = ⟨(x − μ)ᵀ(x − μ)⟩, (features, features), averaged over n and not n − 1."""
        return self._scatter / self.count

    @property
    def variance(self) -> Tensor:
        """The diagonal of Σ, (features,)."""
        return (self._scatter.diagonal() if self.correlations else self._scatter) / self.count

    def by_channel(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation over examples and pixels, (channels,) each."""
        pixels, variance = self.mean.view(-1, self.shape[-1]), self.variance.view(-1, self.shape[-1])
        mean = pixels.mean(0)
        return mean, (variance + (pixels - mean).square()).mean(0).sqrt()


@dataclass(frozen=True, slots=True)
class Affine:
    """A fitted preprocessing; call it with examples of any split."""

    mean: Tensor
    """μ, (features,)."""
    scale: Tensor
    """s, (features,)."""
    matrix: Tensor | None = None
    """M, (features, features); none for the identity."""

    def __call__(self, x: Tensor) -> Tensor:
        """x', of x's shape and dtype."""
        rows = (x.reshape(len(x), -1) - self.mean.to(x)) / self.scale.to(x)
        if self.matrix is not None:
            rows = rows @ self.matrix.to(x)
        return rows.view(x.shape)

    def moments(self, of: Moments) -> Moments:
        """Those of x' where x has these: μ' = ((⟨x⟩ − μ)/s)·M and Σ' = Mᵀ·diag(1/s)·Σ·diag(1/s)·M."""
        mean, covariance = (
            (of.mean - self.mean) / self.scale,
            of.covariance / self.scale / self.scale[:, None],
        )
        if self.matrix is not None:
            mean, covariance = mean @ self.matrix, self.matrix.T @ covariance @ self.matrix
        return Moments.of(of.shape, mean, covariance)


def none(moments: Moments) -> Affine:
    """The data as they come."""
    return Affine(torch.zeros_like(moments.mean), torch.ones_like(moments.mean))


def center(moments: Moments) -> Affine:
    """Feature by feature to mean 0; for pictures that subtracts the mean image (AlexNet)."""
    return Affine(moments.mean, torch.ones_like(moments.mean))


def normalize(moments: Moments) -> Affine:
    """Feature by feature to mean 0 and variance 1; a feature that never varies is left unscaled."""
    return Affine(moments.mean, _divisor(moments.variance.sqrt()))


def channel_mean(moments: Moments) -> Affine:
    """Channel by channel to mean 0 (VGG): three numbers."""
    mean, _ = moments.by_channel()
    return Affine(_pixelwise(mean, moments), torch.ones_like(moments.mean))


def channel_std(moments: Moments) -> Affine:
    """Channel by channel to mean 0 and variance 1 (ResNet): six numbers."""
    mean, std = moments.by_channel()
    return Affine(_pixelwise(mean, moments), _divisor(_pixelwise(std, moments)))


def pca(moments: Moments) -> Affine:
    """Onto the principal axes, the longest first: decorrelated."""
    _, axes = principal_axes(moments)
    return Affine(moments.mean, torch.ones_like(moments.mean), axes)


def whiten_pca(moments: Moments, eps: float = 0.0) -> Affine:
    """Onto the principal axes, each scaled to variance 1.

    Args:
        moments: of the training examples.
        eps: added to every variance: along an axis with next to none there is little but noise, and
            without ε that is blown up to the size of the rest.
    """
    variances, axes = principal_axes(moments)
    return Affine(moments.mean, torch.ones_like(moments.mean), axes * _shrink(variances, eps))


def whiten_zca(moments: Moments, eps: float = 0.0) -> Affine:
    """As `whiten_pca`, and turned back: the pictures stay pictures."""
    variances, axes = principal_axes(moments)
    return Affine(moments.mean, torch.ones_like(moments.mean), axes * _shrink(variances, eps) @ axes.T)


def principal_axes(moments: Moments) -> tuple[Tensor, Tensor]:
    """The variances Λ, (features,), from the largest, and the axes U, (features, features), a column each.

    An axis has no direction; here its largest entry is positive.
    """
    variances, axes = torch.linalg.eigh(moments.covariance)
    variances, axes = variances.flip(0).clamp(min=0), axes.flip(1)
    signs = axes.gather(0, axes.abs().argmax(0, keepdim=True)).sign()
    return variances, axes * signs


PREPROCESSINGS: dict[str, Callable[..., Affine]] = {
    "none": none,
    "center": center,
    "normalize": normalize,
    "channel_mean": channel_mean,
    "channel_std": channel_std,
    "pca": pca,
    "whiten_pca": whiten_pca,
    "whiten_zca": whiten_zca,
}
"""Every preprocessing by the name scenarios use: (moments of the training examples, **settings) → map."""

CORRELATING = ("pca", "whiten_pca", "whiten_zca")
"""Those that need the whole covariance matrix."""


def _pixelwise(channels: Tensor, moments: Moments) -> Tensor:
    return channels.repeat(math.prod(moments.shape[:-1]))


def _divisor(std: Tensor) -> Tensor:
    return torch.where(std > 0, std, torch.ones_like(std))


def _shrink(variances: Tensor, eps: float) -> Tensor:
    """(λ + ε)^(−½); 0 along axes without any variance, which nothing can make white."""
    there = variances > 1e-12 * variances[0]
    return torch.where(there, (variances + eps).clamp(min=1e-300).rsqrt(), torch.zeros_like(variances))
