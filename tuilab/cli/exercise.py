"""`tuilab exercise`: a part to write oneself, compared with ours, and a class's answers."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from tuilab.cli.answering import answer_of
from tuilab.cli.output import AsJson, RunsFolder, heading, print_json, print_table, say, say_lines

_RACES = Path(__file__).parent.parent / "exercises" / "races"
_GIVEN: dict[str, list[str]] = {
    "newton": [],
    "damped_newton": [],
    "lbfgs": [],
    "warm_up": ['then = { name = "cosine" }'],
}
"""With which settings parts race; other optimisers with a learning rate."""


def exercise(
    name: Annotated[str | None, typer.Argument(help="A part, such as adam [default: list them].")] = None,
    check: Annotated[
        Path | None,
        typer.Option("--check", metavar="FILE", help="Run this file and compare its part with ours."),
    ] = None,
    race: Annotated[bool, typer.Option("--race/--no-race", help="Then race both in the lab.")] = True,
    answers: Annotated[
        Path | None,
        typer.Option("--answers", metavar="FOLDER", help="A class: a folder a student; prints CSV."),
    ] = None,
    trust: Annotated[bool, typer.Option("--trust", help="With --answers: run the students' code.")] = False,
    limit: Annotated[float, typer.Option(min=1, max=3600, help="Seconds that a file may take.")] = 60,
    runs: RunsFolder = None,
    as_json: AsJson = False,
) -> None:
    """Write a part yourself: NAME_exercise.py, to be filled in.

    With --check, which runs the file, exits with 1 if it differs from ours and with 2 if it fails.
    """
    if answers is not None:
        from tuilab.cli.grading import print_answers

        print_answers(answers, trust, limit, as_json)
    elif name is None:
        _print_list(as_json)
    elif check is None:
        _write(name, as_json)
    else:
        _check(name, check, race, limit, runs, as_json)


def _print_list(as_json: bool) -> None:
    from tuilab.exercises import exercises

    rows = [(one.family, one.name, one.about) for one in exercises().values()]
    if as_json:
        print_json([dict(zip(("family", "name", "about"), row, strict=True)) for row in rows])
    else:
        print_table(rows, ["family", "exercise", "about"])


def _write(name: str, as_json: bool) -> None:
    from tuilab.exercises import ExerciseError, find, written

    exercise = find(name)
    target = Path(exercise.file)
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(written(exercise))
    except FileExistsError:
        raise ExerciseError(f"{target}: there is such a file already; move it away first") from None
    except OSError as error:
        raise ExerciseError(f"{target}: can't be written ({error.strerror})") from None
    if as_json:
        print_json({"path": str(target), "exercise": name})
    else:
        say(f"{target}: fill it in, then `tuilab exercise {name} --check {target}`")


def _check(name: str, file: Path, race: bool, limit: float, runs: Path | None, as_json: bool) -> None:
    found = answer_of(name, file, limit)
    if as_json:
        print_json({"exercise": name, "file": str(file), **found.facts})
    else:
        if found.printed:
            say(heading(f"{file} printed"))
            say_lines(found.printed)
        say(heading(f"{name}: {found.verdict}"))
        for line in found.said:
            say(f"  {line}")
        if race and found.verdict in ("right", "differs"):
            _race(found.exercise, file, runs)
    if found.verdict != "right":
        raise typer.Exit(1 if found.verdict in ("differs", "not written") else 2)


def _race(exercise: dict[str, str], file: Path, runs: Path | None) -> None:
    """Both in one scenario, if there is one: in the lab where there is a terminal, else as plots."""
    from tuilab.prepare import prepare

    key, part = exercise["family"], exercise["part"]
    own = f"{file.resolve()}:{exercise['attribute']}"
    scenario = _RACES / f"race-{key}.toml"
    if not scenario.is_file():
        return
    given = "".join(
        f", {setting}" for setting in _GIVEN.get(part, ["lr = 0.05"] if key == "optimizer" else [])
    )
    settings = [
        f"arms.{arm}.{key}={{name = {json.dumps(name)}{given}}}"
        for arm, name in (("ours", part), ("yours", own))
    ]
    if os.isatty(0) and os.isatty(2):
        from tuilab.runs import launch
        from tuilab.tui import open_run

        run = prepare(scenario, settings, runs, paced=True, trust=True)
        launch(run, trust=True)
        open_run(run, live=True)
    else:
        from tuilab.cli.conducting import conduct_here
        from tuilab.cli.report import report

        run = prepare(scenario, settings, runs, trust=True)
        conduct_here(run, trust=True)
        report(run, as_json=False)
