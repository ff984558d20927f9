"""Scenarios run with several seeds side by side, and what is true of all of them.

Each process of the pool makes many runs, which are judged and thrown away: torch is imported once a process.
The trials of a study are there to stay, to be stopped and gone on with; each has an engine of its own.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
import tempfile
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from ctypes import c_bool
from pathlib import Path
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

import typer

from tuilab.cli import is_own
from tuilab.cli.check import could_not_run
from tuilab.cli.output import heading, say, say_lines
from tuilab.cli.progress import StepProgress

if TYPE_CHECKING:
    from tuilab.doctor import Outcome

_LISTED = 8
"""Layers up to which each one's figure is told."""
_WEAK = 3.0
"""Margins below so many standard deviations are marked: some seed will break them."""


def check_seeds(
    names: list[str],
    seeds: int,
    jobs: int | None,
    overrides: list[str],
    device: str,
    threads: int,
    runs: Path | None,
    trust: bool = False,
) -> list[dict[str, Any]]:
    """Runs each scenario with the seeds from its own on, and judges each expectation over all of them.

    Args:
        names: scenarios.
        seeds: how many.
        jobs: processes at once; all cores without it.
        overrides: `-s` of the command line; a seed among them is the first.
        device: where the engines run.
        threads: of each process.
        runs: where the run folders go; thrown away without it.
        trust: let the engines run the code of own parts.

    Returns:
        For each scenario what `tuilab check --json` says, and for each expectation how many runs kept it and
        its margin in sigmas.
    """
    from tuilab.runs import CHILDREN
    from tuilab.scenario.load import load

    os.environ.update({key: os.environ.get(key, value) for key, value in CHILDREN.items()})
    found: dict[str, list[Any]] = {name: [] for name in names}
    problems: dict[str, dict[str, Any]] = {}
    with ExitStack() as stack:
        folder = runs or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tuilab-seeds-")))
        progress = stack.enter_context(StepProgress(f"{len(names)} scenarios, {seeds} seeds"))
        before = signal.signal(signal.SIGTERM, _leave)
        stack.callback(signal.signal, signal.SIGTERM, before)
        context = multiprocessing.get_context("spawn")
        leaving = context.RawValue(c_bool, False)
        most = min(jobs or os.cpu_count() or 1, len(names) * seeds)
        pool = ProcessPoolExecutor(most, context, _begin, (leaving,))
        stack.callback(pool.shutdown, wait=True, cancel_futures=True)
        stack.callback(setattr, leaving, "value", True)
        tasks: dict[Future[Any], str] = {}
        for name in names:
            try:
                first = load(name, overrides).seed
            except Exception as error:
                if not is_own(error):
                    raise
                say_lines(str(error), error=True)
                problems[name] = could_not_run(name, error)
                continue
            for seed in range(first, first + seeds):
                own = [*overrides, f"seed={seed}"]
                tasks[pool.submit(_run, name, own, device, threads, folder, trust)] = name
        # The pool begins a process after it has told its watcher of the task, which so waits for the death of
        # those before alone (CPython 3.11); one more task, and it knows of the last one, too.
        pool.submit(int)
        for done, task in enumerate(as_completed(tasks), 1):
            name = tasks[task]
            try:
                outcomes, problem = task.result()
            except BrokenExecutor:
                say("a process of the pool was killed; if memory ran out, fewer --jobs need less", error=True)
                raise typer.Exit(2) from None
            if problem is not None and name not in problems:
                say_lines(str(problem), error=True)
                problems[name] = could_not_run(name, problem)
            elif outcomes is None:
                raise typer.Exit(130)
            found[name].append(outcomes)
            progress.update(done, len(tasks))
    return [problems.get(name) or summary(name, load(name, overrides), found[name]) for name in names]


def _leave(number: int, frame: object) -> None:
    """A polite kill ends the pool as Ctrl-C does: without it, its processes would outlive this one."""
    raise SystemExit(128 + number)


_leaving: c_bool | None = None
"""Of a process of the pool: true once nobody waits for its runs. No lock, which a killed one could keep."""


def _begin(leaving: c_bool) -> None:
    global _leaving
    _leaving = leaving


def _heed(step: int, steps: int, waiting: str) -> None:
    """End the run between two steps once nobody waits for it."""
    if _leaving is not None and _leaving.value:
        signal.raise_signal(signal.SIGTERM)


