"""The run screen, driven by keys and the mouse."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from race import Recorder, until
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import OptionList

from tuilab.recording import NewerVersionError, Writer
from tuilab.runs import Run, create
from tuilab.tui.app import LabApp
from tuilab.tui.screens.run import RunScreen
from tuilab.tui.screens.small import SmallScreen
from tuilab.tui.source import Source
from tuilab.tui.widgets.grid import PanelGrid
from tuilab.tui.widgets.panel import PanelWidget
from tuilab.tui.widgets.transport import Transport

WIDE, NARROW = (120, 40), (80, 24)


def text_of(app: App[None]) -> str:
    """All that is on the terminal."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


class Lab:
    """A run screen and what a person sees of it."""

    def __init__(self, pilot: Pilot[None], screen: RunScreen) -> None:
        self.pilot = pilot
        self.screen = screen

    def text(self) -> str:
        return text_of(self.pilot.app)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def sees(self, text: str) -> None:
        """Wait for a text, wherever its lines are broken."""
        await until(
            lambda: text in self.text() or text in " ".join(self.text().split()),
            f"{text!r} in\n{self.text()}",
        )

    async def at(self, step: int) -> None:
        """All panels show this step."""
        await until(lambda: self.screen.snapshot.step == step, f"step {step}")
        await until(lambda: self.screen.snapshot.wanted.sizes, "pictures")

    @property
    def shown(self) -> list[int]:
        return [panel.index for panel in self.screen.query(PanelWidget) if panel.display]


@asynccontextmanager
async def lab(
    place: Path | Run, size: tuple[int, int] = WIDE, live: bool = True, **view: float
) -> AsyncIterator[Lab]:
    screen = RunScreen(Source(place), live=live, **view)  # type: ignore[arg-type]
    app = LabApp(screen)
    async with app.run_test(size=size) as pilot:
        opened = Lab(pilot, screen)
        await until(
            lambda: all(p.picture for p in screen.query(PanelWidget) if p.display) and opened.shown, "panels"
        )
        yield opened


async def test_a_finished_run_opens_at_its_end_with_everything_in_view(finished: Path) -> None:
    async with lab(finished) as opened:
        await opened.sees("Two arms race")
        for text in (
            "● slow",
            "■ fast",
            "✓ finished",
            "loss",
            "distance",
            "100 / 100",
            "expectations 1/2",
            "converged",
        ):
            await opened.sees(text)
        assert opened.shown == [0, 1, 2]


async def test_keys_move_the_moment_and_all_panels_with_it(finished: Path) -> None:
    async with lab(finished) as opened:
        await opened.press("left")
        await opened.at(99)
        await opened.press("shift+left")
        await opened.at(89)
        await opened.press("ctrl+left", "right")
        await opened.at(80)
        await opened.press("home")
        await opened.at(0)
        await opened.sees("… 2 later")
        await opened.press("end")
        await opened.at(100)


async def test_going_to_a_step(finished: Path) -> None:
    async with lab(finished) as opened:
        await opened.press("g", "x", "enter")
        await opened.sees("is no step")
        await opened.press("backspace", "4", "2", "enter")
        await opened.at(42)
        assert opened.screen.app.screen is opened.screen


async def test_a_replay_plays_at_the_scenarios_pace_and_stops_at_the_end(finished: Path) -> None:
    # 20 steps a second: at 100x the hundred steps take a twentieth of a second.
    async with lab(finished, live=False, speed=100) as opened:
        await opened.at(100)
        await until(lambda: not opened.screen.player.playing, "the end")
        await opened.press("minus")
        await opened.sees("50x")


async def test_a_replay_starts_where_it_was_asked_to(finished: Path) -> None:
    async with lab(finished, live=False, start=60, speed=0.1) as opened:
        await opened.press("space")
        step = opened.screen.player.step
        assert 60 <= step < 100
        await opened.at(step)


