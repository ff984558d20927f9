"""`tuilab diagnose` and `tuilab explain`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuilab.cli.output import AsJson, RunsFolder, heading, print_json, print_table, say, say_lines

if TYPE_CHECKING:
    from tuilab.doctor import Finding


def diagnose(
    run: Annotated[
        str | None, typer.Argument(metavar="RUN_OR_FILE", help="A run or a recording [default: the newest].")
    ] = None,
    step: Annotated[
        int | None, typer.Option(min=0, help="As of this step [default: the last one recorded].")
    ] = None,
    fail_on: Annotated[
        str | None,
        typer.Option(help="Exit with 1 if there is a finding as bad as this: info, warning or error."),
    ] = None,
    runs: RunsFolder = None,
    as_json: AsJson = False,
) -> None:
    """What is wrong with a run, and why: findings with their evidence; `tuilab explain` tells of each."""
    from tuilab.cli.find import run_or_file
    from tuilab.cli.plots import print_findings
    from tuilab.doctor import findings
    from tuilab.doctor.kinds import Severity
    from tuilab.recording import Recording

    if fail_on is not None and fail_on.upper() not in Severity.__members__:
        raise typer.BadParameter(f"--fail-on {fail_on}: wanted info, warning or error")
    found = run_or_file(run, runs)
    with Recording.open(found) if isinstance(found, Path) else found.open() as recording:
        said = findings(recording, step)
    if as_json:
        print_json([_facts(finding) for finding in said])
    elif said:
        print_findings(said)
    else:
        say("nothing found")
    if fail_on is not None and any(each.kind.severity >= Severity[fail_on.upper()] for each in said):
        raise typer.Exit(1)


def _facts(finding: Finding) -> dict[str, Any]:
    kind = finding.kind
    about = {"id": kind.id, "severity": kind.severity.name.lower(), "certainty": kind.certainty}
    return (
        about | dataclasses.asdict(finding) | {"threshold": kind.threshold, "false_alarms": kind.false_alarms}
    )


def explain(
    finding: Annotated[
        str | None, typer.Argument(help="Such as TL012 or dead-units [default: list them all].")
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="All of them as docs/findings.md.")] = False,
) -> None:
    """What a finding means, what it compares with what, where that comes from, and when it is wrong."""
    from tuilab.doctor.kinds import KINDS, find
    from tuilab.doctor.page import page

    if markdown:
        say_lines(page())
    elif finding is None:
        print_table(((k.id, k.slug, k.severity.name.lower(), k.certainty) for k in KINDS), _HEADER)
    elif (kind := find(finding)) is None:
        raise typer.BadParameter(f"there is no finding {finding!r}; `tuilab explain` lists them")
    else:
        say(heading(f"{kind.id} {kind.slug}"), f"  {kind.severity.name.lower()}, {kind.certainty}")
        say(kind.means)
        say(f"compares: {kind.threshold}")
        say(f"known false alarms: {kind.false_alarms}")


_HEADER = ("ID", "FINDING", "SEVERITY", "CERTAINTY")
