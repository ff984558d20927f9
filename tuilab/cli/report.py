"""What a command says of a run that has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tuilab.cli.output import print_json, say, typed

if TYPE_CHECKING:
    from tuilab.doctor import Outcome
    from tuilab.runs import Run


def report(prepared: Run, as_json: bool) -> list[Outcome]:
    """Plots, expectations and where the run lies, as text or JSON."""
    from tuilab.doctor import check as check_expectations
    from tuilab.doctor import findings, reveals

    with prepared.open() as recording:
        outcomes = check_expectations(recording)
        state = prepared.state(recording)
        if as_json:
            print_json(
                {
                    "run": prepared.name,
                    "path": str(prepared.path),
                    "state": str(state),
                    "step": recording.last_step,
                    "steps": recording.header.get("steps"),
                    "expectations": [outcome_facts(outcome) for outcome in outcomes],
                }
            )
            return outcomes
        from tuilab.cli.plots import print_findings, print_outcomes, print_plots, print_reveals
        from tuilab.panels.palette import own_of

        print_plots(recording)
        print_findings(findings(recording))
        print_outcomes(outcomes)
        print_reveals(reveals(recording))
        say()
        say(f"{prepared.name}: {state} at step {recording.last_step}; it lies in {prepared.path}")
        if own := own_of(recording.header):
            say(f"with your own {', '.join(own)}")
        say(f"{typed('replay', prepared.name)} plays it again, step by step")
        if state.resumable and not prepared.without_engine:
            say(f"{typed('resume', prepared.name)} goes on with it")
    return outcomes


def outcome_facts(outcome: Outcome) -> dict[str, Any]:
    """An expectation's outcome as plain data."""
    return {
        "verdict": str(outcome.verdict),
        "promise": outcome.promise,
        "measured": outcome.measured,
        "because": outcome.because,
    }
