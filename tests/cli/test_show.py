"""`tuilab show gpn` beside the lecture's table; `tuilab show metrics` beside the models."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from tuilab.cli.app import app
from tuilab.scenario.errors import ScenarioError
from tuilab.scenario.load import load
from tuilab.scenario.schema import KINDS


def show(*words: str) -> str:
    done = CliRunner().invoke(app, ["show", *words])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_every_row_of_the_lecture_agrees_but_gelu() -> None:
    rows = {row["activation"]: row for row in json.loads(show("gpn", "--json"))}
    lectures = {name: row["lecture"]["agrees"] for name, row in rows.items() if row["lecture"]}
    assert [name for name, agrees in lectures.items() if not agrees] == ["gelu"]
    assert len(lectures) == 7
    gelu = rows["gelu"]
    assert (gelu["a"], gelu["roots"][1]["b"]) == pytest.approx((1.48111, -0.90951), abs=5e-6)
    lecture = gelu["lecture"]
    assert lecture["mean_square"] == pytest.approx(1.008, abs=5e-4)
    assert lecture["mean_square_derivative"] == pytest.approx(1.014, abs=5e-4)


def test_the_printed_table_flags_gelu_and_says_why() -> None:
    lines = show("gpn").splitlines()
    (relu,) = [line for line in lines if line.startswith("relu")]
    assert " ".join(relu.split()) == "relu 1.41421 0.00000 1.000 −1.12838 0.363 1.4142 0.0000 1.000 1.000"
    (flagged,) = [line for line in lines if "✗" in line]
    assert flagged.startswith("gelu ")
    assert any("σ(1.702h)" in line for line in lines)
    assert "−0.00000" not in "\n".join(lines)


def names(table: dict[str, list[dict[str, str]]], what: str = "metrics") -> set[str]:
    return {row["name"] for row in table[what]}


def test_the_metrics_of_every_kind_are_shown() -> None:
    tables = {table["kind"]: table for table in json.loads(show("metrics", "--json"))}
    assert list(tables) == list(KINDS)
    for kind, model in KINDS.items():
        assert names(tables[kind]) >= set(model.METRICS)
        assert names(tables[kind], "events") == set(model.EVENTS)
    assert "share.converged" in names(tables["descent"])


def test_a_scenario_has_exactly_its_own() -> None:
    for name in ("saddle", "basins", "not-zero-centred"):
        [table] = json.loads(show("metrics", name, "--json"))
        assert names(table) == set(load(name).metrics)


def test_the_printed_metrics_of_one_kind() -> None:
    lines = [line.split() for line in show("metrics", "propagation").splitlines()]
    assert lines[0] == ["kind", "propagation"]
    assert ["activation.saturated", "layer", "share", "share"] in [line[:4] for line in lines]
    assert ["activation.ratio", "arm", "norm"] in [line[:3] for line in lines]
    assert ["diverged", "a", "figure"] in [line[:3] for line in lines]


def test_neither_kind_nor_scenario() -> None:
    done = CliRunner().invoke(app, ["show", "metrics", "propagatoin"])
    assert isinstance(done.exception, ScenarioError)
    assert "the kinds are data, functions" in str(done.exception)


def test_metrics_are_shown_without_torch_and_numpy() -> None:
    code = (
        "import sys; from tuilab.cli.app import app; app(['show', 'metrics'], standalone_mode=False); "
        "print([name for name in ('torch', 'numpy', 'textual') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
