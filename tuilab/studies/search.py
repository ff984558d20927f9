"""Which point comes next: a grid, draws, or what Optuna proposes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from tuilab.studies.journal import Trial
from tuilab.studies.space import Axis, Value
from tuilab.studies.study import StudyError
from tuilab.studies.sweep import Sweep

_STORE = "optuna.log"


class Proposer(Protocol):
    """Asked for trials, told what they came to."""

    def ask(self, number: int) -> Trial:
        """The trial of this number."""

    def tell(self, trial: Trial) -> None:
        """How one came out."""


class Listed:
    """A grid or draws: each trial is known by its number."""

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep

    def ask(self, number: int) -> Trial:
        """See `Proposer.ask`."""
        return self._sweep.trial(number)

    def tell(self, trial: Trial) -> None:
        """See `Proposer.tell`."""


class Tpe:
    """Optuna's tree-structured Parzen estimator (Bergstra et al. 2011), its journal in the sweep's folder."""

    def __init__(self, sweep: Sweep, known: Sequence[Trial]) -> None:
        try:
            import optuna
            from optuna.storages import JournalStorage
            from optuna.storages.journal import JournalFileBackend
        except ImportError:
            raise StudyError("--search tpe needs Optuna: pip install 'tuilab[sweep]'") from None
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._sweep, self._optuna = sweep, optuna
        self._study = optuna.create_study(
            storage=JournalStorage(JournalFileBackend(str(sweep.path / _STORE))),
            study_name="sweep",
            direction="maximize" if sweep.plan.maximize else "minimize",
            sampler=optuna.samplers.TPESampler(seed=int(sweep.plan.scenario.get("seed", 0))),
            load_if_exists=True,
        )
        self._distributions = {axis.key: self._distribution(axis) for axis in sweep.space.axes}
        self._asked = {
            trial.user_attrs["number"]: trial.number
            for trial in self._study.get_trials(deepcopy=False)
            if "number" in trial.user_attrs
        }
        self._points = {trial.number: trial.point for trial in known}
        for trial in known:
            if trial.told:
                self.tell(trial)

    def ask(self, number: int) -> Trial:
        """See `Proposer.ask`: the seeds of a point one after another, the first of them proposed."""
        plan = self._sweep.plan
        place, seed = divmod(number, plan.seeds)
        first = int(plan.scenario.get("seed", 0))
        if seed:
            return Trial(number, self._points[place * plan.seeds], first + seed)
        asked = self._study.ask(self._distributions)
        asked.set_user_attr("number", number)
        self._asked[number] = asked.number
        self._points[number] = dict(asked.params)
        return Trial(number, self._points[number], first)

    def tell(self, trial: Trial) -> None:
        """See `Proposer.tell`: one that came to nothing is told as failed, which keeps the search away."""
        place = self._asked.get(trial.number)
        if place is None:
            return
        states = self._optuna.trial.TrialState
        if self._study.get_trials(deepcopy=False)[place].state.is_finished():
            return
        if trial.value is None:
            self._study.tell(place, state=states.FAIL)
        else:
            self._study.tell(place, trial.value)

    def _distribution(self, axis: Axis) -> Any:
        kinds = self._optuna.distributions
        if axis.ends is None:
            choices: list[Value] = list(axis.values)
            return kinds.CategoricalDistribution(choices)
        low, high = axis.ends
        if axis.whole:
            return kinds.IntDistribution(int(low), int(high), log=axis.log)
        return kinds.FloatDistribution(low, high, log=axis.log)


def proposer(sweep: Sweep, known: Sequence[Trial]) -> Proposer:
    """Who proposes the points of a sweep.

    Raises:
        StudyError: Optuna is wanted and not there.
    """
    return Tpe(sweep, known) if sweep.plan.search == "tpe" else Listed(sweep)
