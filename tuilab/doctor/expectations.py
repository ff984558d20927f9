"""Expectations held against a recording."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from tuilab.doctor.judging import Outcome, Verdict, judge
from tuilab.doctor.samples import measure
from tuilab.recording import Readable
from tuilab.scenario.expect import Expectation

__all__ = ["Outcome", "Verdict", "across", "check"]


def check(recording: Readable, over: bool = True) -> list[Outcome]:
    """Every expectation of the recorded scenario, in the file's order.

    Args:
        recording: of one run.
        over: whether the run has ended; while it has not, figures of the last step and events that have not
            happened are open.
    """
    scenario = recording.header.get("scenario", {})
    scenario = scenario if isinstance(scenario, dict) else {}
    raw, changed = scenario.get("expect", []), scenario.get("changed", [])
    reason = f"changed from what it was written for, {', '.join(map(str, changed))}" if changed else ""
    return [_check(recording, item, over, reason) for item in (raw if isinstance(raw, list) else [])]


def across(raw: Any, seeds: list[Outcome]) -> Outcome:
    """One expectation judged from runs of several seeds, each run a draw.

    Args:
        raw: the expectation, as recorded.
        seeds: what each run's check made of it.
    """
    expectation = Expectation.model_validate(raw)
    samples = [outcome.sample for outcome in seeds if outcome.sample is not None]
    if not samples:
        return seeds[0]
    sample = samples[0].joined(samples[1:])
    return judge(expectation.model_copy(update={"over": "draws"}), sample, reached=True, drawn="seeds")


def _check(recording: Readable, raw: Any, over: bool, changed: str) -> Outcome:
    try:
        expectation = Expectation.model_validate(raw)
    except ValidationError:
        return Outcome(Verdict.UNMET, "an expectation that this version can't read", "–")
    sample = measure(recording, expectation, over)
    step = expectation.step
    reached = recording.last_step >= step if isinstance(step, int) and expectation.event is None else over
    outcome = judge(expectation, sample, reached)
    if changed:
        return outcome.unchecked(changed)
    if expectation.over == "seeds" and outcome.verdict is not Verdict.OPEN:
        return outcome.unchecked("one seed; `tuilab check --seeds 20` asks more of them")
    return outcome
