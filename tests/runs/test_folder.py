"""Run folders: made, found, listed, and honest about how a run is."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from tuilab.recording import Writer
from tuilab.runs import Lock, Run, RunError, State, Summary, create, find, listing

HEADER: dict[str, Any] = {"scenario": {"title": "t"}, "panels": [], "arms": ["a"], "steps": 9}


def make(root: Path, source: str = "bowl", name: str | None = None) -> Run:
    return create(root, source, {"kind": "descent"}, {}, name)


def says(run: Run, *kinds: str) -> None:
    """A recording with these events."""
    writer = Writer.create(run.path / "main.tlr", HEADER)
    for step, kind in enumerate(kinds):
        writer.event(step, kind)
    writer.close()


@pytest.mark.parametrize(
    ("events", "living", "dead"),
    [
        (None, State.STARTING, State.DIED),
        (("started",), State.RUNNING, State.DIED),
        (("started", "paused"), State.PAUSED, State.DIED),
        (("started", "paused", "stepped"), State.PAUSED, State.DIED),
        (("started", "paused", "resumed"), State.RUNNING, State.DIED),
        (("started", "paused", "stopped"), State.STOPPED, State.STOPPED),
        (("started", "finished"), State.FINISHED, State.FINISHED),
        (("started", "failed"), State.FAILED, State.FAILED),
        (("started", "stopped", "resumed-from", "started"), State.RUNNING, State.DIED),
        (("started", "failed", "resumed-from", "started", "finished"), State.FINISHED, State.FINISHED),
    ],
)
def test_without_a_summary_the_events_and_the_lock_tell_how_a_run_is(
    tmp_path: Path, events: tuple[str, ...] | None, living: State, dead: State
) -> None:
    run = make(tmp_path)
    if events is not None:
        says(run, *events)
    with Lock.acquire(run.path / "lock") or nullcontext():
        assert run.state() is living
    assert run.state() is dead


@pytest.mark.parametrize(
    ("said", "was", "dead"),
    [
        (State.RUNNING, None, State.DIED),
        (State.PAUSED, None, State.DIED),
        (State.DISK_FULL, None, State.DIED),
        (State.STARTING, None, State.DIED),
        (State.STARTING, State.STOPPED, State.STOPPED),
        (State.STARTING, State.FAILED, State.FAILED),
        (State.FINISHED, None, State.FINISHED),
    ],
)
def test_a_summary_that_says_running_is_believed_while_the_lock_is_held(
    tmp_path: Path, said: State, was: State | None, dead: State
) -> None:
    run = make(tmp_path)
    Summary(said, was, step=7).write(run.path)
    with Lock.acquire(run.path / "lock") or nullcontext():
        assert run.state() is said
    assert run.state() is dead
    assert run.summary().step == 7


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"[]", b'{"state": "dancing"}', b"null", b"\xff" * 99, b"[" * 50_000, b'{"a":' * 50_000],
)
def test_a_summary_that_is_damaged_is_made_up_from_the_recording(tmp_path: Path, damage: bytes) -> None:
    run = make(tmp_path)
    says(run, "started", "finished")
    (run.path / "summary.json").write_bytes(damage)
    about = run.summary()
    assert (about.state, about.source, about.step, about.steps) == (State.FINISHED, "bowl", 1, 9)


def test_a_summary_may_say_nonsense(tmp_path: Path) -> None:
    run = make(tmp_path)
    nonsense = {"state": "finished", "step": -3, "steps": "many", "source": 5, "figures": [1], "pid": True}
    (run.path / "summary.json").write_text(json.dumps(nonsense | {"created": None, "title": "x" * 9_999}))
    about = run.summary()
    assert (about.step, about.steps, about.source, about.figures, about.pid) == (0, None, "", {}, 0)
    assert (about.created, len(about.title)) == (0.0, 500)


def test_a_summary_is_read_as_it_was_written(tmp_path: Path) -> None:
    run = make(tmp_path)
    figures = {"sgd .5": {"train.loss": 0.25, "validation.loss": float("inf")}}
    about = Summary(State.FINISHED, None, "s", "t", "q", 12.5, 3, 9, figures, "cpu", "here", 4, "")
    about.write(run.path)
    assert run.summary() == about
    assert stat.S_IMODE((run.path / "summary.json").stat().st_mode) == 0o600


def test_a_run_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        run = make(tmp_path / "runs")
        run.claim().release()
    finally:
        os.umask(before)
    for path in (tmp_path / "runs", run.path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    for path in run.path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_runs_have_ids_of_their_own(tmp_path: Path) -> None:
    ids = [make(tmp_path).facts["id"] for _ in range(3)]
    assert len(set(ids)) == 3
    assert all(int(name, 16) >= 0 for name in ids)


def test_runs_are_found_by_name_path_scenario_and_age(tmp_path: Path) -> None:
    first, second, third = (
        make(tmp_path, "bowl", "one"),
        make(tmp_path, "bowl"),
        make(tmp_path, "saddle", "three"),
    )
    for seconds, run in enumerate((first, second, third)):
        os.utime(run.path / "run.json", (0, 1_000_000 + seconds))
    assert [run.name for run in listing(tmp_path)] == ["three", second.name, "one"]
    assert find(tmp_path) == third
    assert find(tmp_path, "one") == first
    assert find(tmp_path, "bowl") == second
    assert find(tmp_path, str(first.path)).path == first.path
    with pytest.raises(RunError, match="no run 'two'"):
        find(tmp_path, "two")
    assert listing(tmp_path / "absent") == []


def test_names_are_never_taken_twice(tmp_path: Path) -> None:
    assert len({make(tmp_path).name for _ in range(3)}) == 3
    make(tmp_path, name="mine")
    with pytest.raises(RunError, match="a run named 'mine' already"):
        make(tmp_path, name="mine")


@pytest.mark.parametrize("name", ["../escape", "", "..", "-x", "a\nb", "a\x1b]0;owned\x07", "é" * 101])
def test_a_name_that_could_not_be_typed_again_names_no_run(name: str, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="can't name a run"):
        make(tmp_path / "runs", name=name)
    assert not (tmp_path / "runs").exists()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="can't write runs there"):
        make(tmp_path / "file" / "runs")


def test_only_what_was_made_with_a_run_is_removed_with_it(tmp_path: Path) -> None:
    unborn, noted, recorded, busy = (make(tmp_path, name=name) for name in ("a", "b", "c", "d"))
    for run in (unborn, noted, recorded):
        run.claim().release()
        run.log.write_text("no such device\n")
    (noted.path / "notes.txt").write_text("mine")
    says(recorded, "started")
    with busy.claim():
        for run in (unborn, noted, recorded, busy):
            run.discard()
    assert [run.name for run in (unborn, noted, recorded, busy) if run.path.exists()] == ["b", "c", "d"]
    assert (noted.path / "run.json").exists()


BROKEN = {
    "no scenario": '{"created": 1}',
    "no date": '{"scenario": {"kind": "x"}, "created": null, "source": null}',
    "a strange date": '{"scenario": {"kind": "x"}, "created": 1e400, "options": 5}',
    "no json": "{",
    "deep": "[" * 100_000,
    "binary": "\0\0\0",
}


def break_runs(root: Path) -> None:
    """Runs of every sort that can't be read, around one that can."""
    for name, content in BROKEN.items():
        (root / name).mkdir(parents=True)
        (root / name / "run.json").write_text(content)
    for name, content in {"a strange header": b"\x89TLR", "an empty file": b""}.items():
        run = make(root, name=name)
        (run.path / "main.tlr").write_bytes(content)
    writer = Writer.create(make(root, name="odd").path / "main.tlr", {"steps": [], "arms": 5, "device": {}})
    writer.close()
    (root / "a link").mkdir()
    (root / "a link" / "run.json").symlink_to("run.json")
    (root / "a pipe").mkdir()
    os.mkfifo(root / "a pipe" / "run.json")
    (root / "a folder" / "run.json").mkdir(parents=True)
    says(make(root, name="sound"), "started", "finished")


