"""Studies: ordinary runs that differ in their seed, side by side, gone on with after an interruption."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tuilab import studies
from tuilab.runs import RunError, State
from tuilab.scenario.load import load
from tuilab.studies import StudyError

NOISY = """
kind = "descent"
title = "Noisy bowl"
question = "Where does it come to rest?"
steps = 30
surface = { name = "quadratic", condition_number = 10 }
noise = { std = 0.1 }
[arms.sgd]
start = [2, 1]
optimizer = { name = "sgd", lr = 0.1 }
"""
QUIET = {"device": "cpu", "threads": 1}


@pytest.fixture
def scenario(tmp_path: Path) -> dict[str, object]:
    file = tmp_path / "noisy.toml"
    file.write_text(NOISY)
    return load(file).model_dump(mode="json")


def test_every_trial_is_the_run_of_its_seed(tmp_path: Path, scenario: dict[str, object]) -> None:
    study = studies.create(tmp_path / "runs", "noisy", scenario, QUIET, [7, 8, 9], "three")
    ended = studies.conduct(study, side_by_side=2)
    assert set(ended.states.values()) == {State.FINISHED}
    assert not ended.failed
    with study.open() as spread:
        name = spread.series("sgd/*")[0]
        each = [run.open() for run in study.trials.values()]
        values = np.stack([recording.read(name)[1] for recording in each])
        assert np.allclose(spread.read(name)[1], values.mean(0))
        assert [recording.header["scenario"]["seed"] for recording in each] == [7, 8, 9]
    again = studies.find(tmp_path / "runs", "three")
    assert again is not None
    assert again.seeds == [7, 8, 9]
    before = [run.recordings() for run in again.trials.values()]
    studies.conduct(again, side_by_side=2)
    assert [run.recordings() for run in again.trials.values()] == before, "what is finished is left alone"


def test_a_study_that_cannot_be_made_leaves_nothing(tmp_path: Path, scenario: dict[str, object]) -> None:
    studies.create(tmp_path / "runs", "noisy", scenario, QUIET, [0], "one")
    with pytest.raises(RunError, match="already"):
        studies.create(tmp_path / "runs", "noisy", scenario, QUIET, [0], "one")
    with pytest.raises(RunError, match="can't name a run"):
        studies.create(tmp_path / "runs", "noisy", scenario, QUIET, [0], "../two")
    with pytest.raises(RunError, match="already"):
        studies.create(tmp_path / "runs", "noisy", scenario, QUIET, [5, 5], "three")
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["runs"]
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["one"]


def test_what_is_no_study_is_told_in_a_sentence(tmp_path: Path, scenario: dict[str, object]) -> None:
    study = studies.create(tmp_path, "noisy", scenario, QUIET, [0], "one")
    with pytest.raises(StudyError, match="nothing is recorded yet"):
        study.open()
    for nonsense in ("", "[]", '{"seeds": 3}', '{"seeds": ["a"]}', '{"seeds": []}'):
        (study.path / "study.json").write_text(nonsense)
        with pytest.raises(StudyError, match=r"study\.json"):
            _ = studies.Study(study.path).seeds
    assert studies.find(tmp_path, "nosuch") is None
