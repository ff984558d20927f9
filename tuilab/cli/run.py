"""`tuilab run`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuilab.cli.conducting import conduct_distributed, conduct_here, run_detached, several
from tuilab.cli.output import AsJson, RunsFolder
from tuilab.cli.report import report

if TYPE_CHECKING:
    from tuilab.runs import Run

Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "-s", "--set", metavar="KEY=VALUE", help="Override a value of the scenario; may be repeated."
    ),
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")]
Trust = Annotated[bool, typer.Option("--trust", help="Run the code of own parts (FILE.py:NAME) in it.")]
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
    seeds: Annotated[
        int | None,
        typer.Option(min=1, max=10_000, help="A study: run it with so many seeds, from its own on."),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, max=1024, help="With --seeds: runs at once [default: the cores].")
    ] = None,
    trust: Trust = False,
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 if an expectation is not met.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run a scenario and record it.

    Ends with its main plots, the expectations met and unmet, and where the run lies. With torchrun several
    processes share every batch: torchrun --nproc-per-node 2 -m tuilab run cifar10
    With --seeds the plots show means over the seeds and one standard deviation to each side.
    """
    from tuilab.runs import State

    if seeds is not None:
        from tuilab.cli import study

        if several(detach) or detach:
            raise typer.BadParameter("--seeds runs side by side already: without --detach or torchrun")
        settings, options = _asked(overrides, steps, device, threads or 1, pace, checkpoint)
        made = study.prepare(scenario, settings, seeds, runs, name, options, trust)
        kept = study.conduct(made, jobs, as_json, trust)
        if check and not all(outcome.verdict.fine for outcomes in kept for outcome in outcomes):
            raise typer.Exit(1)
        return

    def prepared_here() -> Run:
        return prepare(scenario, overrides, device, threads, runs, trust, name, steps, pace, checkpoint)

    if several(detach):
        prepared, state = conduct_distributed(prepared_here, trust=trust)
    else:
        prepared = prepared_here()
        if detach:
            run_detached(prepared, as_json, trust=trust)
            return
        state = conduct_here(prepared, trust=trust)
    outcomes = report(prepared, as_json)
    if state is State.STOPPED:
        raise typer.Exit(130)
    if check and not all(outcome.verdict.fine for outcome in outcomes):
        raise typer.Exit(1)


def prepare(
    scenario: str,
    overrides: list[str] | None,
    device: str,
    threads: int | None,
    runs: Path | None,
    trust: bool = False,
    name: str | None = None,
    steps: int | None = None,
    pace: float | None = None,
    checkpoint: float | None = None,
) -> Run:
    """A checked scenario in a run folder of its own, as the command line's options ask for it."""
    from tuilab.prepare import prepare

    settings, options = _asked(overrides, steps, device, threads, pace, checkpoint)
    return prepare(scenario, settings, runs, name, trust=trust, **options)


def _asked(
    overrides: list[str] | None,
    steps: int | None,
    device: str,
    threads: int | None,
    pace: float | None,
    checkpoint: float | None,
) -> tuple[list[str], dict[str, Any]]:
    """The scenario's settings and the engine's options, from those of the command line."""
    settings = [*(overrides or []), *([f"steps={steps}"] if steps is not None else [])]
    options: dict[str, Any] = {"device": device, "threads": threads, "pace": pace}
    if checkpoint is not None:
        options["checkpoint"] = checkpoint
    return settings, options
