"""Every rule held against every arm of a recording."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from tuilab.doctor.evidence import Evidence
from tuilab.doctor.finding import Finding
from tuilab.doctor.rules import data, fit, movement, signal
from tuilab.recording import Event, Readable, RecordingError
from tuilab.recording.memo import memo

Rule = Callable[[Evidence], Iterator[Finding]]

RULES: list[Rule] = [
    fit.diverged,
    movement.leapt,
    data.leak,
    data.statistics_at_test_time,
    fit.overfitting,
    fit.underfitting,
    signal.activations_through_depth,
    signal.gradients_through_depth,
    signal.saturation,
    signal.dead_units,
    movement.constant_output,
    movement.moves,
    movement.softmax_twice,
    movement.unscaled_inputs,
    movement.no_progress,
]
"""In the order of urgency, which findings are reported in."""
GENERAL = "no progress"
"""What is said only where nothing else explains it."""
CAUSES = {
    "divergence",
    "weights outside the optimiser",
    "gradient clipped away",
    "constant output",
    "weights shrink away",
    "inputs not scaled",
}
"""What makes signals fade, grow and die …"""
CAUSED = {
    "vanishing activations",
    "exploding activations",
    "vanishing gradients",
    "exploding gradients",
    "saturation",
    "dead units",
}
"""… which is then not said again, of programs that others made."""


def findings(recording: Readable, step: int | None = None) -> list[Finding]:
    """What is wrong, as far as `step` shows it (None: the last one); the most urgent first.

    Whatever a recording holds, this looks at all of it: a rule that cannot make sense of an arm says nothing
    of it.

    Raises:
        RecordingError, OSError: the recording can no longer be read.
    """
    at = recording.last_step if step is None else step
    happened: dict[str, dict[str, list[Event]]] = {}
    for event in recording.events(None, at + 1):
        if event.arm is not None:
            happened.setdefault(event.arm, {}).setdefault(event.kind, []).append(event)
    named, recorded = recording.header.get("arms", []), memo(recording).arms()
    arms = dict.fromkeys(arm for arm in named if isinstance(arm, str)) if isinstance(named, list) else {}
    evidence = [
        Evidence(recording, arm, at, happened.get(arm, {}))
        for arm in arms
        if arm in recorded or arm in happened
    ]
    found = [finding for rule in RULES for each in evidence for finding in _held(rule, each)]
    strangers = {each.arm for each in evidence if each.stranger}
    return [each for each in found if each.arm not in strangers or not _explained(each, found)]


def _explained(finding: Finding, found: Sequence[Finding]) -> bool:
    """Whether another finding of the same arm is what this one comes of."""
    others = {each.name for each in found if each.arm == finding.arm} - {finding.name}
    if finding.name in CAUSED:
        return bool(others & CAUSES) or (
            finding.name == "vanishing gradients" and "vanishing activations" in others
        )
    return finding.name == GENERAL and bool(others)


def _held(rule: Rule, evidence: Evidence) -> list[Finding]:
    try:
        with np.errstate(all="ignore"):
            return list(rule(evidence))
    except (RecordingError, OSError):
        raise
    except Exception:  # a stranger's recording may hold anything; the other rules still have their say
        return []