def test_one_broken_run_never_hides_another(tmp_path: Path) -> None:
    break_runs(tmp_path)
    about = {run.name: run.glance() for run in listing(tmp_path)}
    assert about["sound"].state is State.FINISHED
    assert about["odd"].state is State.DIED
    for name in ("no scenario", "no json", "deep", "binary", "a pipe", "a folder", "an empty file"):
        assert about[name].state is State.UNREADABLE, name
        assert about[name].problem, name
    assert "Traceback" not in " ".join(one.problem for one in about.values())


OPENED = """
import sys
opened = []
sys.addaudithook(lambda event, arguments: opened.append(str(arguments[0])) if event == "open" else None)
from tuilab.cli import main
sys.argv = ["tuilab", "runs", "--json"]
try:
    main()
finally:
    print([name for name in opened if name.endswith(".tlr")], file=sys.stderr)
"""


def test_a_list_of_runs_opens_no_recording(tmp_path: Path) -> None:
    for number in range(5):
        run = make(tmp_path, name=f"run-{number}")
        says(run, "started", "finished")
        Summary(State.FINISHED, source="bowl", step=number, steps=9).write(run.path)
    done = subprocess.run(
        [sys.executable, "-c", OPENED],
        env=os.environ | {"TUILAB_RUNS": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert sorted(row["step"] for row in json.loads(done.stdout)) == [0, 1, 2, 3, 4]
    assert done.stderr == "[]\n"
    make(tmp_path, name="of-old")
    says(Run(tmp_path / "of-old"), "started", "finished")
    done = subprocess.run(
        [sys.executable, "-c", OPENED],
        env=os.environ | {"TUILAB_RUNS": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "of-old" in done.stderr, "the way of counting them sees none"


def test_a_folder_whose_files_come_and_go_has_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make(tmp_path)
    before = run.size()
    (run.path / "main.tlr").write_bytes(bytes(1000))
    assert run.size() == before + 1000
    walk = os.walk
    monkeypatch.setattr(
        os, "walk", lambda top: [(folder, [], [*names, "gone"]) for folder, _, names in walk(top)]
    )
    assert run.size() == before + 1000


@pytest.mark.parametrize(("kind", "why"), [("watched", "start that again"), ("imported", "program's log")])
def test_no_engine_goes_on_with_a_run_of_another_program(kind: str, why: str, tmp_path: Path) -> None:
    run = create(tmp_path, "mine", {"kind": kind}, {}, "run")
    with pytest.raises(RunError, match=why):
        run.claim(resume=True)
    assert not run.engine_lives()
    run.claim().release()


def test_a_run_that_only_watches_says_so_to_whoever_asks_something_of_it(tmp_path: Path) -> None:
    run = create(tmp_path, "mine", {"kind": "watched"}, {"control": False}, "run")
    with pytest.raises(RunError, match="run: this run only watches; with control=True its"):
        run.send("stop")
    assert create(tmp_path, "mine", {"kind": "watched"}, {"control": True}, "other").send("stop")
