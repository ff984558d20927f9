"""Every rule held against every arm of a recording."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from tuilab.doctor.evidence import Evidence
from tuilab.doctor.finding import Finding
from tuilab.doctor.rules import data, fit, signal
from tuilab.recording import Event, Readable, RecordingError
from tuilab.recording.memo import memo

Rule = Callable[[Evidence], Iterator[Finding]]

RULES: list[Rule] = [
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
    return [finding for rule in RULES for each in evidence for finding in _held(rule, each)]


def _held(rule: Rule, evidence: Evidence) -> list[Finding]:
    try:
        with np.errstate(all="ignore"):
            return list(rule(evidence))
    except (RecordingError, OSError):
        raise
    except Exception:  # a stranger's recording may hold anything; the other rules still have their say
        return []
