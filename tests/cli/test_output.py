"""What commands print, and that they have one way out."""

from __future__ import annotations

import ast
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tuilab
from tuilab.cli import output

ROOM = Path(tuilab.__file__).parent
OTHER_WAYS = {"print", "pprint", "echo", "secho", "typer.echo", "typer.secho", "stdout.write", "stderr.write"}
OTHER_WAYS |= {"traceback.print_exc", "traceback.print_exception"}


def calls(path: Path) -> set[str]:
    """The functions that are called in a file, by the last two parts of their names."""
    functions = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    paths = [ast.unparse(function).split(".") for function in functions]
    return {".".join(path[-2:]) for path in paths}


def test_nothing_is_printed_but_by_the_one_module() -> None:
    assert calls(ROOM / "cli" / "output.py") & OTHER_WAYS == {"print"}
    for path in (ROOM / "cli").glob("*.py"):
        if path.name != "output.py":
            assert not calls(path) & {*OTHER_WAYS, "Inked"}, path


@pytest.mark.parametrize(
    "room", ["recording", "panels", "doctor", "scenario", "data", "runs", "studies", "exchange", "tui"]
)
def test_the_rooms_below_print_nothing(room: str) -> None:
    for path in (ROOM / room).rglob("*.py"):
        assert not calls(path) & OTHER_WAYS, path


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters())),
        lambda below: st.lists(below) | st.dictionaries(st.text(), below),
    )
)
def test_json_is_the_same_after_reading_and_commands_no_terminal(value: Any) -> None:
    for text in (output._json(value), output._json(value, indent=2)):
        assert all(char == "\n" or char.isprintable() for char in text)
        text.encode()
        assert json.loads(text) == with_words(value)


def with_words(value: Any) -> Any:
    """Numbers that JSON has no sign for as words."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {key: with_words(item) for key, item in value.items()}
    return [with_words(item) for item in value] if isinstance(value, list) else value


def test_a_line_is_one_line_and_only_lines_have_lines(capsys: pytest.CaptureFixture[str]) -> None:
    output.say("a\nb", "\x1b[2J")
    output.say_lines("a\nb\x1b[2J")
    assert capsys.readouterr().out == "a b?[2J\na\nb?[2J\n"


def test_only_ink_of_ours_is_ink(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "colors", lambda: 16)
    output.say(output.heading("a\x1b[5m"), " ", "\x1b[5m")
    assert capsys.readouterr().out == "\x1b[1ma?[5m\x1b[0m ?[5m\n"
    output.say("made of it: " + output.heading("a"))
    assert capsys.readouterr().out == "made of it: ?[1ma?[0m\n"


def test_columns_line_up_whatever_their_letters(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table([("日本", "1"), ("abc", "2"), ("e\u0301", "3"), ("a\x1b", "4")], ("NAME", "N"))
    assert capsys.readouterr().out == "NAME  N\n日本  1\nabc   2\ne\u0301     3\na?    4\n"


def run(*words: str, **streams: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tuilab", *words], text=True, stderr=subprocess.PIPE, check=False, **streams
    )


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")  # noqa: PTH110
def test_output_that_can_not_be_written_is_a_sentence() -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = run("list", stdout=full)
    assert (done.returncode, done.stderr) == (2, "No space left on device\n")


def test_a_reader_that_never_read_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = run("--version", stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


def test_letters_that_the_output_has_no_signs_for_are_question_marks() -> None:
    done = run("describe", "saddle", stdout=subprocess.PIPE, env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert "?" in done.stdout


def test_an_error_of_ours_in_an_unexpected_place_shows_a_safe_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tuilab import cli

    def fail() -> int:
        raise LookupError("\x1b]0;owned\x07")

    monkeypatch.setattr(cli, "_command", fail)
    assert cli._run() == 1
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert said.endswith("LookupError: ?]0;owned?\n")
