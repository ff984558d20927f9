"""However it ends, the terminal is as it was, and no process stays behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pseudo_terminal import Terminal

from tuilab.recording import Recording, Writer
from tuilab.runs import listing

LINE_WRAP = 7
"""A mode that is on by default."""
SHOWN = {25}
"""The modes of a terminal that nobody has touched: its cursor is seen."""

BOWL = """
kind = "descent"
title = "Bowl"
question = "How fast?"
steps = 1_000_000_000
surface = { name = "quadratic", condition_number = 10 }
[arms.sgd]
start = [2, 1]
optimizer = { name = "sgd", lr = 0.1 }
"""


@pytest.fixture
def recording(place: Path) -> Path:
    panels = [{"type": "curves", "title": "loss of a", "series": ["a/loss"]}]
    writer = Writer.create(place / "some.tlr", {"arms": ["a"], "panels": panels})
    table = writer.table(["a/loss"])
    for step in range(100):
        table.append(step, [1.0])
    writer.close()
    return place / "some.tlr"


@pytest.mark.parametrize(
    ("command", "number"),
    [
        ("", signal.SIGTERM),
        ("", signal.SIGHUP),
        ("", signal.SIGINT),
        ("watch", signal.SIGTERM),
        ("replay", signal.SIGHUP),
    ],
)
def test_a_signal_ends_the_lab_as_a_key_does(
    place: Path, recording: Path, command: str, number: signal.Signals
) -> None:
    words = [command, str(recording)] if command else []
    with Terminal(*words) as lab:
        before = lab.settings
        lab.sees("loss of a" if command else "deep-tanh-init")
        assert lab.settings != before
        assert lab.modes - {LINE_WRAP} > {1049, 1000, 1003, 2004}
        lab.signal(number)
        assert lab.leaves() == 128 + number
        assert lab.settings == before
        assert lab.modes - {LINE_WRAP} == SHOWN
        assert b"Traceback" not in lab.output


def test_a_signal_ends_the_lab_while_it_is_still_opening(place: Path) -> None:
    with Terminal() as lab:
        before = lab.settings
        lab.until(lambda: b"\x1b[?1049h" in lab.output, "the lab's own screen")
        lab.signal(signal.SIGTERM)
        assert lab.leaves() == 128 + signal.SIGTERM
        assert lab.settings == before
        assert lab.modes - {LINE_WRAP} == SHOWN
        assert b"Traceback" not in lab.output


@pytest.mark.parametrize(("command", "nohup"), [("", False), ("", True), ("watch", True)])
def test_without_its_terminal_the_lab_ends(place: Path, recording: Path, command: str, nohup: bool) -> None:
    with Terminal(*([command, str(recording)] if command else []), nohup=nohup) as lab:
        lab.sees("loss of a" if command else "deep-tanh-init")
        assert lab.hang_up() == 128 + signal.SIGHUP


@pytest.mark.parametrize("command", ["watch", "replay"])
def test_a_lab_without_a_terminal_does_not_open(recording: Path, command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tuilab", command, str(recording)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("the lab wants a terminal")
    assert len(done.stderr.splitlines()) == 1


@pytest.fixture
def bowl(place: Path) -> Path:
    (place / "bowl.toml").write_text(BOWL)
    return place


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_under_a_progress_bar_stops_the_run_and_shows_the_cursor(
    bowl: Path, number: signal.Signals
) -> None:
    with Terminal("run", "bowl", "--name", "cut", "--runs", str(bowl / "runs")) as shell:
        before = shell.settings
        shell.sees("/1000000000")
        assert shell.modes < SHOWN, "the bar hides the cursor"
        shell.signal(number)
        shell.sees("tuilab resume cut goes on with it")
        assert shell.leaves() == 130
        assert shell.settings == before
        assert shell.modes == SHOWN


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_before_the_engine_listens_shows_the_cursor(bowl: Path, number: signal.Signals) -> None:
    with Terminal("run", "bowl", "--runs", str(bowl / "runs")) as shell:
        shell.sees("starting")
        shell.signal(number)
        assert shell.leaves() == 128 + number
        assert shell.modes == SHOWN
        assert b"Traceback" not in shell.output


def test_a_run_under_nohup_comes_to_its_end_without_its_terminal(bowl: Path) -> None:
    with Terminal("run", "bowl", "--steps", "3000", "--runs", str(bowl / "runs"), nohup=True) as shell:
        shell.sees("/3000")
        shell.hang_up()
    (run,) = listing(bowl / "runs")
    assert run.state() == "finished"
    with Recording.open(run.recordings()) as recording:
        assert recording.last_step == 3000
