"""A log becomes an ordinary run: what the commands say of it, restarts, following, Ctrl-C, bad input."""

from __future__ import annotations

import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from logs import FILES, same, series

from tests.integrations.writers import HELD, LOSS
from tuilab.doctor import findings
from tuilab.exchange import ExchangeError, import_log
from tuilab.exchange.protobuf import put_bytes, put_double, put_number
from tuilab.exchange.tensorboard.records import framed
from tuilab.exchange.transcribe import rebinned
from tuilab.panels import View, panels_of
from tuilab.recording import Recording, RecordingError
from tuilab.runs import Run, State


def scalar(step: int, value: float, tag: str = "loss") -> bytes:
    body = put_bytes(1, tag.encode()) + b"\x15" + struct.pack("<f", value)
    return put_double(1, 1e9 + step) + put_number(2, step) + put_bytes(5, put_bytes(1, body))


def events(path: Path, *messages: bytes, wall: float = 1e9) -> None:
    head = put_double(1, wall) + put_bytes(3, b"brain.Event:2")
    path.write_bytes(b"".join(framed([head, *messages])))


def tuilab(*words: str, runs: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tuilab", *words],
        env=os.environ | {"TUILAB_RUNS": str(runs), "COLUMNS": "100"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def said(*words: str, runs: Path, code: int = 0) -> str:
    process = tuilab(*words, runs=runs)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, out + err
    assert "Traceback" not in err
    return out + err


def wait_for(fulfilled: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not fulfilled():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_the_later_start_of_a_program_counts_from_where_it_goes_on(tmp_path: Path) -> None:
    run, report = import_log(FILES / "tensorboard", tmp_path, "mine")
    with run.open() as recording:
        loss = series(recording, "tensorboard/train/loss")
        assert sorted(loss) == list(range(10)), "of the first start only what lies before the second"
        assert all(same(loss[step], LOSS[step] * (10 if step >= 6 else 1)) for step in loss)
        assert series(recording, "tensorboard/val/loss").keys() == HELD.keys(), "the second start has none"
        restarts = [event for event in recording.events() if event.kind == "restarted"]
        assert [(event.step, event.arm) for event in restarts] == [(6, "tensorboard")]
        assert run.state(recording) is State.FINISHED
    assert report.replaced == 2 * 6
    assert json.loads((run.path / "run.json").read_text())["scenario"]["kind"] == "imported"


def test_a_program_that_says_from_where_it_goes_on_is_believed(tmp_path: Path) -> None:
    events(tmp_path / "events.out.tfevents.1", *(scalar(step, 1) for step in range(10)), wall=1)
    start = put_number(2, 4) + put_bytes(7, put_number(1, 1))
    events(tmp_path / "events.out.tfevents.2", start, *(scalar(step, 2) for step in range(6, 8)), wall=2)
    with import_log(tmp_path, tmp_path / "runs")[0].open() as recording:
        (name,) = recording.series("*/loss")
        assert series(recording, name) == {0: 1, 1: 1, 2: 1, 3: 1, 6: 2, 7: 2}


def test_steps_out_of_order_and_repeated_and_impossible(tmp_path: Path) -> None:
    events(tmp_path / "e.tfevents", scalar(5, 1), scalar(3, 2), scalar(5, 3), scalar(-1, 9), scalar(9, 4))
    run, report = import_log(tmp_path, tmp_path / "runs")
    with run.open() as recording:
        assert series(recording, recording.series("*/loss")[0]) == {3: 2, 5: 3, 9: 4}
    assert (report.replaced, report.dropped) == (1, 1)


@pytest.mark.parametrize("name", ["tensorboard", "wandb", "mlflow", "lightning", "transformers"])
def test_every_panel_and_rule_takes_an_imported_run(name: str, tmp_path: Path) -> None:
    run, _ = import_log(FILES / name, tmp_path)
    with run.open() as recording:
        findings(recording)
        panels = panels_of(recording.header)
        assert panels
        for panel in panels:
            text = panel.draw(recording, View(step=recording.last_step), 70, 12).text()
            assert "nothing" not in text
            assert "no series" not in text
            assert "no frame" not in text
            assert panel.describe(recording, View(step=recording.last_step))


def test_histograms_keep_their_shares() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=10_000)
    counts, edges = np.histogram(values, 512)
    shares = rebinned(edges, counts.astype(float), values.min(), values.max())
    expected = np.histogram(values, 64)[0] / len(values)
    assert np.allclose(shares, expected, atol=1e-12)
    assert rebinned(np.array([2.0, 2, 2]), np.array([0.0, 5]), 0, 4)[32] == 1
    assert rebinned(np.array([2.0, 2]), np.array([5.0]), 2, 2).sum() == 1


def test_the_commands_work_on_an_imported_run(tmp_path: Path) -> None:
    told = said("import", str(FILES / "tensorboard"), "--name", "mine", runs=tmp_path)
    assert "replaced by later ones" in told
    assert "mine  finished  tensorboard  11/11" in said("runs", runs=tmp_path)
    assert "restarted" in said("inspect", "mine", runs=tmp_path)
    assert "step 11 of 11" in said("replay", "mine", "--plain", "--speed", "100", runs=tmp_path)


def test_replay_takes_a_log_and_leaves_nothing_behind(tmp_path: Path) -> None:
    told = said("replay", str(FILES / "lightning"), "--plain", "--from", "11", runs=tmp_path / "runs")
    assert "step 11 of 11" in told
    assert "version_0" in told
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(("word", "place"), [("import", "nothing"), ("import", "story"), ("replay", "story")])
def test_bad_input_is_a_sentence_and_leaves_nothing(word: str, place: str, tmp_path: Path) -> None:
    (tmp_path / "story").write_text("Once upon a time\n")
    told = said(word, str(tmp_path / place), runs=tmp_path / "runs", code=2)
    assert len(told.strip().splitlines()) == 1
    assert not (tmp_path / "runs").exists() or not list((tmp_path / "runs").iterdir())


def test_a_log_without_figures(tmp_path: Path) -> None:
    events(tmp_path / "events.out.tfevents.1")
    with pytest.raises(ExchangeError, match="no figures"):
        import_log(tmp_path, tmp_path / "runs")


def test_damage_is_said_and_recorded(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    events(tmp_path / "log" / "e.tfevents", *(scalar(step, step) for step in range(20)))
    data = bytearray((tmp_path / "log" / "e.tfevents").read_bytes())
    data[200] ^= 1
    (tmp_path / "log" / "e.tfevents").write_bytes(data[:-3])
    told = said("import", str(tmp_path / "log"), "--name", "mine", runs=tmp_path / "runs")
    assert "its checksum is wrong" in told
    assert "it ends within a record" in told
    with Run(tmp_path / "runs" / "mine").open() as recording:
        damaged = [event.data for event in recording.events() if event.kind == "damaged"]
        assert len(damaged) == 2
        assert damaged[0]["offset"] <= 200 < damaged[0]["offset"] + damaged[0]["bytes"]
        assert len(series(recording, "log/loss")) == 18


def test_following_a_log_that_grows_restarts_and_gets_new_series(tmp_path: Path) -> None:
    folder, runs = tmp_path / "log", tmp_path / "runs"
    folder.mkdir()
    events(folder / "1.tfevents", scalar(0, 1), wall=1)
    process = tuilab("import", str(folder), "--follow", "--name", "mine", runs=runs)

    def shows(expected: dict[int, float], name: str = "log/loss") -> bool:
        try:
            with Recording.open(runs / "mine" / "main.tlr") as recording:
                return recording.has(name) and series(recording, name) == expected
        except RecordingError:  # between two recordings
            return False

    try:
        wait_for(lambda: shows({0: 1}))
        with Recording.open(runs / "mine" / "main.tlr") as recording:
            assert Run(runs / "mine").state(recording) is State.RUNNING
            with (folder / "1.tfevents").open("ab") as file:
                file.writelines(framed([scalar(1, 2), scalar(2, 3)]))
            wait_for(lambda: recording.refresh() and series(recording, "log/loss") == {0: 1, 1: 2, 2: 3})
            events(folder / "2.tfevents", scalar(1, 5), scalar(1, 7, "acc"), wall=2)
            wait_for(lambda: shows({0: 1, 1: 5}) and shows({1: 7}, "log/acc"))
            recording.refresh()
            assert series(recording, "log/loss") == {0: 1, 1: 5}, "a view that was open goes on"
    finally:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, out + err
    with Run(runs / "mine").open() as recording:
        assert Run(runs / "mine").state(recording) is State.FINISHED
        assert recording.finished


def test_no_engine_goes_on_with_a_log_whose_follower_was_killed(tmp_path: Path) -> None:
    events(tmp_path / "1.tfevents", scalar(0, 1))
    runs = tmp_path / "runs"
    process = tuilab("import", str(tmp_path / "1.tfevents"), "--follow", "--name", "mine", runs=runs)
    wait_for(lambda: (runs / "mine").is_dir() and Run(runs / "mine").state() is State.RUNNING)
    process.kill()
    process.communicate(timeout=60)
    before = (runs / "mine" / "main.tlr").read_bytes()
    assert "another program's log" in said("resume", "mine", runs=runs, code=2)
    assert "is a folder" in said("run", str(runs / "mine"), runs=runs, code=2)
    assert Run(runs / "mine").state() is State.DIED
    assert (runs / "mine" / "main.tlr").read_bytes() == before


def test_following_ends_when_it_is_asked_to_stop(tmp_path: Path) -> None:
    events(tmp_path / "1.tfevents", scalar(0, 1))
    runs = tmp_path / "runs"
    process = tuilab("import", str(tmp_path / "1.tfevents"), "--follow", "--name", "mine", runs=runs)
    wait_for(lambda: (runs / "mine").is_dir() and Run(runs / "mine").state() is State.RUNNING)
    assert "mine: finished" in said("stop", "mine", runs=runs)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, out + err
    with Run(runs / "mine").open() as recording:
        assert recording.finished
        assert recording.events()[-1].kind == "finished"


def test_ctrl_c_leaves_no_run(tmp_path: Path) -> None:
    many = b"".join(framed([scalar(step, 1, f"tag{step % 50}") for step in range(100_000)]))
    events(tmp_path / "1.tfevents")
    with (tmp_path / "1.tfevents").open("ab") as file:
        for _ in range(4):
            file.write(many)
    process = tuilab("import", str(tmp_path), runs=tmp_path / "runs")
    wait_for(lambda: (tmp_path / "runs").is_dir() and any((tmp_path / "runs").iterdir()))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    assert "nothing was kept" in err
    assert "Traceback" not in err
    assert not list((tmp_path / "runs").iterdir())


def test_two_folders_are_two_arms(tmp_path: Path) -> None:
    for name in ("a", "b/train"):
        shutil.copytree(FILES / "tensorboard", tmp_path / "log" / name)
    with import_log(tmp_path / "log", tmp_path / "runs")[0].open() as recording:
        assert recording.header["arms"] == ["a", "b.train"]
        assert len(series(recording, "b.train/train/loss")) == 10
