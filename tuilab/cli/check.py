"""`tuilab check`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tuilab.cli import is_own
from tuilab.cli.conducting import conduct_here
from tuilab.cli.output import AsJson, RunsFolder, print_json, say, say_lines
from tuilab.cli.report import outcome_facts
from tuilab.cli.run import Device, Overrides, Threads, Trust, prepare


def check(
    scenarios: Annotated[
        list[str] | None, typer.Argument(metavar="[SCENARIO]…", help="[default: all shipped]")
    ] = None,
    overrides: Overrides = None,
    seeds: Annotated[
        int | None,
        typer.Option(min=1, max=10_000, help="Run each with so many seeds, from its own on, side by side."),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, max=1024, help="With --seeds: runs at once [default: the cores].")
    ] = None,
    device: Device = "auto",
    threads: Threads = None,
    runs: RunsFolder = None,
    trust: Trust = False,
    as_json: AsJson = False,
) -> None:
    """Run scenarios and report their expectations.

    Exits with 1 if one is not met or a scenario can't run. Of all the shipped ones, those whose data have not
    been fetched are left out, and named. With --seeds the runs are thrown away, unless --runs keeps them.
    """
    from tuilab.scenario.catalogue import entries

    names = scenarios or [entry.name for entry in entries() if entry.origin == "shipped"]
    if seeds is not None:
        from tuilab.cli.seeds import check_seeds

        found = check_seeds(names, seeds, jobs, overrides or [], device, threads or 1, runs, trust)
    else:
        found = [_check_one(name, overrides, device, threads, runs, trust, as_json) for name in names]
    skipped = [r["scenario"] for r in found if r["no_data"] and not scenarios]
    failed = [r["scenario"] for r in found if not r["met"] and r["scenario"] not in skipped]
    if as_json:
        print_json(found)
    else:
        if seeds is not None:
            from tuilab.cli.seeds import print_table

            print_table(found)
        unchecked = [r["scenario"] for r in found if r["met"] and not r["checked"]]
        kept = len(names) - len(failed) - len(skipped) - len(unchecked)
        say(
            f"{kept} of {len(names)} scenarios keep what they promise"
            + (f"; not: {', '.join(failed)}" if failed else "")
            + (f"; not checked: {', '.join(unchecked)}" if unchecked else "")
            + (f"; left out for want of data: {', '.join(skipped)}" if skipped else "")
        )
    if failed:
        raise typer.Exit(1)


def _check_one(
    name: str, overrides: Any, device: str, threads: int | None, runs: Any, trust: bool, as_json: bool
) -> dict[str, Any]:
    """Run one scenario; one that can't run is reported like a broken promise, and the others go on."""
    from tuilab.cli.plots import print_outcomes
    from tuilab.doctor import check as check_expectations
    from tuilab.runs import State

    try:
        run = prepare(name, overrides, device, threads, runs, trust)
        state = conduct_here(run, trust=trust)
    except Exception as error:
        if not is_own(error):
            raise
        say_lines(str(error), error=True)
        return could_not_run(name, error)
    if state is State.STOPPED:
        raise typer.Exit(130)
    with run.open() as recording:
        outcomes = check_expectations(recording)
    if not as_json:
        say(f"{name} ({run.name})")
        print_outcomes(outcomes)
    return {
        "scenario": name,
        "run": run.name,
        "met": all(outcome.verdict.fine for outcome in outcomes),
        "checked": not outcomes or any(outcome.verdict != "not checked" for outcome in outcomes),
        "error": None,
        "no_data": False,
        "expectations": [outcome_facts(o) for o in outcomes],
    }


def could_not_run(name: str, error: Exception) -> dict[str, Any]:
    """What is reported of a scenario that can't run here."""
    from tuilab.engine import NoDataError

    return {
        "scenario": name,
        "run": None,
        "met": False,
        "checked": False,
        "error": str(error),
        "no_data": isinstance(error, NoDataError),
        "expectations": [],
    }
