"""What the curves say about how a network learns."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tuilab.doctor.evidence import Evidence
from tuilab.doctor.finding import Finding
from tuilab.doctor.rules.signal import a_layer_is_dead

WORSE = 0.1
"""Share by which the held-out loss lies above its best while the training loss still falls (Prechelt, "Early
Stopping – But When?", 1998, uses 5 to 20 % of what he calls generalization loss)."""
LEAP = 2.0
"""Times the first loss: a loss that leapt so far up is the sign of a rate too high."""
FEW = 20
"""Losses below which it is too early to say that a network has not learned."""
LONGEST = 1024
"""Steps that a mean of the training loss goes over at most: more tell no more, and take time to read."""
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
    held = evidence.course("validation.loss")
    if held is None or len((spans := held.spans).steps) < 4 or spans.nonfinite.any():
        return
    best, lowest = held.lowest()
    steps, values = held.latest(3)
    latest = float(np.median(values))
    rise = latest / lowest - 1 if lowest > 0 else 0.0
    if best >= steps[-2] or rise < WORSE:
        return
    start, end = _training_loss(evidence, best), _training_loss(evidence, evidence.step)
    if not end < start:
        return
    gap = evidence.course("gap.accuracy")
    told = f"; the gap in accuracy is {gap.last():.1%}" if gap else ""
    yield Finding(
        "overfitting",
        evidence.arm,
        (best, evidence.step),
        (),
        f"the held-out loss has risen from {lowest:.3g} at step {best} to {latest:.3g} "
        f"({rise:+.0%}), while the training loss fell from {start:.3g} to {end:.3g}{told}",
        "stop early, or more data, augmentation, dropout, weight decay",
    )


def underfitting(evidence: Evidence) -> Iterator[Finding]:
    """A training loss that has hardly fallen, with the held-out loss beside it. Of kind training alone.

    Not where a layer is dead altogether: nothing behind it can learn, and that is said.
    """
    total = evidence.recording.header.get("steps")
    if evidence.kind != "training" or not isinstance(total, int) or evidence.step < total:
        return
    loss, held = evidence.course("train.loss"), evidence.course("validation.loss")
    if loss is None or len(loss.spans.steps) < FEW or evidence.events("diverged"):
        return
    (began, first), last = loss.first(), _training_loss(evidence, evidence.step)
    if not (np.isfinite(last) and first > 0) or last < LEARNED * first:
        return
    # With smoothed labels the training loss stays high however much was learned; the held-out loss has none.
    if held is not None and (held.last() > (1 + WORSE) * last or held.last() < LEARNED * held.first()[1]):
        return
    if a_layer_is_dead(evidence):
        return
    step, highest = loss.highest()
    leapt = highest > LEAP * first
    rate = f"a lower learning rate (the loss leapt to {highest:.3g} at step {step})"
    yield Finding(
        "underfitting",
        evidence.arm,
        (began, evidence.step),
        (),
        f"the training loss has come from {first:.3g} no further than {last:.3g}"
        + (f", and the held-out loss is no higher ({held.last():.3g})" if held is not None else ""),
        (rate if leapt else "a higher learning rate") + ", more steps, a larger network, less regularisation",
    )


def _training_loss(evidence: Evidence, step: int) -> float:
    """The training loss around a step: the mean of the last twentieth of the steps until there."""
    loss = evidence.course("train.loss")
    if loss is None:
        return float("nan")
    _, losses = loss.window(step + 1 - min(max(1, evidence.step // 20), LONGEST), step + 1)
    return float(losses.mean()) if len(losses) else float("nan")
