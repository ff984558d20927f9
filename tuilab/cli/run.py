"""`tuilab run`."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuilab.cli.output import AsJson, RunsFolder, print_json

if TYPE_CHECKING:
    from tuilab.doctor import Outcome
    from tuilab.experiments.crew import Crew
    from tuilab.runs import Run

Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "-s", "--set", metavar="KEY=VALUE", help="Override a value of the scenario; may be repeated."
    ),
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")]
Threads = Annotated[int | None, typer.Option(min=1, max=1024, help="torch's threads [default: all cores].")]


def run(
    scenario: Annotated[
        str, typer.Argument(help="A name that `tuilab list` shows, or a path to a TOML file.")
    ],
    overrides: Overrides = None,
    device: Device = "auto",
    threads: Threads = None,
    runs: RunsFolder = None,
    name: Annotated[str | None, typer.Option(help="The run's name [default: scenario and time].")] = None,
    detach: Annotated[
        bool, typer.Option("--detach", help="Start an engine that outlives this shell; return.")
    ] = False,
    steps: Annotated[int | None, typer.Option(min=0, help="Stop after this many steps.")] = None,
    pace: Annotated[
        float | None, typer.Option(min=1e-3, max=1e6, help="At most so many steps a second.")
    ] = None,
    checkpoint: Annotated[
        float | None, typer.Option(min=0, help="Seconds between two checkpoints; 0: none [default: 60].")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 if an expectation is not met.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run a scenario and record it.

    Ends with its main plots, the expectations met and unmet, and where the run lies. With torchrun several
    processes share every batch: torchrun --nproc-per-node 2 -m tuilab run cifar10
    """
    from tuilab.cli.together import conduct_together, several

    def prepared_here() -> Run:
        return prepare(scenario, overrides, device, threads, runs, name, steps, pace, checkpoint)

    if several(detach):
        prepared, state = conduct_together(prepared_here)
    else:
        prepared = prepared_here()
        if detach:
            run_detached(prepared, as_json)
            return
        state = conduct_here(prepared)
    outcomes = report(prepared, as_json)
    if state == "stopped":
        raise typer.Exit(130)
    if check and any(outcome.verdict != "met" for outcome in outcomes):
        raise typer.Exit(1)


def prepare(
    scenario: str,
    overrides: list[str] | None,
    device: str,
    threads: int | None,
    runs: Path | None,
    name: str | None = None,
    steps: int | None = None,
    pace: float | None = None,
    checkpoint: float | None = None,
) -> Run:
    """A checked scenario in a run folder of its own."""
    from tuilab.runs import create, runs_folder
    from tuilab.scenario.load import load

    settings = [*(overrides or []), *([f"steps={steps}"] if steps is not None else [])]
    checked = load(scenario, settings)
    source = Path(scenario).stem if scenario.endswith(".toml") else Path(scenario).name
    options: dict[str, Any] = {"device": device, "threads": threads, "pace": pace}
    if checkpoint is not None:
        options["checkpoint"] = checkpoint
    return create(runs_folder(runs), source, checked.model_dump(mode="json"), options, name)


def conduct_here(prepared: Run, resume: bool = False, crew: Crew | None = None) -> str:
    """Run the engine in this process with live progress; returns how the run ended.

    A run that could not even start leaves no folder behind. Of a crew only the leader shows progress.
    """
    from tuilab.cli.progress import StepProgress
    from tuilab.runs.launch import QUIET_THREADS

    os.environ.update({key: os.environ.get(key, value) for key, value in QUIET_THREADS.items()})
    if crew is not None and not crew.leader:
        from tuilab.engine import conduct

        return str(conduct(prepared, None, resume, crew))
    with StepProgress(prepared.name) as progress:
        from tuilab.engine import EngineError, conduct
        from tuilab.experiments import ALONE, CrewError

        try:
            return str(conduct(prepared, progress.update, resume, crew or ALONE))
        except (EngineError, CrewError):
            if not prepared.recordings():
                shutil.rmtree(prepared.path, ignore_errors=True)
            raise


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

        print_plots(recording)
        print_findings(findings(recording))
        print_outcomes(outcomes)
        print_reveals(reveals(recording))
        print(f"\n{prepared.name}: {state} at step {recording.last_step}; it lies in {prepared.path}")
        print(f"tuilab replay {prepared.name} plays it again, step by step")
    return outcomes


def outcome_facts(outcome: Outcome) -> dict[str, Any]:
    """An expectation's outcome as plain data."""
    return {
        "verdict": str(outcome.verdict),
        "promise": outcome.promise,
        "measured": outcome.measured,
        "because": outcome.because,
    }


def run_detached(prepared: Run, as_json: bool, resume: bool = False) -> None:
    """Launch an engine of its own session and say where it is, once it records.

    A run that could not even start leaves no folder behind.
    """
    from tuilab.runs import RunError, launch, wait_until_started

    before = len(prepared.recordings())
    process = launch(prepared, resume)
    try:
        wait_until_started(prepared, process, before)
    except RunError:
        if process.poll() is not None and not before:
            shutil.rmtree(prepared.path, ignore_errors=True)
        raise
    if as_json:
        print_json({"run": prepared.name, "path": str(prepared.path), "state": "running", "pid": process.pid})
        return
    print(f"{prepared.name} runs on without this shell (process {process.pid}); it lies in {prepared.path}")
    print(f"tuilab watch {prepared.name} looks at it, tuilab stop {prepared.name} ends it", file=sys.stdout)