async def test_a_live_run_is_followed_and_left_and_joined_again(live: tuple[Run, Recorder]) -> None:
    run, recorder = live
    async with lab(run) as opened:
        await opened.sees("● LIVE")
        await opened.sees("pause the engine")
        recorder.record(10)
        await opened.at(40)
        await opened.press("left")
        await opened.at(39)
        await opened.sees("○ live")
        recorder.record(10)
        await until(lambda: opened.screen.snapshot.last == 50, "news of the live end")
        assert opened.screen.snapshot.step == 39
        await opened.press("end")
        await opened.at(50)
        recorder.finish()
        await opened.sees("✓ finished")


async def test_space_and_dot_are_for_the_engine_while_live(live: tuple[Run, Recorder]) -> None:
    run, recorder = live
    asked = run.path / "control"
    async with lab(run) as opened:
        await opened.press("full_stop")
        await opened.sees("space pauses it")
        await opened.press("space")
        await until(lambda: asked.read_text() == "pause\n", "the wish to pause")
        recorder.writer.event(recorder.step, "paused")
        recorder.writer.flush()
        await opened.sees("‖ paused")
        await opened.sees("resume the engine")
        await opened.press("full_stop", "space")
        await until(lambda: asked.read_text() == "pause\nstep\nresume\n", "step and resume")
        await opened.press("home", "space", "space")
        assert asked.read_text() == "pause\nstep\nresume\n"


async def test_the_speed_keys_are_for_the_engine_while_live(live: tuple[Run, Recorder]) -> None:
    run, recorder = live
    asked = run.path / "control"
    async with lab(run) as opened:
        recorder.writer.event(recorder.step, "pace", steps_per_second=20.0)
        recorder.writer.flush()
        await opened.sees("pace 20 steps/s")
        await opened.press("greater_than_sign")
        await opened.sees("the engine is asked for 50 steps a second")
        await opened.press("greater_than_sign", "minus", "minus")
        assert asked.read_text() == "pace 50\npace 100\npace 50\npace 20\n"
        await opened.press("left", "plus")
        await opened.sees("2x")
        assert asked.read_text().count("\n") == 4


async def test_from_event_to_event(finished: Path) -> None:
    async with lab(finished) as opened:
        await opened.press("p")
        await opened.at(40)
        await opened.press("p", "p")
        await opened.sees("no event before step 0")
        await opened.press("n")
        await opened.at(40)
        await opened.press("n")
        await opened.at(100)


async def test_a_click_on_an_event_goes_to_it(finished: Path) -> None:
    async with lab(finished) as opened:
        await opened.sees("converged")
        line = next(y for y, row in enumerate(opened.text().split("\n")) if "converged" in row)
        row = opened.text().split("\n")[line]
        await opened.pilot.click(offset=(row.index("converged") + 2, line))
        await opened.at(40)


async def test_a_panel_in_words(finished: Path) -> None:
    async with lab(finished) as opened:
        await opened.press("d")
        await opened.sees("loss at step 100: slow 0.135 (falling), fast 4.54e-5 (falling).")
        await opened.press("tab", "tab", "d")
        await opened.sees("distance at step 100: slow")
        await opened.press("z", "right_square_bracket", "d")
        await opened.sees("where each arm stands at step 100: slow loss 0.135")
        await opened.press("left")
        await until(lambda: "slow loss" not in opened.text(), "the keys again")


async def test_an_engine_that_can_not_be_asked_is_a_sentence(live: tuple[Run, Recorder]) -> None:
    run, _ = live
    (run.path / "control").mkdir()
    async with lab(run) as opened:
        await opened.press("space")
        await opened.sees("engine: Is a directory")


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
        await until(lambda: opened.screen.snapshot.wanted.hidden == {"fast"}, "fast hidden")
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
        await opened.press("a", "enter")
        await until(lambda: opened.screen.snapshot.wanted.hidden == {evil}, "the arm hidden")


async def test_an_engine_that_died_is_quoted_in_full(tmp_path: Path) -> None:
    run = create(tmp_path, "race", {"title": "Two arms race"}, {})
    (run.path / "engine.json").write_text("{}")
    os.utime(run.path / "engine.json", (1, 1))  # its last sign of life
    run.log.write_text("no room [/on] the left\n")
    app = LabApp(RunScreen(Source(run), live=True))
    async with app.run_test(size=NARROW):
        await until(lambda: "died: no room [/on] the left" in text_of(app), "the log's last words")
