"""Data scenarios: the figures against what the cloud is, statistics that converge, and the leak."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from tuilab.data import DataError
from tuilab.experiments.data import DataExperiment
from tuilab.experiments.observation import Observation
from tuilab.scenario.kinds.data import DataScenario

CLOUD = {"name": "cloud", "center": [4.0, 2.0], "spread": [2.0, 0.5], "rotation": 30.0, "separation": 1.0}


def arms(*names: str, **settings: Any) -> dict[str, Any]:
    return {name: {"preprocess": {"name": name}, **settings} for name in names}


def experiment(**changes: Any) -> DataExperiment:
    given = {"kind": "data", "title": "test", "question": "test?", "steps": 4, "train": 1_000, **changes}
    return DataExperiment(DataScenario.model_validate({"source": CLOUD, "arms": arms("none"), **given}))


def last(**changes: Any) -> Observation:
    return list(experiment(**changes))[-1]


def test_the_figures_are_those_of_the_cloud() -> None:
    """Eigenvalues 2² and .5² + (½·1)² = .5; turned by 30°."""
    values = last(arms=arms("none", "center", "pca", "whiten_pca", "whiten_zca"), train=20_000).values
    assert values["none/mean.predicted/1"] == 4
    assert values["none/eigenvalue.largest.predicted"] == pytest.approx(4)
    assert values["none/eigenvalue.smallest.predicted"] == pytest.approx(0.5)
    assert values["none/covariance.predicted/2"] == pytest.approx(3.5 * math.sin(math.pi / 3) / 2)
    for metric in ("mean/1", "std/2", "covariance/2", "eigenvalue.largest"):
        name, slash, number = metric.partition("/")
        known = values[f"none/{name}.predicted{slash}{number}"]
        assert values[f"none/{metric}"] == pytest.approx(known, rel=0.03)
    assert values["center/hessian.condition.predicted"] == pytest.approx(4 / 0.5)
    assert values["none/hessian.condition"] > 10 * values["center/hessian.condition"]
    assert values["pca/off_diagonal"] < 1e-12 < values["none/off_diagonal"]
    for name in ("whiten_pca", "whiten_zca"):
        assert values[f"{name}/whitening.error"] < 1e-12
        assert values[f"{name}/hessian.condition"] == pytest.approx(1)


def test_statistics_converge_as_examples_arrive() -> None:
    seen = list(experiment(train=5_000, steps=3, first=5))
    counts = [o.values["none/examples"] for o in seen]
    assert counts == [5, 50, 500, 5_000]
    errors = [abs(o.values["none/mean/1"] - 4) for o in seen]
    assert errors[-1] < 0.08 < errors[0]
    assert [len(o.frames["none/cloud"][0]) for o in seen] == [5, 50, 400, 400]


def test_the_same_classifier_is_less_touchy_after_whitening() -> None:
    values = last(arms=arms("none", "whiten_zca")).values
    assert values["none/classifier.loss"] == pytest.approx(values["whiten_zca/classifier.loss"], abs=1e-4)
    assert values["none/nudge.rise"] > 8 * values["whiten_zca/nudge.rise"]
    for arm in ("none", "whiten_zca"):
        predicted = values[f"{arm}/nudge.rise.predicted"]
        assert values[f"{arm}/nudge.rise"] == pytest.approx(predicted, rel=0.1)


def test_a_leak_is_an_event_and_flatters() -> None:
    wide = {"name": "cloud", "dims": 50}
    both = {**arms("whiten_zca"), "leak": {"preprocess": {"name": "whiten_zca"}, "fitted_on": "all"}}
    seen = list(experiment(source=wide, arms=both, train=60, first=60, test=1_000, ridge=0.1, steps=0))
    assert seen[0].events == [("leak", "leak", {"test_examples": 1_000})]
    values = seen[0].values
    assert values["leak/leak.gap"] > 0.03
    assert values["leak/leak.gap"] == pytest.approx(
        values["leak/test.accuracy"] - values["whiten_zca/test.accuracy"]
    )
    assert values["leak/examples"] == 1_060
    assert values["leak/test.whitening.error"] < values["whiten_zca/test.whitening.error"]


def test_pictures_before_and_after() -> None:
    observation = last(
        source={"name": "shapes10", "crop": 6},
        arms=arms("none", "center", "channel_std", "whiten_zca"),
        train=300,
        first=200,
        steps=1,
    )
    for arm in ("none", "center", "channel_std", "whiten_zca"):
        array, meta = observation.frames[f"{arm}/pictures"]
        assert (array.dtype, array.shape, meta["kind"]) == (np.uint8, (8, 6, 6, 3), "pictures")
    assert "none/learned" not in observation.frames
    assert observation.frames["center/learned"][0].shape == (1, 6, 6, 3)
    assert observation.frames["whiten_zca/learned"][0].shape == (16, 6, 6, 3)
    values = observation.values
    assert all(values[f"channel_std/std/{k}"] == pytest.approx(1, abs=1e-6) for k in (1, 2, 3))
    assert all(0.2 < values[f"none/mean/{k}"] < 0.8 for k in (1, 2, 3))


def test_large_pictures_have_no_covariance_unless_an_arm_needs_it() -> None:
    values = last(source={"name": "shapes10"}, arms=arms("center"), train=30, steps=0).values
    assert "center/off_diagonal" not in values
    assert abs(values["center/mean/1"]) < 1e-6


def test_epsilon_can_be_turned() -> None:
    running = experiment(arms=arms("whiten_zca"))
    next(running)
    running.tune("whiten_zca/preprocess.eps", 0.5)
    assert next(running).values["whiten_zca/std/1"] < 0.99
    with pytest.raises(ValueError, match="greater"):
        running.tune("whiten_zca/preprocess.eps", -1)


def test_the_same_seed_the_same_series() -> None:
    first, second = (list(experiment(arms=arms("whiten_pca"))) for _ in range(2))
    assert [o.values for o in first] == [o.values for o in second]
    assert torch.equal(*(torch.from_numpy(run[-1].frames["whiten_pca/cloud"][0]) for run in (first, second)))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"first": 2_000}, "more than all"),
        ({"arms": arms("center", fitted_on="all")}, "wants test examples"),
        ({"source": {**CLOUD, "spread": [0.5, 2.0]}}, "longest axis first"),
        ({"arms": {"x": {"preprocess": {"name": "center", "eps": 1.0}}}}, "eps"),
    ],
)
def test_what_makes_no_sense_is_said(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        experiment(**changes)


def test_where_pictures_are_named_when_they_are_not_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TUILAB_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"-s source\.name=shapes10"):
        experiment(source={"name": "cifar10"})


def test_more_pictures_than_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    from tuilab.experiments.data import sources
    from tuilab.parts.datasets import shapes10

    monkeypatch.setitem(sources.DATASETS, "cifar10", lambda seed, count: shapes10(seed, 40))
    with pytest.raises(DataError, match="40 pictures"):
        experiment(source={"name": "cifar10"}, train=41)
