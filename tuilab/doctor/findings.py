"""Every rule held against every arm of a recording."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tuilab.doctor.evidence import Evidence
from tuilab.doctor.finding import Finding
from tuilab.doctor.rules import data, fit, signal
from tuilab.recording import Readable

RULES: list[Callable[[Evidence], Iterator[Finding]]] = [
    fit.diverged,
    data.leak,
    data.statistics_at_test_time,
    fit.overfitting,
    fit.underfitting,
    signal.activations_through_depth,
    signal.gradients_through_depth,
    signal.saturation,
    signal.dead_units,
]
"""In the order of urgency, which findings are reported in."""


def findings(recording: Readable, step: int | None = None) -> list[Finding]:
    """What is wrong, as far as `step` shows it (None: the last one); the most urgent first."""
    arms = recording.header.get("arms", [])
    at = recording.last_step if step is None else step
    return [
        finding
        for rule in RULES
        for arm in (arms if isinstance(arms, list) else [])
        for finding in rule(Evidence(recording, str(arm), at))
    ]