def _run(
    name: str, overrides: list[str], device: str, threads: int, runs: Path, trust: bool
) -> tuple[list[Outcome] | None, Exception | None]:
    """One run in a process of the pool: its outcomes, none if it was stopped; or why it can't be."""
    from tuilab.cli.run import prepare
    from tuilab.doctor import check
    from tuilab.engine import conduct
    from tuilab.runs import State

    if _leaving is not None and _leaving.value:
        return None, None
    try:
        run = prepare(name, overrides, device, threads, runs, trust)
        if conduct(run, _heed, trust=trust) is State.STOPPED:
            return None, None
        with run.open() as recording:
            return check(recording), None
    except Exception as error:
        if not is_own(error):
            raise
        return [], error


def summary(name: str, scenario: Any, runs: list[list[Outcome]]) -> dict[str, Any]:
    """What `tuilab check --json` says of a scenario whose outcomes with each seed these are."""
    rows = [
        _over_seeds(expectation.model_dump(mode="json"), [run[number] for run in runs])
        for number, expectation in enumerate(scenario.expect)
    ]
    return {
        "scenario": name,
        "run": None,
        "met": all(row["met"] for row in rows),
        "checked": not rows or any(row["checked"] for row in rows),
        "error": None,
        "no_data": False,
        "expectations": rows,
    }


def _over_seeds(raw: dict[str, Any], outcomes: list[Outcome]) -> dict[str, Any]:
    """How often an expectation was kept, and by how much."""
    from tuilab.doctor import across

    margins = [outcome.margin for outcome in outcomes]
    known = len(margins) > 1 and all(map(math.isfinite, margins))
    spread = stdev(margins) if known else 0.0
    overall = across(raw, outcomes)
    if raw["over"] == "seeds" and len(outcomes) > 1:
        kept, met = int(overall.verdict.fine) * len(outcomes), overall.verdict.fine
        told = overall.measured
    else:
        kept = sum(outcome.verdict.fine for outcome in outcomes)
        met, told = kept == len(outcomes), overall.measured
    return {
        "promise": overall.promise if raw["over"] == "seeds" else outcomes[0].promise,
        "measured": told,
        "over_runs": _figures(outcomes),
        "because": raw["because"],
        "runs": len(outcomes),
        "kept": kept,
        "met": met,
        "checked": any(outcome.verdict != "not checked" for outcome in outcomes) or raw["over"] == "seeds",
        "sigmas": fmean(margins) / spread if spread else None,
    }


def _figures(outcomes: list[Outcome]) -> str:
    """Mean and standard deviation over the runs of each layer's figure, few layers by themselves."""
    samples = [outcome.sample for outcome in outcomes if outcome.sample is not None]
    told = []
    for rows in ([sample.mean for sample in samples], [sample.other_mean for sample in samples]):
        columns = [[figure for figure in column if figure is not None] for column in zip(*rows, strict=True)]
        if any(columns) and len(columns) <= _LISTED:
            told.append(", ".join(_spread(column, len(rows)) for column in columns))
        elif columns:
            middles = [fmean(column) for column in columns if column]
            told.append(f"{min(middles):.4g} … {max(middles):.4g}" if middles else "never")
    return "; ".join(told) or "never"


def _spread(column: list[float], runs: int) -> str:
    """A figure over the runs: its mean, standard deviation, and in how many it was there."""
    if not column:
        return "never"
    some = f" (in {len(column)} of {runs})" if len(column) < runs else ""
    if len(set(column)) == 1:
        return f"{column[0]:.4g}{some}"
    return f"{fmean(column):.4g} ± {stdev(column):.2g}{some}"


def print_table(found: list[dict[str, Any]]) -> None:
    """Scenario by scenario each expectation: how many runs kept it, and its margin in sigmas."""
    for scenario in found:
        say(heading(scenario["scenario"] + (f": {scenario['error']}" if scenario["error"] else "")))
        for row in scenario["expectations"]:
            sigmas = row["sigmas"]
            margin = f"{'':11}" if sigmas is None else f"{sigmas:5.1f} sigma"
            weak = "!" if sigmas is not None and sigmas < _WEAK else " "
            kept = f"{row['kept']:>3} of {row['runs']}" if row["checked"] else "not checked"
            say(f"  {kept:>11} {margin}{weak} {row['promise']}")
            if not row["met"] and row["checked"]:
                say(f"{'':27}over all runs {row['measured']}")
