"""`tuilab run SCENARIO --seeds N`: ordinary runs side by side, read as mean and spread."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tuilab.cli.output import print_json, say, typed

if TYPE_CHECKING:
    from tuilab.doctor import Outcome
    from tuilab.studies import Study


def prepare(
    scenario: str,
    settings: list[str],
    seeds: int,
    runs: Path | None,
    name: str | None,
    options: dict[str, Any],
    trust: bool = False,
) -> Study:
    """A study of the scenario with so many seeds, from its own on."""
    from tuilab.prepare import fingerprints
    from tuilab.runs import runs_folder
    from tuilab.scenario.load import load
    from tuilab.studies import create

    checked = load(scenario, settings)
    plain = checked.model_dump(mode="json")
    source = Path(scenario)
    return create(
        runs_folder(runs),
        source.stem if source.suffix == ".toml" else source.name,
        plain,
        options,
        range(checked.seed, checked.seed + seeds),
        name,
        fingerprints(scenario, plain, trust),
    )


def conduct(study: Study, jobs: int | None, as_json: bool, trust: bool = False) -> list[list[Outcome]]:
    """Work through the study with live progress, and report it; returns each trial's outcomes.

    Raises:
        SystemExit: after Ctrl-C, when the engines have stopped between two steps.
        typer.Exit: with 2, where a trial could not be run; with 130, where somebody has stopped one.
    """
    from tuilab.cli.progress import StepProgress
    from tuilab.runs import State
    from tuilab.studies import Progress
    from tuilab.studies import conduct as work

    with StepProgress(study.name) as progress:

        def tell(seen: Progress) -> None:
            finished = sum(state is State.FINISHED for state in seen.states.values())
            progress.update(seen.done, seen.steps, f"{finished} of {len(seen.states)} seeds finished")

        try:
            ended = work(study, jobs or os.cpu_count() or 1, tell, trust)
        except (KeyboardInterrupt, SystemExit):
            _say_stopped(study)
            raise
    for seed, why in ended.failed.items():
        say(f"seed {seed}: {why}", error=True)
    if ended.failed:
        raise typer.Exit(2)
    if study.state() is not State.FINISHED:
        _say_stopped(study)
        raise typer.Exit(130)
    return report(study, as_json)


def _say_stopped(study: Study) -> None:
    say(f"{study.name}: stopped; `{typed('resume', study.name)}` goes on with it", error=True)


def report(study: Study, as_json: bool) -> list[list[Outcome]]:
    """Plots of means with their spread, and how many trials kept each expectation."""
    from tuilab.cli.plots import print_plots
    from tuilab.cli.seeds import print_table, summary
    from tuilab.doctor import check
    from tuilab.scenario.schema import KINDS

    outcomes: list[list[Outcome]] = []
    for run in study.trials.values():
        with run.open() as recording:
            outcomes.append(check(recording))
    first = next(iter(study.trials.values()))
    scenario = KINDS[first.scenario["kind"]].model_validate(first.scenario)
    found = summary(first.source, scenario, outcomes)
    if as_json:
        print_json({"study": study.name, "path": str(study.path), "seeds": study.seeds} | found)
        return outcomes
    with study.open() as spread:
        print_plots(spread)
    if found["expectations"]:
        print_table([found])
    say()
    say(f"{study.name}: {len(outcomes)} seeds, {study.state()}; it lies in {study.path}")
    say(f"{typed('replay', study.name)} plays it again, step by step")
    return outcomes
