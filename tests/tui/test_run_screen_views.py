"""The run screen's panels, pages, sizes and texts."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab import NARROW, WIDE, lab, text_of
from race import Recorder, until
from textual.widgets import OptionList

from tuilab.recording import NewerVersionError, Writer
from tuilab.runs import create
from tuilab.tui.app import LabApp
from tuilab.tui.screens.run import RunScreen
from tuilab.tui.screens.small import SmallScreen
from tuilab.tui.source import Source
from tuilab.tui.widgets.grid import PanelGrid
from tuilab.tui.widgets.panel import PanelWidget
from tuilab.tui.widgets.transport import Transport


async def test_one_panel_alone_and_back(finished: Path) -> None:
    async with lab(finished) as opened:
        await opened.press("tab", "tab", "z")
        await until(lambda: opened.shown == [1], "the second panel alone")
        await opened.press("right_square_bracket")
        await until(lambda: opened.shown == [2], "the third panel alone")
        await opened.press("escape")
        await until(lambda: opened.shown == [0, 1, 2], "all panels")


async def test_a_double_click_zooms(finished: Path) -> None:
    async with lab(finished) as opened:
        await opened.pilot.click("#panel-1", times=2)
        await until(lambda: opened.shown == [1], "the panel that was clicked")


async def test_a_click_on_the_track_seeks(finished: Path) -> None:
    async with lab(finished) as opened:
        start, width = opened.screen.query_one(Transport)._track
        await opened.pilot.click("#transport", offset=(start + round(0.25 * (width - 1)), 0))
        await until(lambda: 23 <= opened.screen.snapshot.step <= 27, "a quarter of the way")


async def test_hiding_an_arm_takes_it_off_the_panels(finished: Path) -> None:
    async with lab(finished) as opened:
        values = opened.screen.query_one("#panel-2", PanelWidget)
        assert "fast" in values.picture.text()  # type: ignore[union-attr]
        await opened.press("a", "down", "enter")
        await until(lambda: opened.screen.snapshot.wanted.look.hidden == {"fast"}, "fast hidden")
        await until(lambda: "fast" not in values.picture.text(), "values without fast")  # type: ignore[union-attr]
        assert isinstance(opened.screen.app.focused, OptionList)
        await opened.press("space", "escape")
        await until(lambda: "fast" in values.picture.text(), "fast again")  # type: ignore[union-attr]


async def test_axes_turn_logarithmic_and_back(finished: Path) -> None:
    async with lab(finished) as opened:
        for text in ("log axes", "linear axes"):
            await opened.press("l")
            await opened.sees(text)
        await opened.press("l")
        await until(lambda: "axes" not in opened.text(), "the panels' own axes")


async def test_a_small_screen_has_pages_and_events_of_their_own(finished: Path) -> None:
    async with lab(finished, NARROW) as opened:
        assert opened.shown == [0, 1, 2]
        assert "converged" not in opened.text()
        await opened.press("e")
        await opened.sees("converged")
        await opened.press("escape")
        await opened.sees("where each arm stands")


async def test_more_panels_than_fit_are_on_pages(tmp_path: Path) -> None:
    panels = [{"type": "curves", "title": f"panel {n}", "series": ["*/loss"]} for n in range(6)]
    recorder = Recorder(tmp_path / "race.tlr", steps=9, panels=panels)
    recorder.record(10)
    recorder.finish()
    async with lab(tmp_path / "race.tlr", NARROW) as opened:
        assert opened.shown == [0, 1, 2, 3]
        await opened.sees("page 1/2")
        await opened.sees("[] pages")
        await opened.press("right_square_bracket")
        await opened.sees("panel 5")
        assert opened.shown == [4, 5]
        await opened.press("right_square_bracket")
        await opened.sees("panel 3")


async def test_a_long_description_gets_the_lines_it_needs(tmp_path: Path) -> None:
    panels = [{"type": "curves", "title": "a title that goes on " * 16, "series": ["*/loss"]}]
    recorder = Recorder(tmp_path / "race.tlr", steps=9, panels=panels)
    recorder.record(10)
    recorder.finish()
    async with lab(tmp_path / "race.tlr", NARROW) as opened:
        await opened.press("d")
        await opened.sees("fast 0.407 (falling).")


async def test_resizing_keeps_moment_zoom_and_page(finished: Path) -> None:
    async with lab(finished) as opened:
        await opened.press("left", "tab", "tab", "z")
        await opened.at(99)
        for width, height in ((80, 24), (20, 5), (79, 24), (1, 1), (200, 60)):
            await opened.pilot.resize_terminal(width, height)
            small = width < 80 or height < 24
            await until(
                lambda small=small: isinstance(opened.screen.app.screen, SmallScreen) == small,
                f"{width}×{height}",
            )
        await until(lambda: opened.shown == [1], "the same panel alone")
        panel = opened.screen.query_one("#panel-1", PanelWidget)
        await until(lambda: panel.picture.width == panel.picture_size[0] > 100, "a larger picture")  # type: ignore[union-attr]
        assert opened.screen.snapshot.step == 99
        assert opened.screen.query_one(PanelGrid).zoomed == 1


async def test_a_small_terminal_says_what_it_has_and_needs(finished: Path) -> None:
    app = LabApp(RunScreen(Source(finished), live=True))
    async with app.run_test(size=(60, 20)) as pilot:
        await until(lambda: isinstance(app.screen, SmallScreen), "the small screen")
        await pilot.pause()
        assert "60×20" in text_of(app)
        assert "80×24" in text_of(app)


async def test_keys_are_explained(finished: Path) -> None:
    async with lab(finished, NARROW) as opened:
        await opened.press("question_mark")
        await opened.sees("go to a step")
        await opened.press("question_mark")
        await opened.sees("100 / 100")


async def test_the_palette_knows_the_screens_commands(finished: Path) -> None:
    async with lab(finished) as opened:
        await opened.press("home")
        await opened.at(0)
        await opened.press("ctrl+p", *"jump", "enter")
        await opened.at(100)


async def test_a_picture_is_saved_in_the_working_folder(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with lab(finished) as opened:
        opened.screen.app.action_save_picture()  # type: ignore[attr-defined]
        (picture,) = tmp_path.glob("*.svg")
        assert "Two" in picture.read_text()


async def test_what_can_not_be_read_closes_the_lab_with_the_reason(newer: Path) -> None:
    app = LabApp(RunScreen(Source(newer), live=False))
    async with app.run_test(size=WIDE):
        await until(lambda: app.error, "the lab to close")
    assert isinstance(app.error, NewerVersionError)
    assert app.return_code == 2


async def test_texts_from_strangers_are_shown_and_not_obeyed(tmp_path: Path) -> None:
    evil = "[/bold] [red]x\x1b[2J\n日本"
    writer = Writer.create(
        tmp_path / "evil.tlr",
        {
            "scenario": {"title": evil, "pace": "fast", "expect": [{"arm": evil}, evil, 5]},
            "arms": [evil, 3, "fine"],
            "steps": "many",
            "panels": [{"type": "curves", "title": evil, "series": ["*"]}, evil, {"type": evil}],
        },
    )
    writer.table([f"{evil}/loss", "fine/loss"]).append(0, [1.0, 2.0])
    writer.event(0, evil, evil, message=evil)
    writer.event(0, "failed", None, message=evil)
    writer.event(0, "set", None, key=evil, value=evil, was=evil)
    writer.close()
    async with lab(tmp_path / "evil.tlr") as opened:
        await opened.sees("[/bold] [red]x")
        await opened.sees("failed: [/bold]")
        picture = opened.pilot.app.export_screenshot()
        assert {char for char in picture if not char.isprintable()} == {"\n"}
        await opened.press("a", "enter")
        await until(lambda: opened.screen.snapshot.wanted.look.hidden == {evil}, "the arm hidden")


async def test_an_engine_that_died_is_quoted_in_full(tmp_path: Path) -> None:
    run = create(tmp_path, "race", {"title": "Two arms race"}, {})
    run.log.write_text("no room [/on] the left\n")
    app = LabApp(RunScreen(Source(run), live=True))
    async with app.run_test(size=NARROW):
        await until(lambda: "died: no room [/on] the left" in text_of(app), "the log's last words")
