"""The library, driven by keys."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from lab import text_of
from race import Recorder, until
from textual.pilot import Pilot
from textual.widgets import OptionList

from tuilab.runs import Run, RunError, create
from tuilab.tui.app import LabApp
from tuilab.tui.screens.library import LibraryScreen
from tuilab.tui.screens.run import RunScreen
from tuilab.tui.source import Source
from tuilab.tui.widgets.panel import PanelWidget


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No runs but the test's own, and a few files of the user's."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "broken.toml").write_text('kind = "descent"\ntitle = \n')
    (tmp_path / "work" / "notes.toml").write_text("answer = 42\n")
    (tmp_path / "work" / "plain.toml").write_text('kind = "descent"\ntitle = "Nothing asked"\n')
    (tmp_path / "work" / "asking.toml").write_text(
        'kind = "descent"\ntitle = "Two questions"\n'
        '[[predict]]\nask = "Which way?"\nchoices = ["up", "down"]\nanswer = 1\n'
        '[[predict]]\nask = "How far?"\nchoices = ["here", "there", "beyond"]\nanswer = 0\n'
    )
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("TUILAB_RUNS", str(tmp_path / "runs"))


@asynccontextmanager
async def library(
    size: tuple[int, int] = (120, 40), trust: bool = False
) -> AsyncIterator[tuple[LabApp, Pilot[None]]]:
    app = LabApp(LibraryScreen(trust))
    async with app.run_test(size=size) as pilot:
        await until(lambda: "activation-curves" in text_of(app), "the scenarios")
        yield app, pilot


def said(app: LabApp) -> str:
    """What is on the terminal, wherever its lines are broken."""
    return " ".join(text_of(app).split())


def details(app: LabApp) -> str:
    """What is said of the chosen one."""
    return " ".join(
        " ".join(line.rpartition("││")[2].strip(" │") for line in text_of(app).splitlines()).split()
    )


async def choose(app: LabApp, pilot: Pilot[None], name: str) -> None:
    """Go to a scenario in the list."""
    box = app.screen.query_one("#scenarios", OptionList)
    places = [place for place, option in enumerate(box.options) if f" {name} " in f" {option.prompt} "]
    assert places, f"no {name} in the list"
    box.highlighted = places[0]
    await pilot.pause()


async def test_scenarios_stand_by_chapter_with_question_and_notes() -> None:
    async with library() as (app, pilot):
        await choose(app, pilot, "saddle")
        await until(lambda: "How long does a descent hang" in text_of(app), "the question")
        lines = text_of(app).splitlines()
        chapter = next(y for y, line in enumerate(lines) if "6 Optimisation" in line)
        assert any("saddle" in line for line in lines[chapter:])


async def test_notes_do_not_tell_the_answer_before_the_question_is_asked(tmp_path: Path) -> None:
    async with library() as (app, pilot):
        await choose(app, pilot, "saddle")
        await until(lambda: "n shows them now" in details(app), "how to get at them")
        assert "What to look at" not in text_of(app)
        await pilot.press("n")
        await until(lambda: "What to look at" in text_of(app), "the notes")
        await pilot.press("n")
        await until(lambda: "What to look at" not in text_of(app), "no notes")
        create(tmp_path / "runs", "saddle", {}, {})
        await until(lambda: "What to look at" in text_of(app), "the notes of what has run")


async def test_what_is_typed_behind_a_slash_is_searched_for_in_both_lists(
    live: tuple[Run, Recorder], tmp_path: Path
) -> None:
    create(tmp_path / "runs", "another", {"optimizer": {"lr": 0.5}}, {})
    async with library() as (app, pilot):
        await until(lambda: "another" in text_of(app), "the runs")
        await pilot.press(*"/saddle quadr")
        await until(lambda: "drawn-to-a-saddle" not in text_of(app), "nothing but what has both words")
        await pilot.press(*["backspace"] * 6)
        await until(lambda: "drawn-to-a-saddle" in text_of(app), "both saddles")
        assert "activation-curves" not in text_of(app)
        assert "another" not in text_of(app)
        await pilot.press("escape")
        await until(lambda: "isometry" in text_of(app) or "ill-cond" in text_of(app), "all again")
        assert "another" in text_of(app)
        await pilot.press("slash", *"lr=0.5")
        await until(lambda: "running" not in text_of(app) and "another" in text_of(app), "the run with it")
        await pilot.press("greater_than_sign")
        await until(lambda: "can't be read" in said(app), "what is wrong with the query")
        assert "another" in text_of(app)


async def test_a_chosen_run_shows_its_figures_and_its_main_plot(live: tuple[Run, Recorder]) -> None:
    async with library() as (app, pilot):
        await until(lambda: "▶ running" in text_of(app), "the run")
        await pilot.press("tab")
        await until(lambda: app.screen.query(PanelWidget), "its plot")
        plot = app.screen.query_one(PanelWidget)
        await until(
            lambda: plot.picture is not None and plot.picture.text().split()[0] in text_of(app), "drawn"
        )
        before = plot.picture
        live[1].record(20)
        await until(lambda: plot.picture != before, "the plot to grow with the run")
        await pilot.press("tab")
        await until(lambda: not app.screen.query(PanelWidget), "the scenario again")


async def test_a_broken_file_is_listed_and_says_why_but_never_runs() -> None:
    async with library() as (app, pilot):
        await choose(app, pilot, "broken")
        await until(lambda: "broken.toml" in text_of(app), "the reason")
        await pilot.press("enter")
        await until(lambda: "line 2" in text_of(app).splitlines()[-1], "the reason at the bottom")
        assert isinstance(app.screen, LibraryScreen)
        assert "notes.toml" not in text_of(app)


async def test_enter_launches_and_shows_the_run(
    live: tuple[Run, Recorder], monkeypatch: pytest.MonkeyPatch
) -> None:
    launched: list[str] = []

    def launch(path: Path, predicted: list[int | None], trust: bool) -> Source:
        launched.append(path.stem)
        assert predicted == []
        return Source(live[0])

    monkeypatch.setattr("tuilab.tui.launching.launch", launch)
    async with library() as (app, pilot):
        await choose(app, pilot, "plain")
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, RunScreen), "the run screen")
        await until(lambda: "● LIVE" in text_of(app), "the live run")
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, LibraryScreen), "the library")
    assert launched == ["plain"]


async def test_questions_come_before_the_run(
    live: tuple[Run, Recorder], monkeypatch: pytest.MonkeyPatch
) -> None:
    launched: list[list[int | None]] = []

    def launch(path: Path, predicted: list[int | None], trust: bool) -> Source:
        launched.append(predicted)
        return Source(live[0])

    monkeypatch.setattr("tuilab.tui.launching.launch", launch)
    async with library() as (app, pilot):
        await choose(app, pilot, "asking")
        await pilot.press("enter")
        await until(lambda: "Which way?" in text_of(app), "the first question")
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, LibraryScreen), "the library")
        assert launched == []
        await pilot.press("enter")
        await until(lambda: "Which way?" in text_of(app), "the first question")
        await pilot.press("7", "2")
        await until(lambda: "How far?" in text_of(app), "the second question")
        assert "beyond" in text_of(app)
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, RunScreen), "the run screen")
    assert launched == [[1, None]]


async def test_a_launch_that_fails_is_a_sentence_at_the_bottom(monkeypatch: pytest.MonkeyPatch) -> None:
    def launch(path: Path, predicted: list[int | None], trust: bool) -> Source:
        raise RunError("/nowhere: can't write runs there")

    monkeypatch.setattr("tuilab.tui.launching.launch", launch)
    async with library() as (app, pilot):
        await choose(app, pilot, "plain")
        await pilot.press("enter")
        await until(lambda: "/nowhere: can't write runs there" in text_of(app), "the sentence")


async def test_own_parts_run_only_in_a_lab_that_was_told_to_trust_them(
    live: tuple[Run, Recorder], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("homemade.toml").write_text(
        'kind = "descent"\ntitle = "Mine"\nquestion = "?"\nsteps = 3\nsurface = { name = "saddle" }\n'
        'start = [1, 1]\noptimizer = "mine.py:Mine"\n'
    )
    async with library() as (app, pilot):
        await choose(app, pilot, "homemade")
        await pilot.press("enter")
        await until(lambda: "is Python code" in said(app), "the refusal")
        assert isinstance(app.screen, LibraryScreen)
    trusted: list[bool] = []

    def launch(path: Path, predicted: list[int | None], trust: bool) -> Source:
        trusted.append(trust)
        return Source(live[0])

    monkeypatch.setattr("tuilab.tui.launching.launch", launch)
    async with library(trust=True) as (app, pilot):
        await choose(app, pilot, "homemade")
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, RunScreen), "the run screen")
    assert trusted == [True]


async def test_runs_show_how_they_are_and_open(live: tuple[Run, Recorder]) -> None:
    run, recorder = live
    async with library() as (app, pilot):
        await until(lambda: "▶ running" in text_of(app), "the running run")
        await until(lambda: "30/100" in text_of(app), "its step")
        recorder.record(5)
        await until(lambda: "35/100" in text_of(app), "its next steps")
        await pilot.press("tab")
        await until(lambda: str(run.path)[:40] in text_of(app), "its details")
        recorder.finish()
        await until(lambda: "✓ finished" in text_of(app), "its end")
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, RunScreen), "the run screen")


async def test_runs_that_can_not_be_read_are_listed(live: tuple[Run, Recorder], tmp_path: Path) -> None:
    (tmp_path / "runs" / "ruin").mkdir()
    (tmp_path / "runs" / "ruin" / "run.json").write_text("{")
    empty = tmp_path / "runs" / "empty"
    empty.mkdir()
    (empty / "run.json").write_text('{"scenario": {}, "source": "empty"}')
    (empty / "main.tlr").write_bytes(b"")
    async with library() as (app, _):
        await until(lambda: text_of(app).count("✗ unreadable") == 2, "both ruins")
        assert "race" in text_of(app)


async def test_the_library_fits_the_smallest_terminal() -> None:
    async with library((80, 24)) as (app, pilot):
        await choose(app, pilot, "ill-conditioned")
        await pilot.press("n")
        await until(lambda: "The surface is" in details(app), "the notes")
        lines = text_of(app).splitlines()
        assert len(lines) == 24
        assert lines[-1].rstrip().endswith("quit")
        await pilot.press("pagedown")
        await until(lambda: text_of(app).splitlines() != lines, "the notes to scroll")


async def test_a_run_takes_one_line_beside_a_scroll_bar(tmp_path: Path) -> None:
    for _ in range(20):
        create(tmp_path / "runs", "long-lasting", {}, {})
    async with library((80, 24)) as (app, _):
        box = app.screen.query_one("#runs", OptionList)
        await until(lambda: box.option_count == 20, "the runs")
        await until(lambda: "long" in text_of(app), "their lines")
        assert text_of(app).count("long") == text_of(app).count(" now ") == box.size.height


async def test_marked_runs_are_compared(live: tuple[Run, Recorder], tmp_path: Path) -> None:
    _, recorder = live
    other = create(tmp_path / "runs", "race", {"title": "Two arms race", "seed": 3}, {}, "another")
    second = Recorder(other.path / "main.tlr", steps=100)
    second.record(60)
    second.finish()
    recorder.finish()
    async with library() as (app, pilot):
        await until(lambda: "another" in text_of(app), "both runs")
        await pilot.press("tab", "x")
        await until(lambda: "mark another one" in text_of(app), "what to do next")
        await pilot.press("down", "x")
        await until(lambda: "[1]" in text_of(app) and "[2]" in text_of(app), "both marks")
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, RunScreen), "the comparison")
        await until(lambda: "another slow" in said(app) and "59" in said(app), "everybody's arms")
        await pilot.press("t", "f")
        await until(lambda: "only" in said(app), "that nothing is turned here")
