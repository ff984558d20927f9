"""A viewer that stays attached while engines come and go."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from race import ARMS, Recorder, header

from tuilab.recording import Readable, Recording, RecordingError, Writer
from tuilab.runs import Run, State
from tuilab.tui.snapshot import Snapshot, Wanted
from tuilab.tui.source import Source
from tuilab.tui.worker import Camera

SIZES = ((0, 40, 10), (2, 40, 6))
PREDICT = [{"ask": "Which wins?", "choices": ["slow", "fast"], "answer": 1, "because": "it is steeper"}]


class Second(Recorder):
    """An engine that goes on from step `since`, with another loss, to tell the histories apart."""

    def __init__(self, path: Path, since: int, events: int) -> None:
        lineage = {"sequence": 2, "continues": {"file": "main.tlr", "step": since, "events": events}}
        self.writer = Writer.create(path, {**header(100), **lineage}, flush_every=0)
        self.table = self.writer.table([f"{arm}/{metric}" for arm in ARMS for metric in ("loss", "distance")])
        self.writer.event(since, "resumed-from")
        self.step = since


def take(camera: Camera, **wanted: object) -> Snapshot:
    snapshot = camera.take(Wanted(sizes=SIZES, color=False, **wanted))  # type: ignore[arg-type]
    assert snapshot is not None
    assert snapshot.problem == ""
    return snapshot


def test_through_a_kill_and_a_resume_the_new_history_is_shown(live: tuple[Run, Recorder]) -> None:
    run, first = live
    camera = Camera(Source(run))
    first.record(20)
    first.writer.event(first.step, "diverged", "fast")
    first.writer.event(first.step, "pace", steps_per_second=5.0)
    first.writer.flush()
    before = take(camera)
    assert before.last == 50
    assert [finding.name for finding in before.findings] == ["divergence"]
    # It is killed; another one goes on from a checkpoint of step 20 and comes as far again.
    second = Second(run.path / "main-2.tlr", since=20, events=1)
    second.record(31, 4.25)
    after = take(camera)
    assert after.last == 51
    assert {"diverged", "pace"}.isdisjoint(event.kind for event in after.events)
    assert after.findings == ()
    assert "4.25" in after.pictures[2].text()
    at_40 = take(camera, step=40)
    assert "4.25" in at_40.pictures[2].text()
    at_20 = take(camera, step=20)
    assert f"{math.exp(-0.4):.3f}" in at_20.pictures[2].text()
    second.finish()
    assert take(camera).state == "finished"


def test_what_a_dead_run_revealed_is_hidden_again_when_it_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "main.tlr"
    scenario = {**header(100), "scenario": {**header(100)["scenario"], "predict": PREDICT}, "predicted": [0]}
    writer = Writer.create(path, scenario)
    writer.event(9, "stopped")
    writer.flush()

    class Changing(Source):
        now = State.STOPPED

        def state(self, recording: Readable | None) -> State:
            return self.now

    source = Changing(path)
    camera = Camera(source)
    assert len(take(camera).reveals) == 1
    source.now = State.RUNNING
    writer.event(10, "resumed-from")
    writer.flush()
    assert take(camera).reveals == ()
    writer.close()


def test_another_run_in_the_same_place_is_another_run(tmp_path: Path) -> None:
    path = tmp_path / "race.tlr"
    recorder = Recorder(path, steps=100)
    recorder.record(60)
    camera = Camera(Source(path))
    assert len(take(camera).pictures) == 2
    recorder.writer.close()
    path.unlink()
    writer = Writer.create(path, {"arms": ["only"], "panels": [{"type": "values", "series": ["only/gain"]}]})
    writer.table(["only/gain"]).append(3, [0.25])
    writer.close()
    snapshot = take(camera)
    assert (snapshot.last, [arm.name for arm in snapshot.arms]) == (3, ["only"])
    assert (snapshot.titles, snapshot.outcomes) == (("values",), ())
    assert "0.250" in snapshot.pictures[0].text()


def test_while_new_files_cannot_be_read_the_old_picture_stays_and_the_reason_is_said(
    live: tuple[Run, Recorder],
) -> None:
    run, _ = live
    camera = Camera(Source(run))
    before = take(camera)
    (run.path / "main-2.tlr").write_bytes(b"")
    snapshot = camera.take(Wanted(sizes=SIZES, color=False))
    assert snapshot is not None
    assert "main-2.tlr is empty" in snapshot.problem
    assert (snapshot.error, snapshot.pictures) == (None, before.pictures)
    (run.path / "main-2.tlr").unlink()
    assert camera.take(Wanted(sizes=SIZES, color=False)) is not None


def test_a_moment_that_nobody_touches_is_not_drawn_again(live: tuple[Run, Recorder]) -> None:
    run, recorder = live
    camera = Camera(Source(run))
    before = take(camera, step=20)
    recorder.record(5)
    after = take(camera, step=20)
    assert after.last == 35
    assert all(after.pictures[panel] is before.pictures[panel] for panel in before.pictures)


def test_reading_errors_are_no_snapshots_of_nothing(
    live: tuple[Run, Recorder], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, recorder = live
    camera = Camera(Source(run))
    before = take(camera)

    def broken(*_: object) -> None:
        raise RecordingError("main.tlr: its disk is gone")

    recorder.record(1)
    monkeypatch.setattr(Recording, "events", broken)
    snapshot = camera.take(Wanted(sizes=SIZES, color=False))
    assert snapshot is not None
    assert "its disk is gone" in snapshot.problem
    assert snapshot.pictures == before.pictures
