"""A fork's beginning: its parent taken to the step where they part, and what it knew handed over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tuilab.engine import checkpoints
from tuilab.engine.checkpoints import CheckpointError, Restored
from tuilab.engine.errors import EngineError
from tuilab.experiments import Experiment
from tuilab.experiments.state import differences
from tuilab.runs import Command, Run

Build = Callable[[Run], Experiment]
"""The experiment of a run's scenario, not begun."""
Told = Callable[[int, int, str], None]

_REMEMBERED = ("optimizer", "memory")
"""What an arm's state calls what its optimiser remembers."""


@dataclass
class _Point:
    """An experiment on its way, and its tunables as its scenario has them."""

    experiment: Experiment
    step: int = -1
    seconds: float = 0.0
    begun: dict[str, float] = field(default_factory=dict)


def enter(run: Run, experiment: Experiment, build: Build, told: Told) -> Restored:
    """Take a fork's experiment, which has not begun, to the step where it parts from its parent.

    Args:
        run: the fork.
        experiment: of its own scenario.
        build: makes those of the runs it comes from.
        told: told about every step of theirs that is done again.

    Raises:
        EngineError: the parent is gone, or can't be what this scenario goes on from.
    """
    about = run.facts["parent"]
    parent, step = run.parent(), about.get("step") if isinstance(about, Mapping) else None
    if parent is None or not isinstance(step, int):
        raise EngineError(f"{run.name}: the run that it was forked from is not there any more")
    point = _taken_to(parent, step, commands(run), build, told)
    _hand_over(run, parent, point, experiment)
    return Restored(step, {"seconds": point.seconds}, [])


def commands(run: Run) -> list[tuple[int, Command]]:
    """What is to be turned in a run, and after which step: what is nonsense among it is left out."""
    found = run.facts.get("turned")
    return [
        (
            each["step"],
            {"id": str(each.get("id", ""))} | {key: each[key] for key in each if key not in ("step", "id")},
        )
        for each in (found if isinstance(found, list) else [])
        if isinstance(each, dict) and type(each.get("step")) is int and isinstance(each.get("do"), str)
    ]


def _taken_to(run: Run, step: int, turned: Sequence[tuple[int, Command]], build: Build, told: Told) -> _Point:
    """A run as it was after a step: from its nearest checkpoint before, the rest done again."""
    point = _Point(build(run))
    experiment, point.begun = point.experiment, dict(point.experiment.tunables())
    try:
        restored = checkpoints.restore(run.path / "checkpoints", experiment, step)
    except CheckpointError as error:
        raise EngineError(str(error)) from None
    if restored is None and "parent" in run.facts:
        restored = enter(run, experiment, build, told)
    if restored is not None:
        point.step = restored.step
        seconds = restored.facts.get("seconds")
        point.seconds = float(seconds) if isinstance(seconds, int | float) else 0.0
        _turn(experiment, turned, point.step)
    while point.step < step:
        try:
            point.step = next(experiment).step
        except StopIteration:
            raise EngineError(f"{run.name}: it has no step {step}") from None
        _turn(experiment, turned, point.step)
        told(point.step, step, "done again")
    return point


def _turn(experiment: Experiment, turned: Sequence[tuple[int, Command]], step: int) -> None:
    for _, command in (each for each in turned if each[0] == step):
        match command:
            case {"do": "set", "key": key, "value": value}:
                experiment.tune(key, value)
            case {"do": "patch", "at": at, "with": changes}:
                experiment.patch(at, changes)


def _hand_over(run: Run, parent: Run, point: _Point, experiment: Experiment) -> None:
    """Let a fork know what its parent knew; an optimiser of another name begins anew."""
    before, begun = point.experiment, experiment.tunables()
    if dict(before.data) != dict(experiment.data):
        raise EngineError(f"{run.name}: it would go on with other data than {parent.name} began with")
    for key, value in before.tunables().items():
        if key in begun and begun[key] == point.begun.get(key) and begun[key] != value:
            experiment.tune(key, value)  # turned in the parent, and not set anew for the fork
    here, there = experiment.state(), before.state()
    others = {arm for arm in _names(run) if _names(run)[arm] != _names(parent).get(arm)}
    state = _merged(here, there, others)
    if wrong := differences(here, state):
        raise EngineError(
            f"{run.name}: it can't go on from step {point.step} of {parent.name} with these settings: "
            f"{', '.join(wrong[:3])}"
        )
    try:
        experiment.restore(state)
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        raise EngineError(
            f"{run.name}: it can't go on from step {point.step} of {parent.name} with these settings: {error}"
        ) from None


def _names(run: Run) -> dict[str, Any]:
    """Each arm's optimiser."""
    arms = run.scenario.get("arms")
    optimizers = {name: arm.get("optimizer") for name, arm in arms.items()} if isinstance(arms, dict) else {}
    return {name: o.get("name") if isinstance(o, dict) else o for name, o in optimizers.items()}


def _merged(here: Any, there: Any, others: set[str], inside: bool = False) -> Any:
    """The parent's state; but what an optimiser remembers is the fork's where that is another one."""
    if isinstance(here, Mapping) and isinstance(there, Mapping):
        return {
            key: here[key]
            if inside and key in _REMEMBERED and key in here
            else _merged(here.get(key), value, others, inside or key in others)
            for key, value in there.items()
        }
    if isinstance(here, list | tuple) and isinstance(there, list | tuple) and len(here) == len(there):
        return [_merged(mine, theirs, others, inside) for mine, theirs in zip(here, there, strict=True)]
    return there
