"""A class's answers as a table: a row a student, a column an exercise or prediction."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tuilab.cli.answering import answer_of
from tuilab.cli.output import print_json, say, say_lines

_END = "_exercise.py"


class GradingError(Exception):
    """A folder of answers that can't be graded: one clear sentence."""


def print_answers(folder: Path, trust: bool, limit: float, as_json: bool) -> None:
    """Grade a folder with a folder for each student.

    Args:
        folder: of the class.
        trust: whether the files may run, each in a process of its own.
        limit: seconds that one may take.
        as_json: objects instead of CSV.

    Raises:
        GradingError: there are no students, or they have written code and it is not trusted.
    """
    try:
        students = sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError as error:
        raise GradingError(
            f"{folder}: {error.strerror}; wanted a folder with a folder for each student"
        ) from None
    if not students:
        raise GradingError(f"{folder}: holds no folders; wanted one for each student")
    files = [(student.name, *pair) for student in students for pair in _exercises(student)]
    if files and not trust:
        raise GradingError(
            f"{folder}: there are {len(files)} files of other people's code to run, with all your rights: "
            "add --trust if you trust them, best in a container or as a user who owns nothing"
        )
    rows: dict[str, dict[str, str]] = {student.name: {} for student in students}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        answers = pool.map(lambda file: answer_of(file[1], file[2], limit), files)
        for number, ((student, name, _), found) in enumerate(zip(files, answers, strict=True), 1):
            told = found.verdict + (f": {found.said[0]}" if found.said and found.verdict == "fails" else "")
            rows[student][f"exercise {name}"] = told
            say(f"{number} of {len(files)}: {student}, {name}: {told}", error=True)
    for path in students:
        rows[path.name] |= _predictions(path)
    _print(rows, as_json)


def _print(rows: dict[str, dict[str, str]], as_json: bool) -> None:
    columns = sorted({column for row in rows.values() for column in row})
    table = [
        {"student": name, **{column: row.get(column, "") for column in columns}} for name, row in rows.items()
    ]
    if as_json:
        print_json(table)
        return
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["student", *columns])
    writer.writerows([_harmless(value) for value in row.values()] for row in table)
    say_lines(out.getvalue().rstrip("\n"))


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    line = " ".join(cell.split())
    return f"'{line}" if line[:1] in ("=", "+", "-", "@") else line


def _exercises(student: Path) -> Iterator[tuple[str, Path]]:
    """The exercises that a student has handed in: name and file."""
    for path in sorted(student.rglob(f"*{_END}")):
        if path.is_file() and not path.is_symlink():
            yield path.name.removesuffix(_END), path


def _predictions(student: Path) -> dict[str, str]:
    """How the student's predictions came out, by our answers: a recording can say anything of its own.

    Of several recordings of one scenario the first counts.
    """
    from tuilab.doctor import reveals
    from tuilab.recording import Recording, RecordingError

    known = _questions()
    found: dict[str, tuple[float, str]] = {}
    for path in sorted(student.rglob("*.tlr")):
        try:
            with Recording.open(path) as recording:
                created, seen = recording.header.get("created"), reveals(recording)
        except (OSError, RecordingError):
            continue
        when = created if isinstance(created, int | float) else 0.0
        for reveal in seen:
            column, answer = known.get(reveal.ask, ("", ""))
            if column and reveal.said is not None and when < found.get(column, (float("inf"), ""))[0]:
                found[column] = when, "right" if reveal.said == answer else "wrong"
    return {column: verdict for column, (_, verdict) in found.items()}


def _questions() -> dict[str, tuple[str, str]]:
    """Each question of the scenarios here: the column that it has, and its answer."""
    from tuilab.scenario.catalogue import entries
    from tuilab.scenario.errors import ScenarioError
    from tuilab.scenario.load import load

    found: dict[str, tuple[str, str]] = {}
    for entry in entries():
        try:
            predict = load(entry.path).predict if entry.predict else []
        except ScenarioError:
            continue
        for number, asked in enumerate(predict, 1):
            found[asked.ask] = f"prediction {entry.name} {number}", asked.choices[asked.answer]
    return found
