"""What is wrong with the data, or with how a network is given them."""

from __future__ import annotations

from collections.abc import Iterator

from tuilab.doctor.evidence import Evidence
from tuilab.doctor.finding import Finding

LOST = 0.05
"""Points of accuracy that a way of testing may cost before it is called wrong."""


def leak(evidence: Evidence) -> Iterator[Finding]:
    """Statistics of the preprocessing that were taken from more than the training split."""
    for event in evidence.events("leak")[:1]:
        yield Finding(
            "leak",
            evidence.arm,
            (event.step, evidence.step),
            (),
            "the preprocessing's statistics come from the held-out examples too",
            "fit mean, spread and axes on the training split alone, and apply them to the rest",
        )


def statistics_at_test_time(evidence: Evidence) -> Iterator[Finding]:
    """Ways of testing with the wrong statistics in batch norm (Ioffe & Szegedy, ICML 2015, section 3.1)."""
    tests = evidence.scenario.get("tests", {})
    plain = evidence.course("validation.accuracy")
    if plain is None or not isinstance(tests, dict):
        return
    for name, test in tests.items():
        tested = evidence.course(f"validation.accuracy.{name}")
        if tested is None or not isinstance(test, dict):
            continue
        usual, found = plain.last(), tested.last()
        if not usual - found > LOST:
            continue
        why = {
            "train": "batch norm takes its statistics from the batch at hand",
            "fresh": "batch norm's running statistics have seen nothing yet",
        }.get(str(test.get("mode")), "the inputs are not those it was trained on")
        yield Finding(
            "wrong statistics at test time",
            evidence.arm,
            (int(tested.spans.steps[-1]), int(plain.spans.steps[-1])),
            (),
            f"tested as {name} the accuracy is {found:.1%} instead of {usual:.1%}: {why}",
            "switch to evaluation mode for testing, with running statistics taken while training",
        )
