"""What the curves say about how a network learns."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tuilab.doctor.evidence import Evidence, Floats
from tuilab.doctor.finding import Finding

WORSE = 0.1
"""Share by which the held-out loss lies above its best while the training loss still falls (Prechelt, "Early
Stopping – But When?", 1998, uses 5 to 20 % of what he calls generalization loss)."""
LEAP = 2.0
"""Times the first loss: a loss that leapt so far up is the sign of a rate too high."""
LEARNED = 0.5
"""Share of the first loss: a network that is still above it after the run has hardly learned."""


def diverged(evidence: Evidence) -> Iterator[Finding]:
    """A loss that became NaN or infinite."""
    for event in evidence.events("diverged")[:1]:
        yield Finding(
            "divergence",
            evidence.arm,
            (event.step, evidence.step),
            (),
            f"a figure became NaN or infinite at step {event.step}",
            "lower the learning rate (a quadratic wants it below 2 ÷ the largest curvature), or warm up"
            if evidence.learns
            else "make the weights smaller, or normalise",
        )


def overfitting(evidence: Evidence) -> Iterator[Finding]:
    """The training loss falls on while the held-out loss has turned."""
    steps, held = evidence.series("validation.loss")
    if len(held) < 4 or not np.isfinite(held).all():
        return
    best = int(held.argmin())
    latest = float(np.median(held[-3:]))
    rise = latest / held[best] - 1 if held[best] > 0 else 0.0
    start, end = _training_loss(evidence, int(steps[best])), _training_loss(evidence, evidence.step)
    if best >= len(held) - 2 or rise < WORSE or not end < start:
        return
    _, gaps = evidence.series("gap.accuracy")
    gap = f"; the gap in accuracy is {gaps[-1]:.1%}" if len(gaps) else ""
    yield Finding(
        "overfitting",
        evidence.arm,
        (int(steps[best]), evidence.step),
        (),
        f"the held-out loss has risen from {held[best]:.3g} at step {steps[best]} to {latest:.3g} "
        f"({rise:+.0%}), while the training loss fell from {start:.3g} to {end:.3g}{gap}",
        "stop early, or more data, augmentation, dropout, weight decay",
    )


def underfitting(evidence: Evidence) -> Iterator[Finding]:
    """A training loss that has hardly fallen, with the held-out loss beside it. Of kind training alone."""
    if evidence.kind != "training":
        return
    steps, losses = evidence.series("train.loss")
    total = evidence.recording.header.get("steps")
    if len(losses) < 20 or not isinstance(total, int) or evidence.step < total or evidence.events("diverged"):
        return
    first, last = float(losses[0]), _training_loss(evidence, evidence.step)
    _, held = evidence.series("validation.loss")
    if not (np.isfinite(last) and first > 0) or last < LEARNED * first:
        return
    # With smoothed labels the training loss stays high however much was learned; the held-out loss has none.
    if len(held) and (held[-1] > (1 + WORSE) * last or held[-1] < LEARNED * held[0]):
        return
    highest = int(np.nanargmax(losses))
    leapt = losses[highest] > LEAP * first
    rate = f"a lower learning rate (the loss leapt to {losses[highest]:.3g} at step {steps[highest]})"
    yield Finding(
        "underfitting",
        evidence.arm,
        (int(steps[0]), evidence.step),
        (),
        f"the training loss has come from {first:.3g} no further than {last:.3g}"
        + (f", and the held-out loss is no higher ({held[-1]:.3g})" if len(held) else ""),
        (rate if leapt else "a higher learning rate") + ", more steps, a larger network, less regularisation",
    )


def _training_loss(evidence: Evidence, step: int) -> float:
    """The training loss around a step: the mean of the last twentieth of the steps until there."""
    steps, losses = evidence.series("train.loss")
    window: Floats = losses[(steps <= step) & (steps > step - max(1, evidence.step // 20))]
    return float(window.mean()) if len(window) else float("nan")
