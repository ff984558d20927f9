"""Numbers of findings, which scripts rely on, and the page and commands that tell of them."""

from __future__ import annotations

import ast
import inspect
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tuilab.cli.app import app
from tuilab.doctor.kinds import KINDS, Severity, find
from tuilab.doctor.page import page
from tuilab.doctor.rules import data, fit, movement, signal
from tuilab.recording import Writer

IDS = {
    "TL001": "divergence",
    "TL002": "leak",
    "TL003": "wrong-statistics-at-test-time",
    "TL004": "overfitting",
    "TL005": "underfitting",
    "TL006": "vanishing-activations",
    "TL007": "exploding-activations",
    "TL008": "vanishing-gradients",
    "TL009": "exploding-gradients",
    "TL010": "saturation",
    "TL011": "weights-outside-the-optimiser",
    "TL012": "dead-units",
    "TL013": "weights-that-hardly-move",
    "TL014": "gradient-clipped-away",
    "TL015": "no-gradient",
    "TL016": "constant-output",
    "TL017": "learning-rate-too-high",
    "TL018": "softmax-twice",
    "TL019": "frozen-weights",
    "TL020": "weights-shrink-away",
    "TL021": "inputs-not-scaled",
    "TL022": "no-progress",
}
"""Given once and for all: lines are added here, and never changed."""


def test_numbers_are_never_given_to_another_finding() -> None:
    assert {kind.id: kind.slug for kind in KINDS} == IDS
    assert {kind.certainty for kind in KINDS} == {"proof", "measured", "heuristic"}


def test_every_rule_names_a_kind() -> None:
    said = {
        node.value
        for rules in (data, fit, movement, signal)
        for node in ast.walk(ast.parse(inspect.getsource(rules)))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    drifts = {f"{how} {what}" for how in ("vanishing", "exploding") for what in ("activations", "gradients")}
    assert {kind.name for kind in KINDS} <= said | drifts


def test_the_page_is_what_the_command_prints() -> None:
    written = (Path(__file__).parents[2] / "docs/findings.md").read_text()
    assert written.rstrip("\n") == page()


@pytest.mark.parametrize("word", ["TL012", "tl012", "dead-units", "dead units", "Dead_Units"])
def test_a_finding_is_explained_by_number_and_name(word: str) -> None:
    said = CliRunner().invoke(app, ["explain", word]).stdout
    assert said.startswith("TL012 dead-units  warning, measured")
    assert find("TL999") is None


def test_the_exit_code_says_how_bad_it_is(tmp_path: Path) -> None:
    writer = Writer.create(tmp_path / "run.tlr", {"arms": ["a"], "scenario": {"kind": "training"}})
    writer.table(["a/loss"]).append(0, [1.0])
    writer.event(0, "leak", "a")
    writer.close()
    run, path = CliRunner(), str(tmp_path / "run.tlr")
    assert run.invoke(app, ["diagnose", path]).exit_code == 0
    for level in Severity:
        assert run.invoke(app, ["diagnose", path, "--fail-on", level.name.lower()]).exit_code == 1
    (told,) = json.loads(run.invoke(app, ["diagnose", path, "--json"]).stdout)
    assert (told["id"], told["severity"], told["certainty"]) == ("TL002", "error", "proof")
    assert run.invoke(app, ["diagnose", path, "--fail-on", "much"]).exit_code == 2
