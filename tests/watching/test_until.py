"""Conditions that a run goes on until."""

from __future__ import annotations

import math

import pytest

from tuilab.watching.until import condition

FIGURES = {
    "sgd/loss": 0.5,
    "momentum .5/validation.loss": 0.4,
    "sgd/activation.std/3": 2.0,
    "a/lost": math.nan,
}


@pytest.mark.parametrize(
    "text",
    [
        "loss <= .5",
        "loss<0.45",
        "sgd/loss >= 0.5",
        "validation.loss < 1",
        "step>=7",
        "activation.std > 1.9",
        "sgd/activation.std/3 > 1",
        "momentum .5/validation.loss < .41",
    ],
)
def test_holds(text: str) -> None:
    assert condition(text)(7, FIGURES)


@pytest.mark.parametrize(
    "text",
    ["loss < .4", "sgd/loss < 0.5", "step > 7", "accuracy > 0", "ss < 1", "lost < 1", "lost >= 1", "std > 3"],
)
def test_does_not_hold(text: str) -> None:
    assert not condition(text)(7, FIGURES)


@pytest.mark.parametrize(
    "text", ["", "loss", "loss <", "< 3", "loss < much", "loss == 3", "loss < 1 and x > 2", "a=3"]
)
def test_what_is_no_condition_is_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="is no condition; wanted one such as"):
        condition(text)
