"""Snapshots of recordings in every state that they may be found in."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from race import PANELS, Recorder

from tuilab.recording import NewerVersionError, NotARecordingError
from tuilab.runs import Run, create
from tuilab.tui.snapshot import Look, Snapshot, Wanted
from tuilab.tui.source import Source
from tuilab.tui.worker import Camera, Worker

SIZES = ((0, 40, 10), (2, 40, 6))


def test_everything_shown_is_of_the_moment_asked_for(finished: Path) -> None:
    snapshot = Camera(Source(finished)).take(Wanted(step=40, sizes=SIZES, color=False))
    assert snapshot is not None
    assert (snapshot.step, snapshot.first, snapshot.last, snapshot.state) == (40, 0, 100, "finished")
    assert snapshot.titles == ("loss", "distance", "where each arm stands")
    assert set(snapshot.pictures) == {0, 2}
    assert (snapshot.pictures[0].width, snapshot.pictures[0].height) == (40, 10)
    assert "0.449" in snapshot.pictures[2].text()  # exp(-40/50)
    assert [(event.step, event.kind) for event in snapshot.events][1:] == [
        (40, "converged"),
        (100, "finished"),
    ]
    assert [str(outcome.verdict) for outcome in snapshot.outcomes] == ["met", "unmet"]
    assert snapshot.timeline.at(20) == pytest.approx(1.0)


def test_the_same_wish_twice_is_answered_once(finished: Path) -> None:
    camera = Camera(Source(finished))
    assert camera.take(Wanted(step=3, sizes=SIZES)) is not None
    assert camera.take(Wanted(step=3, sizes=SIZES)) is None
    assert camera.take(Wanted(step=4, sizes=SIZES)) is not None


def test_a_live_run_is_followed(live: tuple[Run, Recorder]) -> None:
    run, recorder = live
    camera = Camera(Source(run))
    first = camera.take(Wanted(sizes=SIZES))
    assert first is not None
    assert (first.state, first.last, first.growing) == ("running", 30, True)
    assert camera.take(Wanted(sizes=SIZES)) is None
    recorder.record(5)
    second = camera.take(Wanted(sizes=SIZES))
    assert second is not None
    assert second.last == 35
    recorder.finish()
    third = camera.take(Wanted(sizes=SIZES))
    assert third is not None
    assert (third.state, third.growing) == ("finished", False)


def test_a_run_that_has_not_begun_is_starting(tmp_path: Path) -> None:
    run = create(tmp_path, "race", {"title": "Two arms race"}, {})
    with run.claim():
        snapshot = Camera(Source(run)).take(Wanted())
    assert snapshot is not None
    assert (snapshot.state, snapshot.growing, snapshot.problem) == ("starting", True, "")


def test_an_engine_that_died_at_its_start_is_quoted(tmp_path: Path) -> None:
    run = create(tmp_path, "race", {"title": "Two arms race"}, {})
    run.log.write_text("loading\nno such device: cuda:7\n")
    snapshot = Camera(Source(run)).take(Wanted())
    assert snapshot is not None
    assert (snapshot.state, snapshot.problem) == ("died", "no such device: cuda:7")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e300])
def test_figures_out_of_this_world_are_drawn(tmp_path: Path, value: float) -> None:
    recorder = Recorder(tmp_path / "race.tlr", steps=40)
    recorder.record(20)
    recorder.record(20, value)
    recorder.finish()
    for log in (None, True, False):
        snapshot = Camera(Source(tmp_path / "race.tlr")).take(Wanted(sizes=SIZES, look=Look(log=log)))
        assert snapshot is not None
        assert (snapshot.problem, set(snapshot.pictures)) == ("", {0, 2})


def test_a_recording_without_a_single_step_is_shown(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "race.tlr")
    recorder.writer.flush()
    snapshot = Camera(Source(tmp_path / "race.tlr")).take(Wanted(sizes=SIZES))
    assert snapshot is not None
    assert (snapshot.problem, snapshot.step, snapshot.state) == ("", 0, "unfinished")


def test_a_torn_recording_is_shown_up_to_the_tear(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "race.tlr", steps=100)
    for _ in range(10):
        recorder.record(10)
    path = tmp_path / "race.tlr"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content[:-7])
    snapshot = Camera(Source(path)).take(Wanted(sizes=SIZES))
    assert snapshot is not None
    assert "damaged part" in snapshot.problem
    assert set(snapshot.pictures) == {0, 2}
    assert 0 < snapshot.last < 100


def test_a_recording_that_vanishes_is_said_to_and_its_last_picture_kept(live: tuple[Run, Recorder]) -> None:
    run, _ = live
    camera = Camera(Source(run))
    before = camera.take(Wanted(sizes=SIZES))
    assert before is not None
    for file in run.path.iterdir():
        file.unlink()
    run.path.rmdir()
    after = camera.take(Wanted(sizes=SIZES))
    assert after is not None
    assert "gone" in after.problem
    assert after.pictures == before.pictures
    assert camera.take(Wanted(sizes=SIZES)) is None


@pytest.mark.parametrize("content", [b"", b"\x00" * 4096, b"PNG" * 99])
def test_what_is_no_recording_is_an_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "race.tlr"
    path.write_bytes(content)
    snapshot = Camera(Source(path)).take(Wanted())
    assert snapshot is not None
    assert isinstance(snapshot.error, NotARecordingError)
    assert str(path) in snapshot.problem


def test_a_recording_of_a_newer_version_is_an_error(newer: Path) -> None:
    snapshot = Camera(Source(newer)).take(Wanted())
    assert snapshot is not None
    assert isinstance(snapshot.error, NewerVersionError)
    assert "format 7" in snapshot.problem


def test_a_panel_of_another_version_does_not_stop_the_rest(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "race.tlr", steps=9, panels=[{"type": "hologram", "title": "?"}, *PANELS])
    recorder.record(10)
    recorder.finish()
    snapshot = Camera(Source(tmp_path / "race.tlr")).take(Wanted(sizes=((0, 40, 9), (1, 40, 9))))
    assert snapshot is not None
    assert snapshot.problem == ""
    assert set(snapshot.pictures) == {0, 1}


def test_the_worker_answers_the_latest_wish_and_none_before_it(finished: Path) -> None:
    taken: list[Snapshot] = []
    came, may_go_on = threading.Event(), threading.Event()

    def deliver(snapshot: Snapshot) -> None:
        taken.append(snapshot)
        came.set()
        may_go_on.wait(10)

    worker = Worker(Source(finished), deliver)
    worker.start()
    assert came.wait(10)
    came.clear()
    for step in range(50):
        worker.want(Wanted(step=step))
    may_go_on.set()
    assert came.wait(10)
    worker.stop()
    assert [snapshot.wanted.step for snapshot in taken] == [None, 49]
