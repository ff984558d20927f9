"""How a run is looked at: which steps, which values, which arm, which series."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from lab import lab
from race import until

from tuilab.runs import State
from tuilab.tui.machine import gpus
from tuilab.tui.snapshot import Snapshot, Wanted
from tuilab.tui.vitals import vitals
from tuilab.tui.widgets.grid import heights
from tuilab.tui.widgets.panel import PanelWidget
from tuilab.tui.widgets.side import allot


async def test_values_are_read_at_a_step_and_what_came_after_stays(finished: Path) -> None:
    async with lab(finished) as opened:
        panel = opened.screen.query_one("#panel-0", PanelWidget)
        await opened.press("c")
        await opened.sees("values at 50")
        # exp(-50 / 50), of an arm whose line still reaches step 100
        await until(lambda: "slow 0.368" in panel.picture.text(), "the value there")  # type: ignore[union-attr]
        before = opened.screen.snapshot.step
        await opened.press("left")
        await opened.sees("values at 49")
        assert opened.screen.snapshot.step == before == 100
        await opened.press("escape")
        await until(lambda: "values at" not in opened.text(), "the moment again")


async def test_a_click_reads_and_the_wheel_zooms_around_it(finished: Path) -> None:
    async with lab(finished) as opened:
        await opened.pilot.click("#panel-0", offset=(9, 3))
        await until(lambda: opened.screen.look.mark is not None, "a reading")
        assert opened.screen.look.mark is not None
        assert opened.screen.look.mark <= 3, "the first cells of the canvas are the first steps"
        await opened.press("up", "up")
        await until(lambda: opened.screen.look.window is not None, "a window")
        first, last = opened.screen.look.window or (0, 0)
        assert last - first == 25, "a quarter of them"
        assert first <= opened.screen.look.mark <= last
        await opened.sees(f"steps {first}–{last}")
        await opened.press("escape", "escape")
        await until(lambda: opened.screen.look.window is None, "all steps")


async def test_a_double_click_leaves_no_reading(finished: Path) -> None:
    async with lab(finished) as opened:
        await opened.pilot.click("#panel-0", times=2)
        await until(lambda: opened.shown == [0], "the panel alone")
        await until(lambda: opened.screen.look.mark is None and opened.screen.pointed is None, "no reading")
        assert "values at" not in opened.text()


async def test_one_arm_in_its_colour(finished: Path) -> None:
    async with lab(finished) as opened:
        panel = opened.screen.query_one("#panel-0", PanelWidget)
        await opened.press("o", "o")
        await opened.sees("focus: fast")
        assert "slow" not in panel.picture.text().split("\n")[0]  # type: ignore[union-attr]
        await opened.press("o")
        await until(lambda: opened.screen.look.focus is None, "all arms")


async def test_any_series_has_a_panel_when_asked(finished: Path) -> None:
    async with lab(finished) as opened:
        await opened.press("slash", *"fast/di")
        await opened.sees("fast/distance")
        await opened.press("enter")
        await opened.sees("*fast/di*")
        assert len(opened.screen.query(PanelWidget)) == 4
        await opened.press("slash", *"nonsense", "enter")
        await opened.sees("no series matches")
        await opened.press("escape", "escape")
        await until(lambda: len(opened.screen.query(PanelWidget)) == 3, "the declared panels")


async def test_the_machine_is_told(finished: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = tmp_path / "nvidia-smi"
    fake.write_text("#!/bin/sh\necho 'NVIDIA H100, 37, 1024, 81559'\necho 'odd, [N/A], 5, x'\necho broken\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    found = gpus()
    assert (found[0].name, found[0].busy, found[0].used, found[0].total) == ("NVIDIA H100", 37, 1024, 81559)
    assert (found[1].busy, found[1].used, found[1].total) == (None, 5, None)
    assert len(found) == 2
    async with lab(finished) as opened:
        await opened.press("i")
        await opened.sees("NVIDIA H100, 37 %, 1.1 GB of 85.5 GB")
        await opened.sees("none at work")


def test_the_vital_signs() -> None:
    header = {"scenario": {"epochs": 8}, "steps": 800, "device": "cpu", "threads": 2}
    running = Snapshot(Wanted(), State.RUNNING, header=header, last=200, step=200, lr=0.07341)
    assert vitals(running, 4.71) == ["epoch 2.0/8", "4.71 steps/s", "2 min left", "lr 0.0734", "cpu ×2"]
    finished = Snapshot(Wanted(), State.FINISHED, header=header, last=800, step=400)
    assert vitals(finished, None) == ["epoch 4.0/8", "cpu ×2"]
    assert vitals(Snapshot(Wanted()), None) == []


def test_rows_go_to_what_can_use_them() -> None:
    assert heights(2, 30, [None, None], first=True) == [15, 15]
    assert (
        heights(3, 36, [None, None, 6], first=True) == [18, 12, 6]
        or sum(heights(3, 36, [None, None, 6], True)) == 36
    )
    assert heights(3, 36, [None, None, 6], first=True)[2] == 6
    assert heights(3, 36, [None, None, None], first=True)[0] > 12
    assert sum(heights(4, 37, [None] * 4, first=True)) == 37
    assert heights(1, 20, [5], first=True) == [20], "alone it has it all"


def test_boxes_share_their_rows_by_what_they_need() -> None:
    assert allot([3, 4, 5], 30) == [3, 4, 5]
    assert sum(allot([50, 4, 50], 30)) == 30
    assert allot([50, 4, 50], 30)[1] == 4, "what fits is whole"
    assert min(allot([50, 50, 50, 50], 20)) >= 3
