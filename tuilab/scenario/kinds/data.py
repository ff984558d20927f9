"""Scenarios of data before and after preprocessing."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from tuilab.scenario.kinds.base import MOST_ARMS, ArmName, Scenario
from tuilab.scenario.metrics import Metric
from tuilab.scenario.parts.preprocessing import Cloud, Preprocessing, Source
from tuilab.scenario.strict import Strict


class DataSetup(Strict):
    """One preprocessing, and what its statistics are taken from."""

    preprocess: Preprocessing
    fitted_on: Literal["train", "all"] = Field(
        default="train", description="all: the test examples too, which is a leak"
    )


class DataScenario(Scenario):
    """Examples arrive, and every arm's preprocessing is fitted anew on those that are there.

    At step 0 the first few have come, at the last step all; in between each step has more by one factor.
    """

    kind: Literal["data"]
    source: Source = Cloud(name="cloud")
    train: int = Field(default=2_000, ge=4, le=1_000_000, description="training examples in all")
    test: int = Field(default=0, ge=0, le=1_000_000, description="test examples")
    first: int = Field(default=8, ge=2, description="training examples at step 0")
    steps: int | None = Field(default=40, ge=0, le=10**9)
    nudge: float = Field(
        default=0.1, gt=0, le=1e3, description="length of the random change to the classifier's weights"
    )
    ridge: float = Field(default=1e-4, gt=0, le=1e3, description="L2 penalty of the linear classifier")
    arms: dict[ArmName, DataSetup] = Field(min_length=1, max_length=MOST_ARMS)
    SETUP: ClassVar[type[Strict]] = DataSetup
    METRICS: ClassVar[dict[str, Metric]] = {
        "examples": Metric("examples that the statistics were fitted on"),
        "mean": Metric(
            "mean of the prepared training examples, by axis (pictures: by channel)", per_layer=True
        ),
        "std": Metric("their standard deviation, by axis (pictures: by channel)", per_layer=True),
        "covariance": Metric(
            "their covariance along the first two axes: 1 is (1,1), 2 is (1,2), 3 is (2,2)", per_layer=True
        ),
        "off_diagonal": Metric(
            "share of the covariance's squared entries that lie off its diagonal", "share"
        ),
        "eigenvalue.largest": Metric("largest eigenvalue of their covariance"),
        "eigenvalue.smallest": Metric("smallest eigenvalue of their covariance"),
        "whitening.error": Metric("largest entry of |covariance − identity|, training examples"),
        "test.whitening.error": Metric("largest entry of |covariance − identity|, test examples"),
        "hessian.condition": Metric(
            "condition number of the loss's Hessian for a linear classifier at zero weights"
        ),
        "classifier.loss": Metric(
            "loss of the linear classifier fitted to the prepared training examples", "nats"
        ),
        "test.loss": Metric("its loss on the test examples", "nats"),
        "test.accuracy": Metric("share of the test examples it classifies correctly", "share"),
        "nudge.rise": Metric(
            "rise of its training loss when its weights are nudged, mean over random directions", "nats"
        ),
        "leak.gap": Metric(
            "accuracy on the test examples as prepared here − with statistics of the training split alone",
            "share",
        ),
    }
    EVENTS: ClassVar[dict[str, str]] = {
        "leak": "its statistics are fitted on test examples too",
    }
    PANELS: ClassVar[list[dict[str, Any]]] = [
        {"type": "scatter", "title": "the prepared examples", "frame": "cloud"},
        {"type": "tiles", "title": "prepared pictures", "frame": "pictures"},
        {"type": "curves", "title": "off-diagonal share", "series": ["*/off_diagonal"]},
        {
            "type": "curves",
            "title": "Hessian's condition number",
            "series": ["*/hessian.condition"],
            "scale": "log",
        },
        {"type": "values", "title": "now", "series": ["*/examples", "*/whitening.error", "*/nudge.rise"]},
    ]

    @model_validator(mode="after")
    def _what_is_asked_for_is_there(self) -> DataScenario:
        if self.first > self.train:
            raise ValueError(f"the first {self.first:,} training examples are more than all {self.train:,}")
        if not self.test and any(arm.fitted_on == "all" for arm in self.arms.values()):
            raise ValueError('fitted_on = "all" wants test examples: give test')
        return self
