"""What a handful of draws says of the law that they came from: nothing here knows of recordings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean, stdev

_NORMAL = NormalDist()


def outside(t: float, freedom: int) -> float:
    """P(|T| > t) for Student's t with a whole number of degrees of freedom.

    Abramowitz & Stegun, "Handbook of Mathematical Functions" (1964), equations 26.7.3 and 26.7.4: a finite
    sum over powers of cos θ, θ = atan(t/√ν).
    """
    angle = math.atan2(abs(t), math.sqrt(freedom))
    if freedom > 400:
        return math.erfc(abs(t) / math.sqrt(2))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term, total = (cosine, 0.0) if odd else (1.0, 0.0)
    for k in range(1 + odd, freedom, 2):
        total += term
        term *= cosine**2 * k / (k + 1)
    inside = 2 / math.pi * (angle + sine * total) if odd else sine * total
    return max(1 - inside, 0.0)


def reach(sigmas: float, n: int) -> float:
    """How many standard errors of a mean of n draws are as improbable as so many of a Gaussian's sigmas.

    Few draws know their own spread badly: 4 sigmas are 5.5 standard errors of 16 draws, and 33 of 4.
    (Student, "The probable error of a mean", Biometrika 6, 1908.)
    """
    wanted = math.erfc(sigmas / math.sqrt(2))
    low, high = 0.0, 1.0
    while outside(high, n - 1) > wanted and high < 1e12:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if outside(middle, n - 1) > wanted else (low, middle)
    return (low + high) / 2


def standard_error(draws: Sequence[float]) -> float:
    """Of their mean: s/√n with s² = Σ(x − x̄)²/(n − 1); NaN for fewer than two."""
    if len(draws) < 2 or not all(map(math.isfinite, draws)):
        return math.nan
    return stdev(draws) / math.sqrt(len(draws))


def interval(draws: Sequence[float], sigmas: float = 1.959964) -> tuple[float, float]:
    """Where their law's mean lies: mean ± reach·s/√n; 95 % unless other sigmas are said. See `reach`."""
    middle, error = fmean(draws), standard_error(draws)
    half = reach(sigmas, len(draws)) * error if len(draws) > 1 else math.nan
    return middle - half, middle + half


def as_sigmas(distance: float, error: float, n: int) -> float:
    """A distance from a mean of n draws in sigmas: the inverse of `reach`, signed; infinite without error."""
    if error == 0:
        return math.copysign(math.inf, distance) if distance else 0.0
    if not math.isfinite(error) or not math.isfinite(distance) or n < 2:
        return math.nan
    improbable = outside(distance / error, n - 1) / 2
    found = -_NORMAL.inv_cdf(improbable) if improbable > 1e-15 else 8.0
    return math.copysign(found, distance)


def sign_test(kept: int, n: int) -> float:
    """P(at least `kept` of n) where either side is as likely: the chance of it in arms that do not differ.

    The exact binomial tail, one-sided; ties count against the claim (Dixon & Mood, "The statistical sign
    test", Journal of the American Statistical Association 41, 1946). It asks nothing of the draws' law.
    """
    return float(sum(math.comb(n, k) for k in range(kept, n + 1)) / 2**n)
