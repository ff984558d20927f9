"""Escape sequences from strangers do not reach a terminal, whatever command or screen shows them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pseudo_terminal import Terminal

from tuilab.recording import Writer
from tuilab.runs import Run, create

EVIL = "\x1b]0;owned\x07\x1b]52;c;cm0gLXJmIH4=\x07\x1b]8;;http://evil\x07\x1b[5;8m\x1b[2J\x9b31m\x7f\r\u202e[blink]"
"""Sets the title and the clipboard, links, hides, clears, turns the reading direction; and Rich's markup."""

EACH = """
import json, sys
from tuilab.cli import main
for words in json.loads(sys.argv[1]):
    sys.argv = ["tuilab", *words]
    print("$", json.dumps(words))
    try:
        main()
    except SystemExit as left:
        print("exit code", left.code)
"""
"""Runs one command after the other, in one process to save time."""

COMMANDS = [
    ["inspect", "some.tlr"],
    ["inspect", "some.tlr", "--json"],
    ["inspect", "some.tlr", "--series", "*"],
    ["inspect", "some.tlr", "--series", "*", "--json"],
    ["inspect", "some.tlr", "--series", EVIL],
    ["diagnose", "some.tlr"],
    ["diagnose", "some.tlr", "--json"],
    ["replay", "some.tlr", "--plain"],
    ["replay", "some.tlr", "--speed", EVIL],
    ["list"],
    ["list", "--json"],
    ["describe", "evil"],
    ["describe", f"{EVIL}.toml"],
    ["describe", EVIL],
    ["show", "metrics", EVIL],
    ["run", "evil"],
    ["run", "bowl", "-s", EVIL],
    ["run", "bowl", "-s", f"title={EVIL}"],
    ["run", "bowl", "--name", f"[blink]{EVIL}"],
    ["run", "bowl", "--device", EVIL],
    ["check", EVIL],
    ["new", f"{EVIL}2", "--from", EVIL],
    ["runs"],
    ["runs", "--json"],
    ["inspect", f"run{EVIL}"],
    ["inspect", f"run{EVIL}", "--json"],
    ["diagnose", f"run{EVIL}"],
    ["replay", f"run{EVIL}", "--plain"],
    ["import", "evil.csv"],
    ["import", f"{EVIL}.csv"],
    ["import", f"no{EVIL}.csv"],
    ["replay", "evil.csv", "--plain"],
    ["export", "some.tlr", "--to", "svg"],
    ["export", "some.tlr", "--to", "svg", "--panel", EVIL],
    ["export", "some.tlr", "--to", EVIL],
    ["export", f"run{EVIL}", "--to", "cast"],
    ["stop", f"run{EVIL}"],
    ["resume", f"run{EVIL}"],
    ["watch", f"absent{EVIL}"],
    ["data", "list"],
    ["data", "list", "--json"],
    ["data", "fetch", EVIL],
    ["data", "fetch", "cifar10", "--from", EVIL],
    [EVIL],
    ["run", f"--{EVIL}"],
]

BOWL = """
kind = "descent"
title = "Bowl"
question = "How fast?"
steps = 3
surface = { name = "quadratic", condition_number = 10 }
[arms.sgd]
start = [2, 1]
optimizer = { name = "sgd", lr = 0.1 }
"""


