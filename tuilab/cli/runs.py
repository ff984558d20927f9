"""`tuilab runs`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tuilab.cli.output import AsJson, RunsFolder, age, print_json, print_table, say, size

if TYPE_CHECKING:
    from tuilab.runs import Run


def list_runs(runs: RunsFolder = None, as_json: AsJson = False) -> None:
    """The recorded runs, newest first."""
    from tuilab.runs import listing, runs_folder

    root = runs_folder(runs)
    rows = [_facts(run) for run in listing(root)]
    if as_json:
        print_json(rows)
        return
    if not rows:
        say(f"no runs in {root} yet; `tuilab run SCENARIO` makes one")
        return
    print_table(
        (
            (
                row["run"],
                row["state"],
                row["scenario"],
                f"{row['step']}/{row['steps']}" if row["steps"] is not None else str(row["step"]),
                size(row["bytes"]),
                age(row["age"]),
            )
            for row in rows
        ),
        ("RUN", "STATE", "SCENARIO", "STEPS", "SIZE", "AGE"),
    )


def _facts(run: Run) -> dict[str, Any]:
    """A run's line: one that can't be read has a line too."""
    about = run.glance()
    return {
        "run": run.name,
        "path": str(run.path),
        "scenario": about.source or "?",
        "state": str(about.state),
        "step": about.step,
        "steps": about.steps,
        "figures": about.figures,
        "age": time.time() - about.created if about.created else 0.0,
        "bytes": run.size(),
    }
