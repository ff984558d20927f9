"""Expectations against recordings whose numbers are known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tuilab.doctor import Verdict, across, check
from tuilab.recording import Recording, Writer

Record = Callable[..., Recording]


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """A recording of two arms: a/loss 10, 9 … 0, b/loss ten times that, and a/activation.std/1 … /3."""

    def make(*expect: dict[str, Any]) -> Recording:
        writer = Writer.create(tmp_path / "main.tlr", {"scenario": {"expect": list(expect)}})
        table = writer.table(
            ["a/loss", "b/loss", "a/activation.std/1", "a/activation.std/2", "a/activation.std/3"]
        )
        for step in range(11):
            table.append(
                step, [10 - step, 10 * (10 - step) + 1, 0.5, 0.25, float("nan") if step > 5 else 0.125]
            )
        writer.event(4, "escaped", "a", reason="far")
        writer.close()
        return Recording.open(tmp_path / "main.tlr")

    return make


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ({"metric": "loss", "between": [0, 0]}, "met"),
        ({"metric": "loss", "between": [1, 2]}, "unmet"),
        ({"metric": "loss", "step": 3, "between": [7, 7]}, "met"),
        ({"metric": "loss", "step": 3, "near": 7.2, "within": 0.03}, "met"),
        ({"metric": "loss", "step": 3, "near": 7.3, "within": 0.03}, "unmet"),
        ({"metric": "loss", "step": 3, "below": "b"}, "met"),
        ({"metric": "loss", "step": 3, "above": "b"}, "unmet"),
        ({"metric": "activation.std", "layer": 2, "near": 0.25, "within": 0.01}, "met"),
        ({"metric": "loss", "step": "max", "between": [10, 10]}, "met"),
        ({"metric": "loss", "step": "min", "between": [1, 10]}, "unmet"),
        ({"metric": "loss", "step": 5, "below": "b", "by": 10}, "met"),
        ({"metric": "loss", "step": 5, "below": "b", "by": 11}, "unmet"),
        ({"metric": "activation.std", "layer": "all", "step": 5, "between": [0.1, 0.5]}, "met"),
        ({"metric": "activation.std", "layer": "all", "step": 5, "between": [0.2, 0.5]}, "unmet"),
        ({"metric": "activation.std", "layer": "last", "step": 5, "between": [0.125, 0.125]}, "met"),
        ({"metric": "activation.std", "layer": "all", "step": "max", "between": [0, 9]}, "unmet"),
        ({"metric": "no.such", "layer": "all", "between": [0, 9]}, "unmet"),
        ({"metric": "activation.std", "step": 5, "near": [0.5, 0.25, 0.125], "within": 0.01}, "met"),
        ({"metric": "activation.std", "step": 5, "near": [0.5, 0.35, 0.125], "within": 0.01}, "unmet"),
        ({"metric": "activation.std", "near": [0.5, 0.25, 0.125], "within": 0.01}, "unmet"),
        ({"metric": "activation.std", "layer": 9, "between": [0, 1]}, "unmet"),
        ({"metric": "absent", "never": True}, "met"),
        ({"event": "escaped", "between": [4, 4]}, "met"),
        ({"event": "escaped", "between": [5, 9]}, "unmet"),
        ({"event": "escaped", "never": True}, "unmet"),
        ({"event": "diverged", "never": True}, "met"),
        ({"event": "diverged", "between": [0, 99]}, "unmet"),
    ],
)
def test_a_finished_run_keeps_or_breaks_a_promise(
    record: Record, claim: dict[str, Any], verdict: str
) -> None:
    (outcome,) = check(record({"arm": "a", **claim}))
    assert outcome.verdict == verdict, outcome


def test_while_it_runs_the_last_step_and_absent_events_are_open(record: Record) -> None:
    recording = record(
        {"arm": "a", "metric": "loss", "between": [0, 0]},
        {"arm": "a", "metric": "loss", "step": 3, "between": [7, 7]},
        {"arm": "a", "metric": "loss", "step": 30, "between": [7, 7]},
        {"arm": "a", "event": "diverged", "never": True},
        {"arm": "a", "event": "escaped", "never": True},
    )
    verdicts = [outcome.verdict for outcome in check(recording, over=False)]
    assert verdicts == [Verdict.OPEN, Verdict.MET, Verdict.OPEN, Verdict.OPEN, Verdict.UNMET]


def test_an_outcome_says_what_was_promised_and_measured(record: Record) -> None:
    (outcome,) = check(
        record({"arm": "a", "metric": "loss", "step": 3, "between": [1, 2], "because": "it must"})
    )
    assert outcome.promise == "a: loss at step 3 in 1 … 2"
    assert outcome.measured == "7"
    assert outcome.because == "it must"


def test_a_strangers_nonsense_is_unmet_not_a_crash(record: Record) -> None:
    outcomes = check(record({"arm": 3, "metric": ["x"]}, {}))
    assert [outcome.verdict for outcome in outcomes] == [Verdict.UNMET, Verdict.UNMET]


@pytest.mark.parametrize(
    ("figures", "measured"),
    [
        ([1.0] * 6 + [1.03] + [0.98] * 193, "200 layers: 0.98 (layer 8) … 1.03 (layer 7)"),
        ([1.0, 2.0, float("nan"), *[1.0] * 197], "200 layers: 1 (layer 1) … 2 (layer 2)"),
    ],
)
def test_of_many_layers_the_extremes_are_told(tmp_path: Path, figures: list[float], measured: str) -> None:
    claim = {"arm": "a", "metric": "std", "layer": "all", "between": [0.9, 1.1]}
    writer = Writer.create(tmp_path / "main.tlr", {"scenario": {"expect": [claim]}})
    writer.table([f"a/std/{layer}" for layer in range(1, 201)]).append(0, figures)
    writer.close()
    (outcome,) = check(Recording.open(tmp_path / "main.tlr"))
    kept = max(figures) < 1.1
    assert outcome.verdict == (Verdict.MET if kept else Verdict.UNMET)
    assert outcome.measured == measured + ("" if kept else "; broken by 2, first layer 2: 2")


@pytest.fixture
def drawn(tmp_path: Path) -> Record:
    """Two arms of eight networks: a's are 1 + .01·(−7, −5 … 7), b's twice as much but for the first, .5."""

    def make(*expect: dict[str, Any], **scenario: Any) -> Recording:
        figures = np.array([[1 + 0.01 * k] for k in range(-7, 8, 2)])
        others = 2 * figures
        others[0] = 0.5
        header = {"scenario": {"expect": list(expect), **scenario}}
        writer = Writer.create(tmp_path / "main.tlr", header)
        table = writer.table(["a/ratio", "b/ratio"])
        table.append(0, [figures.mean(), others.mean()])
        writer.frame("a/ratio.draws", 0, figures, {"kind": "draws"})
        writer.frame("b/ratio.draws", 0, others, {"kind": "draws"})
        writer.close()
        return Recording.open(tmp_path / "main.tlr")

    return make


@pytest.mark.parametrize(
    ("claim", "verdict", "said"),
    [
        ({"near": 1.0, "within": "4 sigma"}, "met", "8 draws, 4 sigma: "),
        ({"near": 1.05, "within": "3 sigma"}, "met", "off by -2."),
        ({"near": 1.2, "within": "4 sigma"}, "unmet", "off by -4.5 sigma"),
        ({"near": 1.0, "within": 0.1}, "met", "8 draws, 95 %: 0.959 … 1.041, holds by 3.4 sigma"),
        ({"between": [0.96, 1.04], "share_of_draws": 0.5}, "met", "in 4 of 8 draws"),
        ({"between": [0.96, 1.04], "share_of_draws": 0.6}, "unmet", "in 4 of 8 draws"),
        ({"below": "b", "p_below": 0.05}, "met", "in 7 of 8 draws, p = 0.035"),
        ({"below": "b", "p_below": 0.03}, "unmet", "in 7 of 8 draws, p = 0.035"),
        ({"below": "b", "by": 2.5, "p_below": 0.05}, "unmet", "in 0 of 8 draws, p = 1"),
        ({"above": "b", "share_of_draws": 0.1}, "met", "in 1 of 8 draws"),
        ({"below": "b", "over": "seeds"}, "not checked", "one seed"),
    ],
)
def test_draws_keep_or_break_a_statistic(
    drawn: Record, claim: dict[str, Any], verdict: str, said: str
) -> None:
    (outcome,) = check(drawn({"arm": "a", "metric": "ratio", **claim}))
    assert outcome.verdict == verdict, outcome
    assert said in outcome.measured


def test_what_was_changed_is_measured_and_not_judged(drawn: Record) -> None:
    claim = {"arm": "a", "metric": "ratio", "between": [5.0, 6.0]}
    (outcome,) = check(drawn(claim, changed=["network.width"]))
    assert outcome.verdict is Verdict.UNCHECKED
    assert outcome.verdict.fine
    assert outcome.measured.startswith("1;")
    assert "network.width" in outcome.measured


def test_runs_of_several_seeds_are_draws_too(tmp_path: Path) -> None:
    claim = {"arm": "a", "metric": "loss", "below": "b", "over": "seeds", "share_of_draws": 0.6}
    outcomes = []
    for seed, figures in enumerate([(1.0, 2.0), (1.5, 1.4), (0.5, 3.0)]):
        writer = Writer.create(tmp_path / f"{seed}.tlr", {"scenario": {"expect": [claim]}})
        writer.table(["a/loss", "b/loss"]).append(0, list(figures))
        writer.close()
        outcomes += check(Recording.open(tmp_path / f"{seed}.tlr"))
    assert [outcome.verdict for outcome in outcomes] == [Verdict.UNCHECKED] * 3
    together = across(claim, outcomes)
    assert (together.verdict, together.measured) == (Verdict.MET, "1; in 2 of 3 seeds")
    assert across(claim | {"share_of_draws": 0.7}, outcomes).verdict is Verdict.UNMET
    assert across(claim | {"share_of_draws": None}, outcomes).verdict is Verdict.MET
    assert across(claim | {"share_of_draws": None, "by": 3.0}, outcomes).verdict is Verdict.UNMET


def test_what_has_not_happened_by_the_end_happens_later(record: Record) -> None:
    claim = {"arm": "b", "event": "escaped", "above": "a"}
    recording = record({**claim, "by": 2.0}, {**claim, "by": 3.0})  # a's at 4, b's not by 10
    assert [outcome.verdict for outcome in check(recording)] == [Verdict.MET, Verdict.UNMET]
    assert {outcome.verdict for outcome in check(recording, over=False)} == {Verdict.OPEN}


def test_a_series_that_claims_to_be_of_the_billionth_layer_is_one_layer(tmp_path: Path) -> None:
    expect = {"arm": "a", "metric": "std", "layer": "all", "between": [0, 1]}
    writer = Writer.create(tmp_path / "far.tlr", {"scenario": {"expect": [expect]}})
    writer.table(["a/std/999999999"]).append(0, [0.5])
    writer.close()
    with Recording.open(tmp_path / "far.tlr") as recording:
        (outcome,) = check(recording)
    assert (outcome.verdict, outcome.measured) == (Verdict.UNMET, "nothing")
