"""One engine at a time: a lock that a crash releases, and that nobody inherits by accident."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest
from holding import holding

from tuilab.recording import Writer
from tuilab.runs import Lock, Run, RunError, State, create


def make(root: Path) -> Run:
    return create(root, "bowl", {"kind": "descent"}, {}, "run")


def test_only_one_claims_a_run_and_the_other_is_told(tmp_path: Path) -> None:
    run = make(tmp_path)
    before = sorted(path.name for path in run.path.iterdir())
    with holding(run.path):
        assert run.engine_lives()
        assert run.state() is State.STARTING
        with pytest.raises(
            RunError, match=r"run: its engine is at work \(it is starting\); `tuilab watch run`"
        ):
            run.claim()
        assert run.state() is State.STARTING
    assert sorted(path.name for path in run.path.iterdir()) == sorted([*before, "lock", "summary.json"])


@pytest.mark.parametrize("how", ["fork", "spawn"])
def test_a_killed_engine_lets_go_although_a_child_of_its_lives(tmp_path: Path, how: str) -> None:
    run = make(tmp_path)
    with holding(run.path, how) as (engine, child):
        assert run.engine_lives()
        engine.send_signal(signal.SIGKILL)
        engine.wait()
        try:
            assert not run.engine_lives()
            assert run.state() is State.DIED
        finally:
            os.kill(child, signal.SIGKILL)
    with run.claim():
        assert run.engine_lives(), "the next one may have it"


def test_looking_never_keeps_an_engine_from_its_lock(tmp_path: Path) -> None:
    run = make(tmp_path)
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            run.engine_lives()

    lookers = [threading.Thread(target=look) for _ in range(2)]
    for looker in lookers:
        looker.start()
    try:
        for _ in range(20):
            with run.claim():
                pass
    finally:
        over.set()
        for looker in lookers:
            looker.join()


def test_a_lock_goes_to_the_process_that_is_given_it(tmp_path: Path) -> None:
    run = make(tmp_path)
    lock = run.claim()
    given = os.dup(lock.fd)
    lock.release()
    lock.release()
    assert run.engine_lives()
    with Lock.adopt(given) as adopted:
        assert not os.get_inheritable(adopted.fd)
        assert run.engine_lives()
    assert not run.engine_lives()


def test_a_link_in_the_locks_place_is_refused(tmp_path: Path) -> None:
    run = make(tmp_path)
    (tmp_path / "mine").write_text("precious")
    (run.path / "lock").symlink_to(tmp_path / "mine")
    with pytest.raises(RunError, match="can't lock the run there"):
        run.claim()
    assert (tmp_path / "mine").read_text() == "precious"


def test_an_engine_that_recorded_nothing_leaves_the_run_as_it_was(tmp_path: Path) -> None:
    run = make(tmp_path)
    writer = Writer.create(run.path / "main.tlr", {})
    writer.event(0, "started")
    writer.event(3, "stopped")
    writer.close()
    assert run.state() is State.STOPPED
    with run.claim(resume=True):
        assert run.state() is State.STARTING
    assert run.state() is State.STOPPED
    run.claim(resume=True).release()
    assert run.state() is State.STOPPED


def test_a_finished_run_is_not_gone_on_with(tmp_path: Path) -> None:
    run = make(tmp_path)
    writer = Writer.create(run.path / "main.tlr", {})
    writer.event(0, "finished")
    writer.close()
    with pytest.raises(RunError, match="run: it is finished, there is nothing to go on with"):
        run.claim(resume=True)
    assert not run.engine_lives()
    assert not (run.path / "summary.json").exists()
