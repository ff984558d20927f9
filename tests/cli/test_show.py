"""`tuilab show gpn` beside the lecture's table."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from tuilab.cli.app import app


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
