"""A recording's panels and outcomes as printed text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from tuilab.cli.output import colors, glyphs, heading, ink, say, say_picture, width

if TYPE_CHECKING:
    from tuilab.doctor import Finding, Outcome, Reveal
    from tuilab.recording import Readable

_WIDEST = 100
_MAIN = 3
"""Panels printed after a run: the first of them are the main ones."""


def print_plots(recording: Readable, step: int | None = None, most: int = _MAIN) -> None:
    """The main panels at a step (the last one by default), one below the other."""
    from tuilab.panels import View, panels_of

    view = View(step=recording.last_step if step is None else step, glyphs=glyphs(), color=bool(colors()))
    for panel in panels_of(recording.header)[:most]:
        say_picture(panel.draw(recording, view, min(width(), _WIDEST), 14))


def print_outcomes(outcomes: list[Outcome]) -> None:
    """Each expectation with what was measured; the unmet ones with their reason."""
    if not outcomes:
        return
    marks = {
        "met": ("✓", typer.colors.GREEN),
        "unmet": ("✗", typer.colors.RED),
        "open": ("…", typer.colors.YELLOW),
        "not checked": ("–", typer.colors.YELLOW),
    }
    met = sum(outcome.verdict == "met" for outcome in outcomes)
    say(heading(f"Expectations: {met} of {len(outcomes)} met"))
    for outcome in outcomes:
        mark, color = marks[outcome.verdict]
        if glyphs() == "ascii":
            mark = str(outcome.verdict)
        say("  ", ink(mark, fg=color), f" {outcome.promise}: {outcome.measured}")
        if outcome.verdict == "unmet" and outcome.because:
            say(f"    expected because {outcome.because}")


def print_reveals(reveals: list[Reveal]) -> None:
    """Each question the scenario asked, with the answer that the run shows."""
    if reveals:
        say(heading("Predictions"))
    for reveal in reveals:
        said = f" (you said: {reveal.said})" if reveal.said else ""
        say(f"  {reveal.ask}")
        say(f"    {reveal.answer}{said}. {reveal.because}".rstrip())


def print_findings(findings: list[Finding]) -> None:
    """Each finding with its evidence and what to try."""
    if findings:
        say(heading(f"Findings: {len(findings)}"))
    for finding in findings:
        say(f"  {finding.kind.id} {finding.name} ({finding.where}): {finding.evidence}")
        say(f"    try: {finding.advice}")
