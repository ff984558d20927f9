"""`tuilab runs`."""

from __future__ import annotations

import time
from typing import Any

from tuilab.cli.output import AsJson, RunsFolder, age, print_json, print_table, say, size


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


def _facts(run: Any) -> dict[str, Any]:
    from tuilab.recording import RecordingError
    from tuilab.runs import RunError, State

    facts: dict[str, Any] = {
        "run": run.name,
        "path": str(run.path),
        "scenario": "?",
        "step": 0,
        "steps": None,
    }
    try:
        facts["scenario"] = run.source
        facts["age"] = time.time() - float(run.facts.get("created", 0))
        with run.open() as recording:
            facts |= {"step": max(recording.last_step, 0), "steps": recording.header.get("steps")}
            facts["state"] = str(run.state(recording))
    except (RunError, RecordingError):
        facts["state"] = str(State.DIED if not run.engine_lives() else State.STARTING)
    return {"age": 0.0, "bytes": run.size()} | facts
