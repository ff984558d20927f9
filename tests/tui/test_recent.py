"""The library's runs: what changed is noticed, what did not costs nothing, and none hides another."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tuilab.recording import Recording, Writer
from tuilab.runs import Run, State, Summary, create
from tuilab.tui import words
from tuilab.tui.recent import RecentRuns


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TUILAB_RUNS", str(tmp_path))
    return tmp_path


def make(root: Path, name: str = "x") -> Run:
    return create(root, "saddle", {"kind": "descent", "title": "Saddle"}, {}, name)


def seen(recent: RecentRuns) -> list[tuple[str, str, int]]:
    return [(facts.name, str(facts.state), facts.step) for facts in recent.look()]


def test_a_run_that_is_gone_on_with_is_seen_to_be_so(root: Path) -> None:
    run, recent = make(root), RecentRuns()
    Summary(State.STOPPED, step=9).write(run.path)
    Writer.create(run.path / "main.tlr", {}).close()
    assert seen(recent) == [("x", "stopped", 9)]
    with run.claim(resume=True):
        assert seen(recent) == [("x", "starting", 9)]
        Summary(State.RUNNING, step=50).write(run.path)
        assert seen(recent) == [("x", "running", 50)]
    assert seen(recent) == [("x", "died", 50)]
    Summary(State.FINISHED, step=60).write(run.path)
    assert seen(recent) == [("x", "finished", 60)]


def test_a_folder_made_anew_is_another_run(root: Path) -> None:
    recent = RecentRuns()
    Summary(State.STOPPED, step=9).write(make(root).path)
    assert seen(recent) == [("x", "stopped", 9)]
    shutil.rmtree(root / "x")
    Summary(State.FINISHED, step=7).write(make(root).path)
    assert seen(recent) == [("x", "finished", 7)]
    shutil.rmtree(root / "x")
    assert seen(recent) == []


def test_a_run_of_an_earlier_tuilab_is_seen_to_grow(root: Path) -> None:
    run, recent = make(root), RecentRuns()
    writer = Writer.create(run.path / "main.tlr", {"steps": 99})
    writer.event(9, "stopped")
    writer.close()
    assert seen(recent) == [("x", "stopped", 9)]
    writer = Writer.create(run.path / "main-2.tlr", {"steps": 99})
    writer.event(9, "resumed-from")
    writer.event(9, "started")
    writer.event(30, "finished")
    writer.close()
    assert seen(recent) == [("x", "finished", 30)]


def test_what_is_over_is_read_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recent = RecentRuns()
    for name in "ab":
        writer = Writer.create(make(root, name).path / "main.tlr", {"steps": 9})
        writer.event(3, "finished")
        writer.close()
    first = seen(recent)
    assert {state for _, state, _ in first} == {"finished"}

    def refuse(*_: object) -> None:
        raise AssertionError("a recording was opened again")

    monkeypatch.setattr(Recording, "open", refuse)
    assert seen(recent) == first


def test_every_state_has_its_mark() -> None:
    assert set(words.STATES) == set(State)


def test_broken_runs_are_listed_beside_the_others(root: Path) -> None:
    Summary(State.FINISHED, step=3).write(make(root, "sound").path)
    for name, content in {
        "a": '{"scenario": {"kind": "x"}, "created": null}',
        "b": "{",
        "c": "[" * 99_999,
    }.items():
        (root / name).mkdir()
        (root / name / "run.json").write_text(content)
    (root / "d").mkdir()
    os.mkfifo(root / "d" / "run.json")
    assert {name: state for name, state, _ in seen(RecentRuns())} == {
        "sound": "finished",
        "a": "died",
        "b": "unreadable",
        "c": "unreadable",
        "d": "unreadable",
    }
