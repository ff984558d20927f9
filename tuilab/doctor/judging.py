"""Whether a sample keeps an expectation, and what is said of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import fmean

from tuilab.doctor.claims import Claim, claim_of, tolerance
from tuilab.doctor.samples import Row, Sample
from tuilab.doctor.statistics import as_sigmas, interval, sign_test, standard_error
from tuilab.scenario.expect import Expectation

_LISTED = 12
"""Layers up to which every one's figure is told."""
_MOMENTS: dict[int | str, str] = {"last": "", "max": " (largest)", "min": " (smallest)"}


class Verdict(StrEnum):
    """What can be said of an expectation."""

    UNMET = "unmet"
    OPEN = "open"
    """The run has not come far enough to tell."""
    MET = "met"
    UNCHECKED = "not checked"
    """The run is not what the expectation was written for, or is one draw where it asks for several."""

    @property
    def fine(self) -> bool:
        """Whether nothing is wrong."""
        return self in (Verdict.MET, Verdict.UNCHECKED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One expectation, what was measured for it and what follows."""

    verdict: Verdict
    promise: str
    """What was expected, such as `small: activation.std of layers 1–7 ≈ 0.493, … (±3 %)`."""
    measured: str
    """What the recording holds."""
    because: str = ""
    margin: float = math.nan
    """How far inside of the claim the worst layer's figure lies, in half-widths: see `Claim.margin`."""
    sample: Sample | None = None

    def unchecked(self, why: str) -> Outcome:
        """The same, not judged."""
        return replace(self, verdict=Verdict.UNCHECKED, measured=f"{self.measured}; not checked: {why}")


def judge(expectation: Expectation, sample: Sample, reached: bool, drawn: str = "draws") -> Outcome:
    """An expectation's outcome.

    Args:
        expectation: what is claimed.
        sample: what was measured.
        reached: whether the run has come to where it is claimed of.
        drawn: what a row of the sample is called.
    """
    claims = [
        claim_of(expectation, sample.other_mean[k] if sample.other_mean else None, k)
        for k in range(len(sample.layers))
    ]
    kept = [claim.holds(figure) for claim, figure in zip(claims, sample.mean, strict=True)]
    n, note, met = len(sample.figures), "", bool(kept) and all(kept)
    if expectation.never:
        kept = [figure is None for figure in sample.mean]
        met = bool(kept) and all(kept)
    elif expectation.sigmas is not None or expectation.share_of_draws is not None or expectation.p_below:
        met, note, kept = _statistic(expectation, sample, claims, drawn)
    elif n > 1:
        note = f"; {_inside(sample, claims, drawn)}"
    if expectation.event is not None:
        happened = sample.mean[0] is not None
        verdict = _verdict(met, reached or happened)
    else:
        verdict = _verdict(met, reached)
    promise = _promise(expectation, sample, claims, drawn)
    measured = _measured(expectation, sample, kept, reached) + note
    return Outcome(
        verdict, promise, measured, expectation.because, _margin(expectation, sample, claims), sample
    )


def _margin(expectation: Expectation, sample: Sample, claims: Sequence[Claim]) -> float:
    """Of the worst layer; of a claim in sigmas how many are left."""
    if expectation.sigmas is not None:
        columns = zip(_columns(sample), claims, strict=True)
        known = [expectation.sigmas - abs(_sigmas_from(column, claim.low)) for column, claim in columns]
    else:
        figures = zip(sample.mean, claims, strict=True)
        known = [claim.margin(x) for x, claim in figures if x is not None and claim.possible]
    return min(known) if known and not any(map(math.isnan, known)) else math.nan


def _verdict(met: bool, reached: bool) -> Verdict:
    return Verdict.OPEN if not reached else Verdict.MET if met else Verdict.UNMET


def _statistic(
    expectation: Expectation, sample: Sample, claims: Sequence[Claim], drawn: str
) -> tuple[bool, str, list[bool]]:
    """What several draws say of the claim: whether it is kept, in words, and layer by layer."""
    n = len(sample.figures)
    if n < 2 and expectation.over == "seeds":
        return False, "", [True] * len(claims)
    if n < 2:
        return False, f" ({n} draw, where a statistic wants several)", [False] * len(claims)
    if expectation.sigmas is not None:
        inside = [
            _sigmas_from(column, claim.low) for column, claim in zip(_columns(sample), claims, strict=True)
        ]
        layers = [abs(found) <= expectation.sigmas for found in inside]
        worst = max(inside, key=lambda s: math.inf if math.isnan(s) else abs(s), default=math.nan)
        told = f"; {n} {drawn}{_span(sample, expectation.sigmas)}, off by {worst:+.1f} sigma"
        return bool(layers) and all(layers), told, layers
    each = [_kept(expectation, row, other) for row, other in _pairs(sample)]
    count = sum(each)
    if expectation.p_below is not None:
        p = sign_test(count, n)
        return p < expectation.p_below, f"; in {count} of {n} {drawn}, p = {p:.2g}", [p < expectation.p_below]
    met = count >= (expectation.share_of_draws or 1) * n
    return met, f"; in {count} of {n} {drawn}", [met] * len(claims)


def _inside(sample: Sample, claims: Sequence[Claim], drawn: str) -> str:
    """How many, the mean's interval, and by how many sigmas of it the claim holds, at the worst layer."""
    n, found = len(sample.figures), []
    others = _columns(sample, others=True) if sample.others else [None] * len(claims)
    for column, other, claim in zip(_columns(sample), others, claims, strict=True):
        if other is not None and claim.possible:
            # Paired: what both arms' draws share does not count as error of their difference.
            factor = (claim.low if math.isfinite(claim.low) else claim.high) / (fmean(other) or math.nan)
            error = standard_error([a - factor * b for a, b in zip(column, other, strict=True)])
        else:
            error = standard_error(column)
        distance = claim.distance(fmean(column))
        found.append(math.inf if error == 0 <= distance else as_sigmas(distance, error, n))
    held = min(found, key=lambda s: -math.inf if math.isnan(s) else s, default=math.nan)
    text = "exactly" if math.isinf(held) else f"by {held:.1f} sigma"
    return (
        f"{n} {drawn}{_span(sample)}, holds {text}"
        if held >= 0
        else f"{n} {drawn}{_span(sample)}, off {text}"
    )


def _span(sample: Sample, sigmas: float = 1.959964) -> str:
    columns = _columns(sample)
    if len(columns) != 1:
        return ""
    low, high = interval(columns[0], sigmas)
    level = "95 %" if sigmas == 1.959964 else f"{sigmas:g} sigma"
    return f", {level}: {low:.4g} … {high:.4g}"


def _sigmas_from(column: list[float], near: float) -> float:
    return as_sigmas(fmean(column) - near, standard_error(column), len(column))


def _columns(sample: Sample, others: bool = False) -> list[list[float]]:
    rows = sample.others if others else sample.figures
    return [[math.nan if x is None else x for x in column] for column in zip(*rows, strict=True)]


def _pairs(sample: Sample) -> list[tuple[Row, Row]]:
    nothing: Row = (None,) * len(sample.layers)
    return list(zip(sample.figures, sample.others or [nothing] * len(sample.figures), strict=True))


def _kept(expectation: Expectation, row: Row, other: Row) -> bool:
    """Whether one draw keeps the claim at every layer."""
    return bool(row) and all(claim_of(expectation, other[k], k).holds(figure) for k, figure in enumerate(row))


def _promise(expectation: Expectation, sample: Sample, claims: Sequence[Claim], drawn: str) -> str:
    layers = sample.layers
    claim = claims[-1].words if claims else ""
    if isinstance(expectation.near, list):
        claim = f"≈ {_list(expectation.near)} ({tolerance(expectation)})"
    if expectation.share_of_draws is not None:
        claim += f" in {100 * expectation.share_of_draws:g} % of {drawn}"
    if expectation.p_below is not None:
        claim += f", p < {expectation.p_below:g}"
    if expectation.event is not None:
        if expectation.never:
            return f"{expectation.arm}: {expectation.event}: never"
        return f"{expectation.arm}: {expectation.event} at step {claim}"
    if expectation.never:
        claim = "never measured"
    moment = _MOMENTS.get(expectation.step, f" at step {expectation.step}")
    return f"{expectation.arm}: {expectation.metric}{_where(layers)}{moment} {claim}"


def _measured(expectation: Expectation, sample: Sample, kept: list[bool], over: bool) -> str:
    if expectation.event is not None:
        step = sample.mean[0]
        if step is None:
            return "never" if over else "not yet"
        return f"at step {step:g}"
    told = _list(sample.mean) if len(sample.mean) <= _LISTED else _extremes(sample.mean, kept)
    return told or "nothing"


def _where(layers: Sequence[int | None]) -> str:
    if len(layers) == 1:
        return "" if layers[0] is None else f" of layer {layers[0]}"
    return f" of layers 1–{len(layers)}"


def _extremes(figures: Row, kept: Sequence[bool]) -> str:
    """The smallest and the largest figure with their layers, and the first layer that breaks the promise."""
    known = [(figure, layer) for layer, figure in enumerate(figures, 1) if figure is not None]
    numbers = [(figure, layer) for figure, layer in known if not math.isnan(figure)]
    if not known:
        return "nothing"
    ends = [min(numbers), max(numbers)] if numbers else []
    told = f"{len(known)} layers: " + " … ".join(f"{figure:.4g} (layer {layer})" for figure, layer in ends)
    if not all(kept):
        place = kept.index(False)
        told += f"; broken by {kept.count(False)}, first layer {place + 1}: {_list([figures[place]])}"
    return told


def _list(figures: Sequence[float | None]) -> str:
    return ", ".join("nothing" if figure is None else f"{figure:.4g}" for figure in figures)
