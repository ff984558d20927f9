"""Examples arriving, and preprocessings fitted on those that are there."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from tuilab.experiments import data_frames
from tuilab.experiments.data_classifier import Classifier
from tuilab.experiments.data_sources import Examples, examples
from tuilab.experiments.observation import Observation
from tuilab.experiments.tuning import changed, numbers
from tuilab.parts.preprocessing import CORRELATING, PREPROCESSINGS, Affine, Moments
from tuilab.scenario.kinds.data import Preparation
from tuilab.scenario.strict import Strict

_CORRELATED = 1_024
"""Features up to which covariance matrices are measured though no arm needs them."""


class DataExperiment:
    """Step k has n_k training examples, from `first` to `train` in equal ratios. On the CPU.

    Raises:
        tuilab.data.DataError: the pictures aren't there, or fewer than wanted.
    """

    sampled = 0

    def __init__(self, scenario: Preparation) -> None:
        self.steps = scenario.steps or 0
        self._scenario = scenario
        self._step = 0
        self._train, self._test, cloud = examples(scenario)
        self._settings: dict[str, Strict] = {
            f"{name}/preprocess": arm.preprocess for name, arm in scenario.arms.items()
        }
        self._correlated = math.prod(self._train.shape) <= _CORRELATED or any(
            arm.preprocess.name in CORRELATING for arm in scenario.arms.values()
        )
        self._seen = Moments(self._train.shape, self._correlated)
        """Of the training examples that have come."""
        self._known = None if cloud is None else Moments.of(self._train.shape, cloud.mean, cloud.covariance)
        """Of what they are drawn from."""
        self._classifier = (
            None
            if cloud is None
            else Classifier(self._train, self._test, scenario.seed, scenario.nudge, scenario.ridge)
        )

    def __iter__(self) -> DataExperiment:
        return self

    @torch.no_grad()
    def __next__(self) -> Observation:
        step = self._step
        if step > self.steps:
            raise StopIteration
        self._step += 1
        observation = Observation(step, {})
        for part in self._train.parts(self._seen.count, self._count(step)):
            self._seen.add(part)
        everything = None
        for name, arm in self._scenario.arms.items():
            if arm.fitted_on == "train":
                self._observe(name, self._seen, observation)
                continue
            if step == 0:
                observation.events.append(("leak", name, {"test_examples": len(self._test)}))
            if everything is None:
                everything = self._moments(self._train, self._seen.count)
                self._moments(self._test, len(self._test), into=everything)
            self._observe(name, everything, observation)
        return observation

    def tunables(self) -> dict[str, float]:
        """The numbers of each arm's preprocessing."""
        return numbers(self._settings)

    def tune(self, key: str, value: float) -> None:
        """Fit with another setting from the next step on; raises KeyError or ValueError."""
        place, settings = changed(self._settings, key, value)
        self._settings[place] = settings

    def _count(self, step: int) -> int:
        first, last = self._scenario.first, self._scenario.train
        return round(first * (last / first) ** (step / self.steps)) if self.steps else last

    def _fitted(self, arm: str, moments: Moments) -> Affine:
        given = self._settings[f"{arm}/preprocess"].model_dump()
        return PREPROCESSINGS[given.pop("name")](moments, **given)

    def _moments(
        self, data: Examples, count: int, prepare: Affine | None = None, into: Moments | None = None
    ) -> Moments:
        """Of the first `count` examples, prepared."""
        found = into or Moments(self._train.shape, self._correlated)
        for part in data.parts(0, count):
            found.add(part if prepare is None else prepare(part))
        return found

    def _observe(self, arm: str, source: Moments, observation: Observation) -> None:
        """What the preprocessing fitted on `source` does to the examples that are there."""
        prepare = self._fitted(arm, source)
        values: dict[str, float] = {"examples": source.count}
        values |= _figures(self._moments(self._train, self._seen.count, prepare))
        if self._correlated and len(self._test):
            prepared = self._moments(self._test, len(self._test), prepare)
            values["test.whitening.error"] = _whitening_error(prepared.covariance)
        if self._known is not None:
            expected = _figures(self._fitted(arm, self._known).moments(self._known))
            values |= {_predicted(metric): value for metric, value in expected.items()}
        if self._classifier is not None:
            found, curve = self._classifier.fitted(prepare, self._seen.count)
            values |= found
            observation.frames[f"{arm}/nudge"] = curve
            if source is not self._seen:
                honest, _ = self._classifier.fitted(self._fitted(arm, self._seen), self._seen.count)
                values["leak.gap"] = values["test.accuracy"] - honest["test.accuracy"]
        observation.values.update({f"{arm}/{metric}": value for metric, value in values.items()})
        self._show(arm, prepare, observation)

    def _show(self, arm: str, prepare: Affine, observation: Observation) -> None:
        frames = observation.frames
        if self._train.labels is not None:
            frames[f"{arm}/cloud"] = data_frames.points(self._train, prepare, self._seen.count)
            return
        zca = self._scenario.arms[arm].preprocess.name == "whiten_zca"
        frames[f"{arm}/pictures"] = data_frames.pictures(self._train, prepare)
        learned = data_frames.learned(self._train, prepare, local=zca)
        if learned is not None:
            frames[f"{arm}/learned"] = learned


def _figures(moments: Moments) -> dict[str, float]:
    mean, std = moments.by_channel()
    values = _numbered("mean", mean[:3]) | _numbered("std", std[:3])
    if not moments.correlations:
        return values
    covariance = moments.covariance
    squares, eigenvalues = covariance.square(), torch.linalg.eigvalsh(covariance)
    entries = torch.stack([covariance[0, 0], covariance[0, 1], covariance[1, 1]])
    return {
        **values,
        **_numbered("covariance", entries),
        "off_diagonal": float(1 - squares.diagonal().sum() / squares.sum()),
        "eigenvalue.largest": float(eigenvalues[-1]),
        "eigenvalue.smallest": float(eigenvalues[0].clamp(min=0)),
        "whitening.error": _whitening_error(covariance),
        "hessian.condition": _condition(moments),
    }


def _whitening_error(covariance: Tensor) -> float:
    return float((covariance - torch.eye(len(covariance), dtype=covariance.dtype)).abs().max())


def _condition(moments: Moments) -> float:
    """Of ⟨x̃x̃ᵀ⟩, x̃ = (x, 1): at zero weights every example has the same p(1 − p), so H is a multiple of it."""
    mean = torch.cat([moments.mean, moments.mean.new_ones(1)])
    second = torch.outer(mean, mean)
    second[:-1, :-1] += moments.covariance
    eigenvalues = torch.linalg.eigvalsh(second)
    # What is left of an exact 0 after rounding is no curvature.
    floor = eigenvalues[-1] * len(mean) * torch.finfo(mean.dtype).eps
    return float(eigenvalues[-1] / eigenvalues[0]) if eigenvalues[0] > floor else math.inf


def _numbered(metric: str, figures: Tensor) -> dict[str, float]:
    return {f"{metric}/{k}": value for k, value in enumerate(figures.tolist(), 1)}


def _predicted(metric: str) -> str:
    name, slash, number = metric.partition("/")
    return f"{name}.predicted{slash}{number}"