@pytest.fixture
def evil(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recording, a run, scenario files and data in which every text is full of escape sequences."""
    scenario = {
        "kind": "training",
        "title": EVIL,
        "question": EVIL,
        "notes": EVIL,
        "arms": {EVIL: {"network": {"name": EVIL}}},
        "expect": [
            {"arm": EVIL, "metric": EVIL, "between": [3, 4], "because": EVIL},
            {"arm": EVIL, "event": EVIL, "never": True},
        ],
        "predict": [{"ask": EVIL, "choices": [EVIL, f"2{EVIL}"], "answer": 0, "because": EVIL}],
    }
    header = {
        "scenario": scenario,
        "arms": [EVIL],
        "panels": [
            {"type": "curves", "title": EVIL, "series": ["*/loss*"]},
            {"type": "values", "title": EVIL, "series": ["*"]},
            {"type": EVIL, "title": EVIL},
        ],
        **dict.fromkeys(("host", "device", "threads", "torch", "tuilab", "created", "steps"), EVIL),
        "metrics": {f"loss{EVIL}": {"meaning": EVIL, "unit": EVIL}},
        "predicted": [1],
        EVIL: EVIL,
    }
    run = create(place / "runs", EVIL.replace("/", ""), scenario, {}, "run")
    # `create` takes no such name, but a stranger's folder may have it.
    run = Run(run.path.rename(run.path.with_name(f"run{EVIL}".replace("/", ""))))
    (run.path / "engine.log").write_text(EVIL)
    for path in (place / "some.tlr", run.path / "main.tlr"):
        writer = Writer.create(path, header)
        table = writer.table(
            [f"{EVIL.replace('/', '')}/{name}" for name in ("loss", f"loss{EVIL}", f"a/{EVIL}")]
        )
        table.append(0, [1.0, 2.0, float("nan")])
        for kind in (EVIL, "diverged", "failed", "set", "refused"):
            writer.event(0, kind, EVIL, **dict.fromkeys(("message", "key", "value", "why", EVIL), EVIL))
        writer.close()
    folder = place / "data" / EVIL.replace("/", "")
    for name in ("one", EVIL.replace("/", "")):
        (folder / name).mkdir(parents=True)
        (folder / name / "1.png").write_text(EVIL)
    (place / "bowl.toml").write_text(BOWL)
    (place / "evil.toml").write_text(BOWL.replace('"Bowl"', json.dumps(EVIL).replace("\\u007f", "\x7f")))
    (place / f"{EVIL.replace('/', '')}.toml").write_text(BOWL.replace("sgd", "bad"))
    for name in ("evil", EVIL.replace("/", "")):
        (place / f"{name}.csv").write_text(
            f'step,"a/loss","{EVIL}","text"\n0,1.0,2.0,"{EVIL}"\n1,x,"{EVIL}",3\n'
        )
    monkeypatch.setenv("TUILAB_DATA", str(place / "data"))
    return place


def test_no_command_hands_them_on(evil: Path) -> None:
    words = [[word.replace("/", "") for word in command] for command in COMMANDS]
    with Terminal(json.dumps(words), program=("-c", EACH), size=(200, 50)) as shell:
        shell.leaves()
    said = shell.output.decode()
    assert said.count("exit code") == len(COMMANDS)
    assert "Traceback" not in said
    codes = set(re.findall(r"exit code (\S+)", said))
    assert codes <= {"0", "1", "2"}
    # What is ours: colours, and the progress bar, which hides the cursor and goes up a line to be gone.
    ours = re.compile(r"\x1b\[(?:[0-9;]*m|\?25[lh]|1A|2K)")
    assert "\x1b[5;8m" not in said, "a colour of theirs"
    rest = ours.sub("", said).replace("\r", "")
    assert "owned" in rest
    assert {char for char in rest if not char.isprintable()} == {"\n"}
    assert shell.screen.title == ""
    drawn = (evil / "some.svg").read_text()
    assert {char for char in drawn if not char.isprintable()} <= {"\n"}
    for line in next(evil.glob("run*.cast")).read_text().splitlines():
        json.loads(line)


@pytest.mark.parametrize("words", [["watch", "some.tlr"], []], ids=["run", "library"])
def test_no_screen_hands_them_on(evil: Path, words: list[str]) -> None:
    with Terminal(*words) as lab:
        lab.sees("owned" if words else "deep-tanh-init")
        lab.press("eda" if words else "\t")
        lab.sees("arms shown" if words else "owned")
        lab.press("\x1b\x1b[B\x1b[B")
        lab.press("q")
        lab.leaves()
    said = lab.output.decode()
    for theirs in ("\x1b]0", "\x1b]52", "\x1b]8", "\x9b", "\x7f", "\u202e", "\x1b[5;8m"):
        assert theirs not in said
    assert "owned" not in lab.screen.title
