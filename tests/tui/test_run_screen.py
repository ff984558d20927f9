"""The run screen's moments: keys, the mouse and a live engine."""

from __future__ import annotations

from pathlib import Path

from lab import lab
from race import Recorder, asked, until

from tuilab.runs import Run


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
    async with lab(run) as opened:
        await opened.press("full_stop")
        await opened.sees("space pauses it")
        await opened.press("space")
        await until(lambda: asked(run) == [{"do": "pause"}], "the wish to pause")
        recorder.writer.event(recorder.step, "paused")
        recorder.writer.flush()
        await opened.sees("‖ paused")
        await opened.sees("resume the engine")
        await opened.press("full_stop", "space")
        wishes = [{"do": "pause"}, {"do": "step"}, {"do": "resume"}]
        await until(lambda: asked(run) == wishes, "step and resume")
        await opened.press("home", "space", "space")
        assert asked(run) == wishes


async def test_the_speed_keys_are_for_the_engine_while_live(live: tuple[Run, Recorder]) -> None:
    run, recorder = live
    async with lab(run) as opened:
        recorder.writer.event(recorder.step, "pace", steps_per_second=20.0)
        recorder.writer.flush()
        await opened.sees("pace 20 steps/s")
        await opened.press("greater_than_sign")
        await opened.sees("the engine is asked for 50 steps a second")
        await opened.press("greater_than_sign", "minus", "minus")
        assert asked(run) == [{"do": "pace", "value": value} for value in (50, 100, 50, 20)]
        await opened.press("left", "plus")
        await opened.sees("2x")
        assert len(asked(run)) == 4


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
    (run.path / "control").unlink()
    (run.path / "control").mkdir()
    async with lab(run) as opened:
        await opened.press("space")
        await opened.sees("engine: Is a directory")
