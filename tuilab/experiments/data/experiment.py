"""The experiment: examples arriving, and preprocessings fitted on those that are there."""

from __future__ import annotations

import math
from typing import Any

import torch

from tuilab.experiments.data import frames as draw
from tuilab.experiments.data.classifier import Classifier
from tuilab.experiments.data.figures import figures, predicted, whitening_error
from tuilab.experiments.data.sources import Examples, examples
from tuilab.experiments.observation import Observation
from tuilab.experiments.stepped import SteppedExperiment
from tuilab.parts.preprocessing import CORRELATING, PREPROCESSINGS, Affine, Moments
from tuilab.scenario.kinds.data import DataScenario

_CORRELATED = 1_024
"""Features up to which covariance matrices are measured though no arm needs them."""


class DataExperiment(SteppedExperiment):
    """Step k has n_k training examples, from `first` to `train` in equal ratios. On the CPU.

    Raises:
        tuilab.data.DataError: the pictures aren't there, or fewer than wanted.
    """

    def __init__(self, scenario: DataScenario) -> None:
        super().__init__(
            scenario.steps, {f"{name}/preprocess": arm.preprocess for name, arm in scenario.arms.items()}
        )
        self._scenario = scenario
        self._train, self._test, cloud, self.data = examples(scenario)
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

    @torch.no_grad()
    def _observe(self, observation: Observation) -> None:
        step = observation.step
        self._arrive(step)
        everything = None
        for name, arm in self._scenario.arms.items():
            if arm.fitted_on == "train":
                self._observe_arm(name, self._seen, observation)
                continue
            if step == 0:
                observation.events.append(("leak", name, {"test_examples": len(self._test)}))
            if everything is None:
                everything = self._moments(self._train, self._seen.count)
                self._moments(self._test, len(self._test), into=everything)
            self._observe_arm(name, everything, observation)

    def _arrive(self, step: int) -> None:
        """Let the step's examples come."""
        for part in self._train.parts(self._seen.count, self._count(step)):
            self._seen.add(part)

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there: the examples that had come do so again, in the same parts."""
        super().restore(state)
        for step in range(self._step):
            self._arrive(step)

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

    def _observe_arm(self, arm: str, source: Moments, observation: Observation) -> None:
        """What the preprocessing fitted on `source` does to the examples that are there."""
        prepare = self._fitted(arm, source)
        values: dict[str, float] = {"examples": source.count}
        values |= figures(self._moments(self._train, self._seen.count, prepare))
        if self._correlated and len(self._test):
            prepared = self._moments(self._test, len(self._test), prepare)
            values["test.whitening.error"] = whitening_error(prepared.covariance)
        if self._known is not None:
            expected = figures(self._fitted(arm, self._known).moments(self._known))
            values |= {predicted(metric): value for metric, value in expected.items()}
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
            frames[f"{arm}/cloud"] = draw.points(self._train, prepare, self._seen.count)
            return
        zca = self._scenario.arms[arm].preprocess.name == "whiten_zca"
        frames[f"{arm}/pictures"] = draw.pictures(self._train, prepare)
        learned = draw.learned(self._train, prepare, local=zca)
        if learned is not None:
            frames[f"{arm}/learned"] = learned
