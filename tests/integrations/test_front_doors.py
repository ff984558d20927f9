"""Trainings of other frameworks, watched by their own callbacks: figures are those that they log."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integrations import trainings
from tests.integrations.test_their_files import needs
from tuilab.runs import Run, State, find, listing

PAGE = Path(__file__).parents[2] / "docs/your-own-code.md"
BLOCKS = [
    block
    for block in re.findall("```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    if "tuilab.integrations" in block
]
PACKAGES = ("lightning", "transformers", "accelerate", "keras")
WIDE = 4
"""Units of the only hidden layer."""


def trained(name: str, folder: Path, code: str = "", **environment: str) -> tuple[dict[str, Any], Run]:
    """What a training of a process of its own says that it logged, and its run."""
    folder.mkdir(exist_ok=True)
    environment = {"TUILAB_RUNS": str(folder / "runs"), "KERAS_BACKEND": "torch"} | environment
    done = subprocess.run(
        [sys.executable, trainings.__file__, name],
        input=code,
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | environment,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), find(folder / "runs")


def series(run: Run) -> dict[str, dict[int, float]]:
    """All figures of the one arm, by metric and layer."""
    with run.open() as recording:
        return {
            name.split("/", 1)[1]: dict(zip(*(a.tolist() for a in recording.read(name)), strict=True))
            for name in recording.series()
        }


def same(found: dict[int, float], said: dict[str, float]) -> None:
    assert {str(step): pytest.approx(value, rel=1e-6) for step, value in found.items()} == said


def test_lightnings_callback(tmp_path: Path) -> None:
    needs("lightning")
    said, run = trained("lightning", tmp_path)
    found = series(run)
    same(found["loss"], said["loss"])
    same(found["val_loss"], said["val_loss"])
    assert run.state() is State.FINISHED
    assert run.source == "Module"
    assert run.scenario["arms"]["Module"]["width"] == WIDE
    assert found["activation.std/net.0"]
    assert found["weight_gradient.norm/net.2"]
    assert run.summary().steps == len(said["loss"])


def test_lightnings_callback_of_a_training_that_fails(tmp_path: Path) -> None:
    needs("lightning")
    _, run = trained("lightning_fails", tmp_path)
    assert run.state() is State.FAILED
    assert "on purpose" in run.summary().problem


def test_lightnings_callback_stops_when_asked(tmp_path: Path) -> None:
    needs("lightning")
    said, run = trained("lightning_stopped", tmp_path)
    assert run.state() is State.STOPPED
    assert said["steps"] < 40


def test_lightnings_logger(tmp_path: Path) -> None:
    needs("lightning")
    said, run = trained("lightning_logger", tmp_path)
    found = series(run)
    same(found["train_loss"], said["train_loss"])
    same(found["val_loss"], said["val_loss"])
    assert run.state() is State.FINISHED
    assert run.scenario["arms"]["network"]["width"] == WIDE


def test_lightnings_entry_point_sleeps_until_it_is_asked(tmp_path: Path) -> None:
    needs("lightning")
    said, run = trained("lightning_asleep", tmp_path, TUILAB_WATCH="1")
    assert said["callbacks"] == 1
    assert run.state() is State.FINISHED
    for asleep in ({}, {"TUILAB_WATCH": "0"}):
        subprocess.run(["rm", "-r", str(tmp_path / "runs")], check=False)
        done = subprocess.run(
            [sys.executable, trainings.__file__, "lightning_asleep"],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TUILAB_RUNS": str(tmp_path / "runs")}
            | asleep,
            timeout=300,
            check=False,
        )
        assert json.loads(done.stdout.splitlines()[-1])["callbacks"] == 0
        assert not (tmp_path / "runs").exists()


def test_hugging_faces_callback(tmp_path: Path) -> None:
    needs("transformers", "accelerate")
    said, run = trained("transformers", tmp_path)
    found = series(run)
    for name in ("loss", "eval_loss"):
        same(found[name], said[name])
    assert run.state() is State.FINISHED
    assert run.summary().steps == said["steps"] == run.summary().step
    assert found["activation.std/net.0"]
    assert found["weight_gradient.norm/net.2"]


def test_accelerates_tracker(tmp_path: Path) -> None:
    needs("accelerate")
    said, run = trained("accelerate", tmp_path)
    found = series(run)
    same(found["loss"], said["loss"])
    assert found["activation.std/0"]
    assert run.scenario["arms"]["Sequential"]["width"] == WIDE
    assert run.state() is State.FINISHED


def test_accelerates_tracker_of_figures_alone_goes_by_their_steps(tmp_path: Path) -> None:
    needs("accelerate")
    said, run = trained("accelerate_figures", tmp_path)
    same(series(run)["loss"], said["loss"])


def test_keras_callback(tmp_path: Path) -> None:
    needs("keras")
    said, run = trained("keras", tmp_path)
    found = series(run)
    same(found["loss"], said["loss"])
    same(found["val_loss"], said["val_loss"])
    assert run.state() is State.FINISHED
    assert run.summary().steps == len(said["loss"])


def test_the_page_shows_every_front_door() -> None:
    shown = {name for block in BLOCKS for name in re.findall(r"tuilab\.integrations\.(\w+)", block)}
    assert shown == set(PACKAGES)


@pytest.mark.parametrize("block", BLOCKS, ids=PACKAGES)
def test_what_the_page_shows_works(block: str, tmp_path: Path) -> None:
    needs(*(name for name in PACKAGES if f"integrations.{name}" in block))
    trained("page", tmp_path, block)
    runs = {run.source: run for run in listing(tmp_path / "runs")}
    assert "mine" in runs
    assert {run.state() for run in runs.values()} == {State.FINISHED}
    assert all(len(metrics) > 0 for metrics in map(series, runs.values()))
