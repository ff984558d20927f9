"""docs/findings.md, as `tuilab explain --markdown` prints it."""

from __future__ import annotations

from tuilab.doctor.kinds import KINDS

_HEAD = """\
# What the doctor finds

`tuilab diagnose RUN` and the lab name what is wrong with a run. A number is never given to another finding.
`proof`: the figures leave no other reading; `measured`: a figure lies beyond a derived or cited bound;
`heuristic`: experience says so. Of programs that others made (watched, or read from their logs) what follows
from a cause is not said again beside it.

`tuilab diagnose RUN --fail-on warning` exits with 1 if there is a finding as bad as that, `--json` has all of
it. This page is what `tuilab explain --markdown` prints.
"""


def page() -> str:
    """Every kind of finding, in the order of their numbers."""
    parts = [_HEAD]
    for kind in KINDS:
        parts.append(
            f"## {kind.id} {kind.slug}\n\n{kind.severity.name.lower()}, {kind.certainty}. {kind.means}\n\n"
            f"- compares: {kind.threshold}\n- known false alarms: {kind.false_alarms}\n"
        )
    return "\n".join(parts).rstrip("\n")
