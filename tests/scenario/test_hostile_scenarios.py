"""Scenario files and overrides from strangers: a scenario or a sentence, in little time and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuilab.scenario import catalogue
from tuilab.scenario.errors import ScenarioError
from tuilab.scenario.load import load
from tuilab.scenario.read import LARGEST

HEAD = 'kind = "descent"\ntitle = "t"\nquestion = "q"\n'
ROOM = LARGEST - 100

FILES: dict[str, tuple[str | bytes, str]] = {
    "not text": (b"kind = '\xff\xfe'", "byte 8 is not UTF-8"),
    "too large": (b"#" * (LARGEST + 1), "at most 100,000"),
    "a key of 50,000 parts": ("a." * (ROOM // 2) + "b = 1", "dots in one line, line 1"),
    "50,000 lists in each other": ("a = " + "[" * ROOM, "nested too deeply"),
    "30,000 tables in each other": ("a = " + "{a=" * (ROOM // 3), "nested too deeply"),
    "tables deeper than any scenario's": (HEAD + "[" + ".".join("a" * 150) + "]", "nested too deeply"),
    "12,000 tables": ("".join(f"[k{i}]\n" for i in range(12_000)), "has 12,000 keys; at most 200"),
    "20,000 numbers": (
        HEAD + "lecture = [" + "1," * 20_000 + "]",
        "lecture: has 20,000 values; at most 1,000",
    ),
    "190 arms": (
        HEAD + "".join(f"[arms.a{i}]\n" for i in range(190)),
        "there are 190; a scenario has at most 32",
    ),
    "a number of 90,000 digits": (HEAD + "seed = " + "9" * 90_000, "limit (4300 digits)"),
    "a number of 360,000 bits": (
        HEAD + "seed = 0x" + "f" * 90_000,
        "line 4: seed: holds a number of more than 64 bits",
    ),
    "an infinite number": (
        HEAD + "pace = 1e999\n[arms.a]",
        "line 4: pace: found inf; input should be a finite number",
    ),
    "no number": (HEAD + "pace = nan\n[arms.a]", "pace: found nan; input should be a finite number"),
    "a kind of 90,000 letters": (f'kind = "{"x" * 90_000}"', "…; wanted data, functions"),
    "a key of 90,000 letters": (HEAD + "x" * 90_000 + " = 1", "…: unknown key"),
    "an arm of 90,000 letters": (
        HEAD
        + 'surface = { name = "himmelblau" }\n[arms.a]\nstart = [1, 1]\n'
        + 'optimizer = { name = "sgd", lr = 0.1 }\n'
        + f'[[expect]]\nmetric = "loss"\nbetween = [0, 1]\narm = "{"x" * 90_000}"',
        "expect number 1 speaks of arm 'xxx",
    ),
    "a date": (
        HEAD.replace('"t"', "1979-05-27"),
        "title: found datetime.date(1979, 5, 27); input should be a valid string",
    ),
    "an escape sequence in a title": (
        HEAD.replace('"t"', '"\\u001b]0;owned\\u0007"'),
        "line 2: title: holds the character U+001B; wanted printable text",
    ),
    "a question of two lines": (
        HEAD.replace('"q"', '"""one\ntwo"""'),
        "line 3: question: holds more than one line",
    ),
    "an escape sequence in an arm's name": (
        HEAD + '[arms."\\u009b2J"]',
        "arms: a key holds the character U+009B",
    ),
    "an escape sequence in notes": (
        HEAD + 'notes = "a\\nb\\u001b[2J"',
        "line 4: notes: holds the character U+001B",
    ),
    "a text that turns the reading direction": (
        HEAD + '[[expect]]\nbecause = "\\u202egnp.exe"',
        "line 5: expect.1.because: holds the character U+202E",
    ),
    "a header that never ends": ("[arms." + " " * ROOM, "is not valid TOML"),
    "10,000 problems": (
        HEAD + "".join(f"[[expect]]\nx={i}\n" for i in range(900)),
        "there is more: mend these first",
    ),
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What is said of each file, by a process that may not take much memory."""
    folder = tmp_path_factory.mktemp("strangers")
    for name, (content, _) in FILES.items():
        data = content if isinstance(content, bytes) else content.encode()
        (folder / f"{name}.toml").write_bytes(data)
    code = """
import json, resource, sys
from pathlib import Path
from tuilab.scenario.errors import ScenarioError
from tuilab.scenario.load import load
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
said = {}
for path in Path(sys.argv[1]).glob("*.toml"):
    try:
        load(path)
    except ScenarioError as error:
        said[path.stem] = str(error)
print(json.dumps(said))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, str] = json.loads(done.stdout)
    return said


@pytest.mark.parametrize("name", FILES)
def test_a_file_gets_a_sentence(told: dict[str, str], name: str) -> None:
    assert FILES[name][1] in told[name]
    assert len(told[name]) < 25_000
    assert all(line.startswith("/") for line in told[name].split("\n")), "a sentence begins with the file"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (os.mkfifo, "is a pipe or a device"),
        (lambda path: path.symlink_to("/dev/zero"), "is a pipe or a device"),
        (lambda path: path.symlink_to(path), "can't be read"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: path.symlink_to("nowhere"), "there is no such file"),
    ],
    ids=["pipe", "device", "link to itself", "folder", "link to nothing"],
)
def test_what_is_no_file(make: Any, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path / "x.toml")
    with pytest.raises(ScenarioError, match=said):
        load(tmp_path / "x.toml")
    monkeypatch.chdir(tmp_path)
    assert "deep-tanh-init" in {entry.name for entry in catalogue.entries()}, "it hides no other"


def test_a_broken_file_is_listed_with_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "late.toml").write_text(HEAD + f'chapter = "{"9" * 5_000}"')
    (tmp_path / "loud.toml").write_text(HEAD.replace('"t"', '"\\u001b[2J"'))
    monkeypatch.setenv("TUILAB_SCENARIOS", str(tmp_path))
    listed = {entry.name: entry for entry in catalogue.entries()}
    assert listed["late"].error is None
    assert "U+001B" in str(listed["loud"].error)


def test_notes_have_lines_and_tabs(tmp_path: Path) -> None:
    text = catalogue.find("saddle").read_text()
    (tmp_path / "x.toml").write_text(text.replace('notes = """', 'notes = """\none\n\ttwo\n'), "utf-8-sig")
    assert load(tmp_path / "x.toml").notes.startswith("one\n\ttwo\n")


def places(value: Any, above: tuple[str, ...] = ()) -> Iterator[str]:
    if above:
        yield ".".join(f'"{key}"' for key in above)
    if isinstance(value, dict):
        for key, below in value.items():
            yield from places(below, (*above, key))


SHIPPED = {
    name: list(places(tomllib.loads(catalogue.find(name).read_text())))
    for name in ("deep-tanh-init", "saddle", "cifar10", "activation-curves", "one-step", "whitening-filters")
}
VALUES = st.one_of(
    st.integers().map(str),
    st.floats().map(lambda number: repr(number).replace("e", "E") if number == number else "nan"),
    st.sampled_from(
        ["[]", "{}", "true", '""', "[[]]", "{name=1}", '{name=""}', "1979-05-27", "0x" + "f" * 99]
    ),
    st.sampled_from(["[1, 2]", "[-1e308, 1e308]", '["*"]', '[{type="curves"}]', "9" * 5_000, "[" * 5_000]),
    st.text(),
    st.text().map(json.dumps),
)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_an_override_gives_a_scenario_or_a_sentence(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(SHIPPED)))
    keys = st.one_of(st.sampled_from(SHIPPED[name]), st.text(min_size=1), st.just("a." * 40_000 + "b"))
    overrides = data.draw(st.lists(st.builds("{}={}".format, keys, VALUES), min_size=1, max_size=2))
    said = ["a scenario"]
    try:
        load(name, overrides)
    except ScenarioError as error:
        said = str(error).split("\n")
    assert all(0 < len(line) < 2_000 for line in said)
