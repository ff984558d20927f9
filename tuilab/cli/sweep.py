"""`tuilab sweep`."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuilab.cli.output import AsJson, RunsFolder, heading, print_json, print_table, say, say_lines, typed
from tuilab.cli.run import Trust

if TYPE_CHECKING:
    from tuilab.runs import Run
    from tuilab.scenario.schema import Scenario
    from tuilab.studies.journal import Trial
    from tuilab.studies.sweep import Plan, Search, Sweep
    from tuilab.studies.workers import Workers

_USUAL = ("validation.accuracy", "validation.loss", "train.loss", "loss")
"""What is compared if nobody says: the first of these that the scenario measures."""
_LISTED = 10
"""Points of the table."""
_LOST = 3


def sweep(
    scenario: Annotated[
        str, typer.Argument(help="A scenario's name or file, a program train.py, or a sweep, to print it.")
    ],
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[ARGS]...", help="The program's own, after --.")
    ] = None,
    over: Annotated[
        list[str] | None,
        typer.Option(
            "--over",
            metavar="KEY=VALUES",
            help="log(1e-4,1,9), lin(0,1,5), int(1,8,4), logint(16,256,5) or a,b,c; may be repeated.",
        ),
    ] = None,
    random: Annotated[int | None, typer.Option(min=1, help="Draw so many points instead of a grid.")] = None,
    search: Annotated[
        str | None, typer.Option(metavar="tpe", help="Have Optuna propose --points of them.")
    ] = None,
    points: Annotated[int, typer.Option(min=1, help="With --search: how many.")] = 30,
    seeds: Annotated[int, typer.Option(min=1, max=1000, help="Runs a point.")] = 1,
    parallel: Annotated[
        int | None, typer.Option(min=1, max=1024, help="Runs at once [default: the cores].")
    ] = None,
    stop_early: Annotated[
        bool, typer.Option("--stop-early", help="Stop runs that fall behind the others.")
    ] = False,
    on: Annotated[
        str, typer.Option(metavar="local|ssh:HOST,HOST", help="Where the runs are conducted.")
    ] = "local",
    metric: Annotated[
        str | None, typer.Option(help="What is compared [default: validation accuracy or a loss].")
    ] = None,
    arm: Annotated[str | None, typer.Option(help="Whose [default: the first arm's].")] = None,
    maximize: Annotated[
        bool | None, typer.Option("--maximize/--minimize", help="[default: maximize what is called accuracy]")
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set", "-s", metavar="KEY=VALUE", help="Override a value of the scenario for all runs."
        ),
    ] = None,
    steps: Annotated[int | None, typer.Option(min=0, help="Stop each run after this many steps.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    threads: Annotated[int, typer.Option(min=1, max=1024, help="torch's threads of each run.")] = 1,
    name: Annotated[str | None, typer.Option(help="The sweep's name [default: scenario and time].")] = None,
    runs: RunsFolder = None,
    trust: Trust = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a line a trial, comma separated.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run a scenario at many settings side by side, and say which is best.

    A sweep is a folder of ordinary runs with a journal. Ctrl-C stops it, `tuilab resume SWEEP` goes on with
    it, `tuilab watch SWEEP` shows it in the lab while it goes on, `tuilab sweep SWEEP` prints how it stands.
    """
    from tuilab.prepare import fingerprints
    from tuilab.runs import runs_folder
    from tuilab.scenario.load import load
    from tuilab.studies.space import Space
    from tuilab.studies.sweep import Plan, create, find_sweep

    if not over:
        found = find_sweep(runs_folder(runs), scenario)
        if found is None:
            raise typer.BadParameter(f"{scenario} is no sweep; a new one wants --over KEY=VALUES")
        report(found, as_json, as_csv)
        return
    if search not in (None, "tpe"):
        raise typer.BadParameter(f"--search {search}: wanted tpe")
    drawn: Search = "tpe" if search else "random" if random else "grid"
    space = Space.parse(over)
    if drawn == "grid":
        space.grid()
    if scenario.endswith(".py"):
        program = Path(scenario)
        with program.open("rb"):
            pass  # what can't be read is told here
        plan = Plan(
            source=program.stem,
            scenario={},
            options={},
            over=tuple(over),
            search=drawn,
            points=random or points,
            seeds=seeds,
            metric=metric or "loss",
            arm="*",
            maximize="acc" in (metric or "") if maximize is None else maximize,
            early=stop_early,
            own={},
            created=0.0,
            program=(str(program.absolute()), *(arguments or [])),
        )
        made = create(runs_folder(runs), plan, name)
        conduct(made, _programs(made, parallel), as_json, as_csv)
        return
    settings = [*(overrides or []), *([f"steps={steps}"] if steps is not None else [])]
    checked = load(scenario, settings)
    plain = checked.model_dump(mode="json")
    chosen, whose = _metric(checked, metric), _arm(checked, arm)
    source = Path(scenario)
    plan = Plan(
        source=source.stem if source.suffix == ".toml" else source.name,
        scenario=plain,
        options={"device": device, "threads": threads, "checkpoint": 60.0},
        over=tuple(over),
        search=drawn,
        points=random or points,
        seeds=seeds,
        metric=chosen,
        arm=whose,
        maximize="accuracy" in chosen if maximize is None else maximize,
        early=stop_early,
        own=fingerprints(scenario, plain, trust),
        created=0.0,
    )
    # Both ends of every axis, before anything is made: a key that the scenario does not have is said at once.
    for axis in space.axes:
        for value in {axis.value(0.0), axis.value(1.0)} if axis.ends else axis.values[:2]:
            _laid_over(plan, {axis.key: value}, checked.seed)
    workers = _workers(on, parallel, trust)
    conduct(create(runs_folder(runs), plan, name), workers, as_json, as_csv)


