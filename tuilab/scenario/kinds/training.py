"""Scenarios of networks that learn."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from tuilab.scenario.kinds.base import MOST_ARMS, ArmName, Probes, Scenario
from tuilab.scenario.metrics import LAYER_METRICS, Metric
from tuilab.scenario.parts.augmentation import Augment
from tuilab.scenario.parts.data import Data, OwnData, Pictures, Points
from tuilab.scenario.parts.ensembles import Average, NoAverage
from tuilab.scenario.parts.initializers import Init, KaimingNormal
from tuilab.scenario.parts.judging import EarlyStopping, Target, Test
from tuilab.scenario.parts.losses import Loss, Softmax
from tuilab.scenario.parts.networks import MLP, Network, ResNet, SpeedRun
from tuilab.scenario.parts.optimizers import NetworkOptimizer
from tuilab.scenario.parts.own import Own
from tuilab.scenario.parts.regularizers import NoRegularizer, Regularizer
from tuilab.scenario.parts.schedules import Constant, Schedule
from tuilab.scenario.strict import Strict

TestName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,23}$")]


class TrainingProbes(Probes):
    """In a training run, where measuring competes with learning for the time."""

    every: int = Field(default=20, ge=0, le=1_000_000, description="steps between two measurements; 0: never")
    sample: int = Field(default=4096, ge=0, description="values taken a layer; 0 measures all of them")
    exact: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        description="steps between looks at the whole training set; 0: never",
    )
    curvature: int = Field(
        default=0, ge=0, le=1_000_000, description="steps between two measurements of the sharpness; 0: never"
    )
    preactivations: bool = Field(default=False, description="also measure what goes into the activations")
    weights: bool = Field(default=False, description="histograms of the weights")
    units: bool = Field(
        default=False, description="ranks of the weights, and how far the units of a layer are apart"
    )
    gap: int = Field(
        default=0, ge=0, le=1_000_000, description="training examples that are evaluated as the held-out are"
    )


class TrainingSetup(Strict):
    """One network, how it starts and how it learns."""

    network: Network
    init: Init = KaimingNormal(name="kaiming_normal")
    optimizer: NetworkOptimizer
    schedule: Schedule = Constant(name="constant")
    loss: Loss = Softmax(name="softmax")
    regularizer: Regularizer = NoRegularizer(name="none")
    augment: Augment = Augment()
    average: Average = NoAverage(name="none")
    early_stopping: EarlyStopping | None = None
    members: int = Field(default=1, ge=1, le=32, description="independent networks that vote: an ensemble")
    batch: int = Field(
        default=128,
        ge=1,
        le=65_536,
        description="examples a step; an arm with fewer takes the first ones",
    )
    target: Target | None = None

    @model_validator(mode="after")
    def _takes_pictures_of_any_size(self) -> TrainingSetup:
        if self.augment.window and not isinstance(self.network, ResNet | SpeedRun | Own):
            raise ValueError(
                f"a {self.network.name} takes pictures of one size only; leave augment.window out"
            )
        return self


class TrainingScenario(Scenario):
    """Networks learning to classify. Step 0 is before the first update; arms see the same batches."""

    kind: Literal["training"]
    data: Data = Pictures(name="pictures")
    epochs: float = Field(
        default=1, gt=0, le=10_000, description="passes over the training set, unless steps is given"
    )
    evaluate: float = Field(default=1, gt=0, description="epochs between two validations")
    tests: dict[TestName, Test] = Field(
        default={},
        max_length=8,
        description="further ways of using the networks, measured at every validation",
    )
    checkpoints: bool = Field(
        default=True, description="keep the networks' state, to resume from: some hundred MB for large ones"
    )
    probes: TrainingProbes = TrainingProbes()
    watch: list[Literal["confusion", "mistakes", "filters", "samples"]] = Field(
        default=[], description="pictures drawn at every validation"
    )
    precision: Literal["float32", "bf16", "auto"] = Field(
        default="float32",
        description="of products; weights, losses and figures are float32 always; auto: bf16 on a GPU",
    )
    arms: dict[ArmName, TrainingSetup] = Field(min_length=1, max_length=MOST_ARMS)
    SETUP: ClassVar[type[Strict]] = TrainingSetup
    METRICS: ClassVar[dict[str, Metric]] = {
        "train.loss": Metric("loss of the batch, before the update, without penalties", "nats"),
        "train.accuracy": Metric("share of the batch classified correctly, before the update", "share"),
        "validation.loss": Metric("loss on the held-out examples", "nats"),
        "validation.accuracy": Metric("share of the held-out examples classified correctly", "share"),
        "fit.loss": Metric("loss on a sample of the training examples, measured as on the held-out", "nats"),
        "fit.accuracy": Metric(
            "share of a sample of the training examples classified correctly, measured as on the held-out",
            "share",
        ),
        "gap.loss": Metric("loss on the held-out examples − on training examples, measured alike", "nats"),
        "gap.accuracy": Metric("accuracy on training examples − on the held-out, measured alike", "share"),
        "train.penalty": Metric("what the regulariser adds to the loss of the batch", "nats"),
        "best.accuracy": Metric("accuracy of the best network so far on the held-out examples", "share"),
        "best.loss": Metric("loss of the best network so far on the held-out examples", "nats"),
        "restored.accuracy": Metric(
            "accuracy on the held-out examples after going back to the best", "share"
        ),
        "restored.loss": Metric("loss on the held-out examples after going back to the best", "nats"),
        "restored.shift": Metric("accuracy after going back to the best − the best seen", "share"),
        "dropout.mean": Metric("mean of what a dropout layer hands on ÷ of what it gets", per_layer=True),
        "dropout.variance": Metric(
            "mean square of what dropout adds to its inputs ÷ mean square of the inputs", per_layer=True
        ),
        "member.accuracy": Metric(
            "accuracy of each network of an ensemble on the held-out examples", "share", per_layer=True
        ),
        "members.accuracy": Metric("mean of the members' accuracies on the held-out examples", "share"),
        "ensemble.gain": Metric("accuracy of the ensemble − mean of its members'", "share"),
        "averaged.accuracy": Metric(
            "accuracy of what was gathered: mean weights, or snapshots voting", "share"
        ),
        "averaged.loss": Metric("loss of what was gathered: mean weights, or snapshots voting", "nats"),
        "averaged.gain": Metric(
            "accuracy of what was gathered − of the network as it is; in an ensemble both of the first",
            "share",
        ),
        "learning_rate": Metric("learning rate of the next update"),
        "rank.loss": Metric(
            "loss of one process's share of the batch, by its number", "nats", per_layer=True
        ),
        "rank.accuracy": Metric(
            "accuracy on one process's share of the batch, by its number", "share", per_layer=True
        ),
        "sharpness": Metric(
            "largest eigenvalue of the Hessian of the batch's loss; predicted: where a quadratic diverges"
        ),
        "weight.norm": Metric("Euclidean norm of a layer's weights", per_layer=True),
        "weight.growth": Metric("norm of a layer's weights ÷ its norm at step 0", per_layer=True),
        "weight.zeros": Metric("share of a layer's weights that are exactly zero", "share", per_layer=True),
        "weight.rank": Metric(
            "rank of a layer's weights, what is below single precision left out", per_layer=True
        ),
        "weight.unit_distance": Metric(
            "largest distance of a unit's weights from the mean unit's ÷ the units' root mean square norm",
            per_layer=True,
        ),
        "update.ratio": Metric("norm of a layer's update ÷ norm of its weights", per_layer=True),
        "activation.dead.exact": Metric(
            "share of units that are zero for every training example", "share", per_layer=True
        ),
        "preactivation.mean": Metric(
            "mean of what goes into a layer's activation", per_layer=True, sampled=True
        ),
        "preactivation.std": Metric(
            "standard deviation of what goes into a layer's activation", per_layer=True, sampled=True
        ),
        **LAYER_METRICS,
    }
    EVENTS: ClassVar[dict[str, str]] = {
        "diverged": "a figure became NaN or infinite",
        "reached": "the arm's target was reached",
        "best": "the network is the best so far on the held-out examples",
        "stopped": "no better network came for as long as the arm's patience lasts",
        "restored": "back to the best network",
        "data": "which data were there",
        "missing": "a class has no example in the training split, or in the held-out",
    }
    PANELS: ClassVar[list[dict[str, Any]]] = [
        {
            "type": "curves",
            "title": "loss",
            "series": ["*/train.loss", "*/validation.loss"],
            "scale": "linear",
        },
        {
            "type": "curves",
            "title": "accuracy",
            "series": ["*/train.accuracy", "*/validation.accuracy"],
            "scale": "linear",
        },
        {"type": "layers", "title": "spread of activations", "metric": "activation.std", "scale": "linear"},
        {"type": "histograms", "title": "activations, layer by layer", "frame": "activation.histogram"},
        {"type": "layers", "title": "gradient norm", "metric": "gradient.norm", "scale": "log"},
        {"type": "curves", "title": "learning rate", "series": ["*/learning_rate"], "scale": "linear"},
        {
            "type": "values",
            "title": "now",
            "series": ["engine/images_per_second", "engine/probe_share", "*/validation.accuracy"],
        },
    ]

    @property
    def metrics(self) -> dict[str, Metric]:
        """Those of the kind, and three for every further test."""
        tested = {
            f"{figure}.{name}": Metric(
                f"{self.METRICS[figure].meaning}, in test {name}", self.METRICS[figure].unit
            )
            for name in self.tests
            for figure in ("validation.loss", "validation.accuracy")
        }
        gains = {
            f"gain.{name}": Metric(f"accuracy in test {name} − accuracy as networks are used", "share")
            for name in self.tests
        }
        return {**self.METRICS, **tested, **gains}

    @property
    def shown_panels(self) -> list[dict[str, Any]]:
        """The file's own, or the kind's, with the decision first where the data are points in the plane."""
        decision = {"type": "map", "title": "the decision", "frame": "boundary", "points": "points"}
        first = [] if self.panels or isinstance(self.data, Pictures | OwnData) else [decision]
        return first + super().shown_panels

    @model_validator(mode="after")
    def _fits_the_data(self) -> TrainingScenario:
        if isinstance(self.data, Points):
            self.take_points(self.data.name)
        return self

    def take_points(self, data: str) -> None:
        """Raise ValueError where something wants pictures: the data of this name are points."""
        for name, arm in self.arms.items():
            if not isinstance(arm.network, MLP | Own):
                raise ValueError(f"arm {name}: a {arm.network.name} wants pictures, and {data} are points")
            changes = arm.augment.model_dump(exclude={"noise", "mixup"}, exclude_defaults=True)
            if changes:
                raise ValueError(f"arm {name}: augment.{next(iter(changes))} is for pictures, not for points")
        for name, test in self.tests.items():
            if test.flips or test.crops:
                raise ValueError(f"tests.{name}: flips and crops are for pictures, not for points")
