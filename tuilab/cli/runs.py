"""`tuilab runs`, `tuilab rename` and `tuilab delete`."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuilab.cli.output import AsJson, RunsFolder, age, print_json, print_table, say, say_lines, size
from tuilab.printable import printable

if TYPE_CHECKING:
    from tuilab.runs import Run, Summary


Where = Annotated[
    str,
    typer.Option(
        help="Only runs of which this is true: words, or `lr>0.01 and accuracy>=0.8 and not state:failed`."
    ),
]
"""Which runs."""


def list_runs(
    runs: RunsFolder = None,
    where: Where = "",
    columns: Annotated[
        str,
        typer.Option(help="More columns, with commas between: settings and figures such as lr,accuracy."),
    ] = "",
    sort: Annotated[
        str, typer.Option(help="Sort by a fact, a setting or a figure; from the greatest down: -accuracy.")
    ] = "",
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV instead of text.")] = False,
    as_json: AsJson = False,
) -> None:
    """The recorded runs, newest first."""
    from tuilab.runs import listing, query, runs_folder

    root = runs_folder(runs)
    test, wanted = query(where), [name.strip() for name in columns.split(",") if name.strip()]
    found = [(run, run.glance()) for run in listing(root)]
    shown = [(run, about) for run, about in found if test(run, about)]
    if sort:
        by = {run: _key(run, about, sort.removeprefix("-")) for run, about in shown}
        shown.sort(key=lambda each: by[each[0]], reverse=sort.startswith("-"))
        # Those that have none of it come last, either way.
        shown.sort(key=lambda each: by[each[0]][0] == _NONE)
    rows = [_facts(run, about, wanted) for run, about in shown]
    if as_json:
        print_json(rows)
    elif csv:
        _print_csv(rows, wanted)
    elif not rows:
        of = f" of the {len(found)}" if found else ""
        say(
            f"no run{of} in {root} is meant by {where!r}"
            if where
            else f"no runs in {root} yet; `tuilab run SCENARIO` makes one"
        )
    else:
        print_table(map(_line, rows), (*_HEADER, *wanted))


_HEADER = ("RUN", "STATE", "SCENARIO", "STEPS", "SIZE", "AGE")
_NUMBER, _TEXT, _NONE = range(3)


def _key(run: Run, about: Summary, name: str) -> tuple[int, Any]:
    from tuilab.runs import values

    for value in values(run, about, name):
        if isinstance(value, int | float) and value == value:
            return _NUMBER, value
        if isinstance(value, str):
            return _TEXT, value
    return _NONE, 0


def _line(row: dict[str, Any]) -> list[str]:
    steps = f"{row['step']}/{row['steps']}" if row["steps"] is not None else str(row["step"])
    more = [", ".join(map(_short, values)) for values in row.get("columns", {}).values()]
    return [row["run"], row["state"], row["scenario"], steps, size(row["bytes"]), age(row["age"]), *more]


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _print_csv(rows: list[dict[str, Any]], wanted: list[str]) -> None:
    import csv
    import io

    facts = ["run", "state", "scenario", "step", "steps", "bytes", "path"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*facts, *wanted])
    for row in rows:
        more = [";".join(map(str, values)) for values in row.get("columns", {}).values()]
        writer.writerow([*(row[fact] for fact in facts), *more])
    say_lines(text.getvalue().removesuffix("\n"))


def _facts(run: Run, about: Summary, wanted: list[str]) -> dict[str, Any]:
    """A run's line: one that can't be read has a line too."""
    from tuilab.runs import values

    columns = {name: list(dict.fromkeys(values(run, about, name))) for name in wanted}
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
        **({"columns": columns} if wanted else {}),
    }


def rename(
    run: Annotated[str, typer.Argument(help="A run's name or path.")],
    name: Annotated[str, typer.Argument(help="Its new name.")],
    runs: RunsFolder = None,
) -> None:
    """Call a run something else, while nobody works on it."""
    from tuilab.runs import find, rename, runs_folder

    before = find(runs_folder(runs), run)
    say(f"{before.name} is {rename(before, name).name} now")


def delete(
    run: Annotated[list[str], typer.Argument(help="Names or paths of runs.")],
    runs: RunsFolder = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
) -> None:
    """Remove runs with their recordings and checkpoints, for good.

    What no engine made in a run's folder stays.
    """
    from tuilab.runs import delete, find, runs_folder

    if not yes and not sys.stdin.isatty():
        raise typer.BadParameter("there is no terminal to ask in; --yes deletes without asking")
    found = [find(runs_folder(runs), name) for name in run]
    for each in found:
        if not yes and not typer.confirm(f"delete {printable(each.name)} ({size(each.size())}) for good?"):
            say(f"{each.name}: kept")
            continue
        left = delete(each)
        others = ", ".join(path.name for path in left[:5])
        say(
            f"{each.name}: deleted"
            + (f"; not made by an engine, and kept in {each.path}: {others}" if left else "")
        )