def go_on(found: Sweep, trust: bool, as_json: bool) -> None:
    """Go on with a sweep that was stopped, on this host."""
    if found.plan.program and not trust:
        raise typer.BadParameter(
            f"{found.name} runs a program, {found.plan.program[0]}; with --trust it goes on"
        )
    workers = _programs(found, None) if found.plan.program else _workers("local", None, trust)
    conduct(found, workers, as_json, False)


def conduct(found: Sweep, workers: Workers, as_json: bool, as_csv: bool) -> None:
    """Work through a sweep with live progress, and report it."""
    from tuilab.cli.progress import StepProgress
    from tuilab.studies.conducting import SweepProgress, conduct_sweep

    with StepProgress(found.name) as progress:

        def tell(seen: SweepProgress) -> None:
            best = "" if seen.best is None else f"best {found.plan.metric} {seen.best:.4g}"
            progress.update(seen.told, seen.wanted, best)

        try:
            ended = conduct_sweep(
                found, workers, lambda trial: _laid_over(found.plan, trial.point, trial.seed), tell
            )
        except (KeyboardInterrupt, SystemExit):
            _say_stopped(found)
            raise
    if ended.halted:
        _say_stopped(found)
        raise typer.Exit(130)
    for number, why in list(ended.problems.items())[:_LOST]:
        say(f"trial {number}: {why}", error=True)
    if len(ended.problems) > _LOST:
        say(f"and {len(ended.problems) - _LOST} more trials failed", error=True)
    report(found, as_json, as_csv)
    if ended.problems and len(ended.problems) == ended.told:
        raise typer.Exit(2)


def _say_stopped(found: Sweep) -> None:
    say(f"{found.name}: stopped; `{typed('resume', found.name)}` goes on with it", error=True)


def report(found: Sweep, as_json: bool, as_csv: bool) -> None:
    """The best points, what lies at an edge, and how much each parameter explains."""
    from tuilab.studies.space import shown

    trials = found.trials()
    if as_csv:
        _print_csv(found, trials)
        return
    ranked, importance, plan = found.ranked(), found.importance(), found.plan
    if as_json:
        best = ranked[0] if ranked and ranked[0].values else None
        print_json(
            {
                "sweep": found.name,
                "path": str(found.path),
                "metric": plan.metric,
                "arm": plan.arm,
                "maximize": plan.maximize,
                "wanted": found.wanted,
                "best": None if best is None else {"point": best.point, "value": best.mean},
                "edges": {} if best is None else found.space.at_edge(best.point),
                "explained": importance,
                "trials": [_facts(found, trial) for trial in trials],
            }
        )
        return
    keys = found.space.keys
    rows = []
    for each in ranked[:_LISTED]:
        spread = ""
        if len(each.values) > 1:
            spread = f" ± {_deviation(each.values):.2g}, n {len(each.values)}"
        value = f"{each.mean:.4g}{spread}" if each.values else "–"
        failed = f"{each.failed} of {len(each.trials)} without a value" if each.failed else ""
        rows.append((value, *(shown(each.point[key]) for key in keys), f"trial {each.trials[0]}", failed))
    best_is = "highest" if plan.maximize else "lowest"
    say(heading(f"{plan.arm} {plan.metric}, {best_is} first: {len(ranked)} points"))
    if rows:
        print_table(rows, ("VALUE", *(key.upper() for key in keys), "RUN", ""))
    known = {key: share for key, share in importance.items() if math.isfinite(share)}
    if known:
        shares = ", ".join(
            f"{key} {share:.0%}" for key, share in sorted(known.items(), key=lambda item: -item[1])
        )
        say(f"share of the variance of ranks that each explains by itself: {shares}")
    if ranked and ranked[0].values:
        for key, edge in found.space.at_edge(ranked[0].point).items():
            say(f"the best {key} is the {edge} that was tried: the optimum may lie beyond; go on there")
    early = sum(trial.early for trial in trials)
    if early:
        say(f"{early} trials were stopped early: worse than the median of the others at the same step")
    say()
    told = sum(trial.told for trial in trials)
    say(f"{found.name}: {told} of {found.wanted} trials; it lies in {found.path}")
    one = typed("watch", f"{found.name}/{found.run(0).name}")
    say(f"{typed('watch', found.name)} shows it; {one} one of its runs")


