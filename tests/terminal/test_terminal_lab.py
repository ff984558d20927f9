"""The lab in a real pseudo-terminal, from the library to a live run and a replay."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from pseudo_terminal import Terminal

from tuilab.recording import Writer
from tuilab.runs import listing

LEFT, HOME, END = "\x1b[D", "\x1b[H", "\x1b[F"


@pytest.mark.parametrize(
    ("size", "environment"),
    [((120, 40), {}), ((80, 24), {"TERM": "screen-256color"}), ((120, 40), {"NO_COLOR": "1"})],
    ids=["wide", "small", "without colour"],
)
def test_pick_watch_pause_replay_quit(
    place: Path, size: tuple[int, int], environment: dict[str, str]
) -> None:
    with Terminal(size=size, **environment) as lab:
        lab.sees("scenarios", "deep-tanh-init", "Seven tanh layers")
        lab.press("\r")
        lab.sees("● small", "▲ xavier", "LIVE", "layer 1", "⣀")
        lab.press(" ")
        lab.sees("‖ paused", "resume the engine")
        lab.press("e" if size[0] < 110 else "")
        lab.sees("started", "paused")
        lab.press(".")
        lab.sees("stepped")
        lab.press(" ")
        lab.sees("resumed", "▶ running")
        lab.press("q")
        assert lab.leaves() == 0
        if "NO_COLOR" in environment:
            styles = {
                part for style in re.findall(rb"\x1b\[([\d;]*)m", lab.output) for part in style.split(b";")
            }
            assert styles <= {b"", b"0", b"1", b"2", b"3", b"4", b"7"}
        else:
            assert b"38;5;208" in lab.output  # the second arm's colour
    (run,) = listing(place / "runs")
    assert run.state().alive, "the engine ended with the lab"
    run.send("stop")

    with Terminal("replay", run.name, "--speed", "0.1", "--from", "5", size=size, **environment) as lab:
        lab.sees("● small", "⣀", "0.1x")
        lab.press(" g3\r")
        lab.sees(" 3 / ")
        lab.press(LEFT)
        lab.sees(" 2 / ")
        lab.press(HOME)
        lab.sees(" 0 / ")
        lab.press("q")
        assert lab.leaves() == 0


@pytest.fixture
def diverged(place: Path) -> Path:
    """A run whose losses became NaN and infinite."""
    header = {
        "scenario": {"title": "To infinity"},
        "arms": ["up", "down", "gone"],
        "steps": 60,
        "panels": [
            {"type": "curves", "title": "loss", "series": ["*/loss"]},
            {"type": "curves", "title": "loss again", "series": ["*/loss"], "scale": "log"},
            {"type": "values", "title": "now", "series": ["*/loss"]},
        ],
    }
    writer = Writer.create(place / "diverged.tlr", header)
    table = writer.table(["up/loss", "down/loss", "gone/loss"])
    for step in range(61):
        broken = step >= 30
        row = [math.inf, -math.inf, math.nan] if broken else [2.0**step, -step, 1 / (1 + step)]
        table.append(step, row)
    writer.event(30, "diverged", "up")
    writer.event(60, "finished")
    writer.close()
    return place / "diverged.tlr"


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
def test_a_run_that_became_nan_and_infinite(diverged: Path, size: tuple[int, int]) -> None:
    with Terminal("watch", str(diverged), size=size) as lab:
        lab.sees("To infinity", "60 / 60", " NaN", " Inf", "-Inf")
        lab.press("l")
        lab.sees("log axes")
        lab.press("g10\r")
        lab.sees("10 / 60", " 1020 ", " -10.0 ", " 0.0909 ")
        lab.press(END)
        lab.sees("60 / 60")
        lab.press("q")
        assert lab.leaves() == 0


def test_a_terminal_that_is_too_small_says_so_until_it_is_larger(diverged: Path) -> None:
    with Terminal("watch", str(diverged), size=(20, 5)) as lab:
        lab.sees("20×5", "80×24")
        lab.resize(100, 30)
        lab.sees("To infinity", "60 / 60")
        lab.resize(79, 30)
        lab.sees("79×30")
        lab.press("q")
        assert lab.leaves() == 0


@pytest.mark.parametrize("environment", [{"TUILAB_GLYPHS": "ascii"}, {"TERM": "dumb"}])
def test_an_ascii_terminal_gets_nothing_but_ascii(diverged: Path, environment: dict[str, str]) -> None:
    with Terminal("watch", str(diverged), size=(80, 24), **environment) as lab:
        lab.sees("To infinity", "60 / 60", "o up")
        lab.press("q")
        assert lab.leaves() == 0
        assert lab.output.isascii()


def test_a_recording_of_a_newer_version_is_a_sentence_and_exit_code_2(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as future:
        future.setattr("tuilab.recording.format.VERSION", 7)
        Writer.create(place / "newer.tlr", {"arms": []}).flush()
    with Terminal("replay", str(place / "newer.tlr")) as lab:
        assert lab.leaves() == 2
        assert "recording format 7" in lab.text.replace("\n", "")


def test_a_lost_connection_ends_the_viewer_and_not_the_engine(place: Path) -> None:
    with Terminal() as lab:
        lab.sees("deep-tanh-init", "Seven tanh layers")
        lab.press("\r")
        lab.sees("LIVE", "▶ running", "⣀")
        lab.hang_up()
    (run,) = listing(place / "runs")
    assert run.state() == "running"
    run.send("stop")


def test_a_runs_folder_that_can_not_be_written_is_a_sentence(place: Path) -> None:
    (place / "runs").write_text("a file")
    with Terminal() as lab:
        lab.sees("deep-tanh-init", "Seven tanh layers")
        lab.press("\r")
        lab.sees("can't write runs there")
        lab.press("q")
        assert lab.leaves() == 0
