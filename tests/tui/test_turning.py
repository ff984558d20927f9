"""Numbers turned while a run goes on, and forks, from the keyboard."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from lab import NARROW, WIDE, lab
from race import Recorder, asked, until

from tuilab.runs import Run
from tuilab.tui.screens.run import RunScreen
from tuilab.tui.source import Source

TUNABLES = {"slow/optimizer.lr": 0.01, "slow/optimizer.momentum": 0.9, "fast/optimizer.lr": 0.5}


@pytest.fixture
def turnable(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> tuple[Run, Recorder]:
    import race

    plain = race.header
    monkeypatch.setattr(race, "header", lambda *given: plain(*given) | {"tunables": TUNABLES})
    found: tuple[Run, Recorder] = request.getfixturevalue("live")
    return found


def turned(recorder: Recorder, key: str, value: float, was: float) -> None:
    recorder.writer.event(recorder.step, "set", key=key, value=value, was=was)
    recorder.writer.flush()


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_numbers_are_turned_by_arrows_and_digits_after_a_checkpoint(
    turnable: tuple[Run, Recorder], size: tuple[int, int]
) -> None:
    run, recorder = turnable
    async with lab(run, size) as opened:
        await opened.sees("● LIVE")
        await opened.press("t")
        await opened.sees("turn while it runs")
        await opened.press("right")
        first = {"do": "set", "key": "slow/optimizer.lr", "value": 0.02}
        await until(lambda: asked(run) == [{"do": "checkpoint"}, first], "a checkpoint, and twice as much")
        turned(recorder, "slow/optimizer.lr", 0.02, 0.01)
        await opened.sees("began at 0.01")
        await opened.press("down", *"0.5x", "enter")
        await until(
            lambda: asked(run)[2:] == [first | {"key": "slow/optimizer.momentum", "value": 0.5}], "the number"
        )
        await opened.press("up", "up", "shift+left", "1", "minus", "enter")
        await opened.sees("'1-' is no number")
        assert asked(run)[3:] == [first | {"key": "fast/optimizer.lr", "value": 0.05}]
        await opened.press("escape")
        await opened.sees("▲")  # where it was turned, below the curves
        await opened.press("left", "t")
        await opened.sees("only a live run can be turned")


async def test_a_fork_is_of_the_moment_that_is_seen_with_what_was_turned(
    turnable: tuple[Run, Recorder], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, recorder = turnable
    turned(recorder, "fast/optimizer.lr", 0.25, 0.5)
    recorder.record(10)
    forks: list[tuple[Run, int, dict[str, float]]] = []

    def fork(parent: Run, step: int, turned: Mapping[str, float]) -> Source:
        forks.append((parent, step, dict(turned)))
        if len(forks) == 1:
            raise ValueError("the disk is full")
        return Source(run)

    monkeypatch.setattr("tuilab.tui.launching.fork", fork)
    async with lab(run) as opened:
        await opened.at(40)
        await opened.press("shift+left", "f")
        await opened.sees("fork after step 30: with which numbers?")
        await opened.press("escape")
        await opened.press("shift+left", "f")
        await opened.sees("fork after step 20")
        await opened.press("down", "down", "right", "enter")
        await opened.sees("the disk is full")
        await opened.press("end", "f", "up", "2", "enter", "enter")
        app = opened.screen.app
        await until(lambda: isinstance(app.screen, RunScreen) and app.screen is not opened.screen, "the fork")
    assert forks == [(run, 20, {"fast/optimizer.lr": 1.0}), (run, 40, {"fast/optimizer.lr": 2.0})]


async def test_a_recording_alone_can_not_be_forked(finished: Path) -> None:
    async with lab(finished) as opened:
        await opened.press("f")
        await opened.sees("only a run of an engine can be forked")