def _deviation(values: Sequence[float]) -> float:
    from statistics import stdev

    return stdev(values)


def _facts(found: Sweep, trial: Trial) -> dict[str, Any]:
    return {
        "trial": trial.number,
        **trial.point,
        "seed": trial.seed,
        "value": trial.value,
        "state": trial.state,
        "step": trial.step,
        "stopped_early": trial.early,
        "run": found.run(trial.number).name,
    }


def _print_csv(found: Sweep, trials: list[Trial]) -> None:
    import csv

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    rows = [_facts(found, trial) for trial in trials]
    names = ["trial", *found.space.keys, "seed", "value", "state", "step", "stopped_early", "run"]
    writer.writerow(names)
    writer.writerows([row[name] for name in names] for row in rows)
    say_lines(text.getvalue().removesuffix("\n"))


def _laid_over(plan: Plan, point: dict[str, Any], seed: int) -> dict[str, Any]:
    """The scenario of a trial as plain data.

    Raises:
        ScenarioError: the scenario can't be like that.
    """
    from tuilab.scenario.load import changed
    from tuilab.studies.space import settings

    scenario = changed(plan.scenario, [*settings(point), f"seed={seed}"])
    return scenario.model_dump(mode="json")


def _metric(scenario: Scenario, asked: str | None) -> str:
    known = scenario.metrics
    if asked is not None:
        if asked.partition("/")[0] not in known:
            raise typer.BadParameter(f"--metric {asked}: the scenario measures {', '.join(known)}")
        return asked
    usual = next((name for name in _USUAL if name in known), None)
    if usual is None:
        raise typer.BadParameter(f"--metric: which of {', '.join(known)}?")
    return usual


def _arm(scenario: Scenario, asked: str | None) -> str:
    arms = scenario.arm_names
    if asked is not None and asked not in arms:
        raise typer.BadParameter(f"--arm {asked}: the scenario's arms are {', '.join(arms)}")
    return asked or arms[0]


def _workers(on: str, parallel: int | None, trust: bool) -> Workers:
    import os

    from tuilab.studies.workers import LocalWorkers, over_ssh

    place, _, hosts = on.partition(":")
    if place == "local" and not hosts:
        return LocalWorkers(parallel or os.cpu_count() or 1, trust)
    named = [host for host in hosts.split(",") if host and not host.startswith("-")]
    if place == "ssh" and named:
        return over_ssh(named * max((parallel or len(named)) // len(named), 1), trust)
    raise typer.BadParameter(f"--on {on}: wanted local, or ssh:HOST,HOST whose runs folder is this one")


def _programs(found: Sweep, parallel: int | None) -> Workers:
    """The user's program, once a trial, with its parameters as options: `--lr 0.01`."""
    import os
    import sys

    from tuilab.studies.space import shown
    from tuilab.studies.workers import ProcessWorkers

    script, *own = found.plan.program

    def command(run: Run, place: int, resume: bool) -> list[str]:
        number = int(run.name.split("-")[1])
        trial = next(trial for trial in found.trials() if trial.number == number)
        told = [word for key, value in trial.point.items() for word in (f"--{key}", shown(value))]
        seeded = ["--seed", str(trial.seed)] if found.plan.seeds > 1 else []
        watched = ["watch-script", "--name", f"trial-{number:04d}", "--runs", str(found.path)]
        return [sys.executable, "-P", "-m", "tuilab", *watched, script, *own, *told, *seeded]

    return ProcessWorkers(parallel or os.cpu_count() or 1, command, output=found.path)
