"""Runs compared: settings, where curves part, seeds as one band."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import tuilab
from tuilab.recording import Writer
from tuilab.recording.spread import Spread
from tuilab.runs import Run, RunError, create
from tuilab.studies.compared import Compared, partings


def made(root: Path, name: str, losses: list[float], seed: int = 0, **optimizer: Any) -> Run:
    scenario = {"kind": "training", "title": name, "seed": seed, "arms": {"net": {"optimizer": optimizer}}}
    run = create(root, "scenario", scenario, {"device": "cpu"}, name)
    writer = Writer.create(
        run.path / "main.tlr", {"arms": ["net"], "scenario": scenario, "run": run.facts["id"]}
    )
    table = writer.table(["net/loss", "net/gradient.norm/1", "net/gradient.norm/2", "engine/seconds"])
    for step, loss in enumerate(losses):
        table.append(step, [loss, 1.0, loss if step > 1 else 0.0, step * 0.1 + seed])
    writer.close()
    return run


def test_what_was_set_otherwise_and_where_the_curves_part(tmp_path: Path) -> None:
    one = made(tmp_path, "one", [4, 3, 2, 1], lr=0.1)
    two = made(tmp_path, "two", [4, 3, 2.5, 2, 1.5], lr=0.2, momentum=0.9)
    compared = Compared([one, two])
    assert compared.name == "one against two"
    assert compared.settings() == {
        "arms.net.optimizer.lr": [0.1, 0.2],
        "arms.net.optimizer.momentum": [None, 0.9],
    }
    with compared.open() as comparison:
        found = partings(*comparison.members.values())
        assert [(p.name, p.step) for p in found] == [
            ("net/loss", 2),
            ("net/gradient.norm/2", 2),
            ("net/gradient.norm/1", None),
        ]
        assert found[0].last == (1, 1.5)
        assert found[1].layer == "2"
        assert comparison.header["arms"] == ["one", "two"]
    with tuilab.compare("one", "two", runs=tmp_path) as same:  # type: ignore[attr-defined]
        assert same.read("two/loss")[1].tolist() == [4, 3, 2.5, 2, 1.5]


def test_runs_that_differ_in_their_seed_are_one_band(tmp_path: Path) -> None:
    runs = [made(tmp_path, f"seed {k}", [4.0, 2.0 + k], seed=k, lr=0.1) for k in range(3)]
    other = made(tmp_path, "other", [4.0, 9.0], seed=0, lr=0.5)
    compared = Compared([*runs, other, runs[0]])
    assert list(compared.groups) == ["seed 0 and 2 more seeds", "other"]
    assert list(compared.settings()) == ["arms.net.optimizer.lr"]
    with compared.open() as comparison:
        band, alone = comparison.members.values()
        assert isinstance(band, Spread)
        assert not isinstance(alone, Spread)
        assert comparison.read("seed 0 and 2 more seeds/loss")[1].tolist() == [4.0, 3.0]
        assert comparison.read("other/loss")[1].tolist() == [4.0, 9.0]


def test_one_run_is_no_comparison(tmp_path: Path) -> None:
    one = made(tmp_path, "one", [1.0], lr=0.1)
    for runs in ([one], [one, Run(tmp_path / "." / "one")], []):
        with pytest.raises(RunError, match="two runs at least"):
            Compared(runs)
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "run.json").write_text(json.dumps({"scenario": {"kind": "training"}}))
    with pytest.raises(RunError, match="two: nothing is recorded yet"):
        Compared([one, Run(tmp_path / "two")]).open()
