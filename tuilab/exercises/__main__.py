"""One file compared, in a process of its own: `python -m tuilab.exercises NAME FILE RESULT`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from tuilab.exercises import Answer, ExerciseError, compare, find
from tuilab.parts.own import OwnError, load


def main() -> None:
    """Write what was found of the file as JSON to RESULT."""
    name, file, result = sys.argv[1:]
    facts: dict[str, str] = {}
    try:
        exercise = find(name)
        facts = {"family": exercise.family, "part": exercise.part, "attribute": exercise.attribute}
        answer = compare(exercise, load(Path(file).resolve()))
    except (OwnError, ExerciseError) as error:
        answer = Answer("fails", [str(error)])
    Path(result).write_text(json.dumps(asdict(answer) | {"exercise": facts}))


if __name__ == "__main__":
    main()
