"""How networks are judged while they learn: by a target, by other ways of using them, for the best one."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from tuilab.scenario.strict import Strict


class Target(Strict):
    """A goal whose first reaching is an event, with its step."""

    loss: float | None = Field(default=None, gt=0, description="reached when the loss is this or less")
    accuracy: float | None = Field(default=None, gt=0, le=1, description="reached when it is this or more")
    on: Literal["train", "validation"] = "train"
    over: int = Field(default=1, ge=1, le=10_000, description="batches that a training figure is the mean of")

    @model_validator(mode="after")
    def _one_goal(self) -> Target:
        if (self.loss is None) == (self.accuracy is None):
            raise ValueError("a target is either a loss or an accuracy")
        return self


class Test(Strict):
    """One way of using a network on the held-out examples; plain validation is that of the defaults."""

    mode: Literal["eval", "train", "sampled", "fresh"] = Field(
        default="eval",
        description="eval: as it should be; train: as while learning, dropout and batch statistics; "
        "sampled: with dropout; fresh: with running statistics that have seen nothing",
    )
    batch: int = Field(default=500, ge=1, le=65_536, description="examples at once")
    order: Literal["mixed", "class"] = Field(default="mixed", description="class: one class after the other")
    shift: float = Field(default=0.0, ge=-100, le=100, description="added to every normalised input")
    passes: int = Field(default=1, ge=1, le=1_000, description="passes whose probabilities are averaged")
    flips: bool = Field(default=False, description="average over each picture and its mirror image")
    crops: int = Field(
        default=0, ge=0, le=16, description="average over the picture and four shifts by so many pixels"
    )
    fused: bool = Field(default=False, description="with batch norms folded into the maps before them")


class EarlyStopping(Strict):
    """Keep the network that was best on the held-out examples, and go back to it in the end."""

    metric: Literal["accuracy", "loss"] = "accuracy"
    patience: int = Field(
        default=0, ge=0, le=100_000, description="stop after so many validations without a best; 0: never"
    )
