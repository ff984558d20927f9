"""Losses that a scenario can name."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Tag

from tuilab.scenario.parts.own import WHOSE, Own
from tuilab.scenario.strict import Positive, Strict


class Softmax(Strict):
    """Cross entropy of the softmax of the scores."""

    name: Literal["softmax"]
    label_smoothing: float = Field(
        default=0.0, ge=0, lt=1, description="share of the label spread over all classes"
    )


class SVM(Strict):
    """Multiclass hinge loss: every wrong class has to score at least `margin` less than the right one."""

    name: Literal["svm"]
    margin: Positive = 1.0


class NoLoss(Strict):
    """No loss at all: what a regulariser does alone."""

    name: Literal["none"]


OurLoss = Annotated[Softmax | SVM | NoLoss, Field(discriminator="name")]
Loss = Annotated[Annotated[OurLoss, Tag("[ours]")] | Annotated[Own, Tag("[own]")], WHOSE]
