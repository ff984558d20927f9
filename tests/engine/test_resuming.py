"""Whatever the scenario: interrupted anywhere, as often as one likes, a run comes to the same bit for bit.

`TUILAB_EXAMPLES=1000 pytest tests/engine/test_resuming.py` looks at so many new scenarios of each kind.
"""

from __future__ import annotations

import os
import random
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.drawn_scenarios import scenarios
from tuilab.engine import checkpoints
from tuilab.experiments import Experiment, Observation, build
from tuilab.recording import SeriesName
from tuilab.scenario.kinds.base import Scenario
from tuilab.scenario.metrics import ENGINE_METRICS
from tuilab.scenario.schema import KINDS

EXAMPLES = int(os.environ.get("TUILAB_EXAMPLES", "0"))
QUICK = {"training": 30, "descent": 20, "costs": 2}

CPU = torch.device("cpu")
THOROUGH = settings(
    deadline=None,
    derandomize=not EXAMPLES,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@dataclass(frozen=True)
class Turn:
    """After a step a person changes one of the numbers there are."""

    step: int
    which: int
    factor: float


@dataclass(frozen=True)
class Break:
    """After a step a checkpoint is made; the engine goes on for a while, which is lost."""

    step: int
    lost: int


def turns(steps: int) -> st.SearchStrategy[list[Turn]]:
    factors = st.sampled_from([0.5, 0.0, 2.0])
    return st.lists(st.builds(Turn, st.integers(0, steps), st.integers(0, 9), factors), max_size=3)


def breaks(steps: int) -> st.SearchStrategy[list[Break]]:
    found = st.lists(st.builds(Break, st.integers(0, steps), st.integers(0, 3)), min_size=1, max_size=3)
    return found.map(lambda parts: sorted(parts, key=lambda part: part.step))


def turned(experiment: Experiment, step: int, turns: list[Turn]) -> None:
    """What the person does after a step; a value that is refused stays as it was."""
    for turn in turns:
        known = sorted(experiment.tunables().items())
        if turn.step == step and known:
            key, value = known[turn.which % len(known)]
            try:
                experiment.tune(key, value * turn.factor)
            except ValueError:
                assert experiment.tunables()[key] == value


@contextmanager
def drawing_from_nobody_elses() -> Iterator[None]:
    """As in another process: the generators that everybody shares are elsewhere, and are left as they are."""
    seeds = random.SystemRandom()
    torch.manual_seed(seeds.getrandbits(60))
    np.random.seed(seeds.getrandbits(32))
    random.seed(seeds.getrandbits(60))
    before = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
    yield
    assert torch.equal(torch.get_rng_state(), before[0]), "torch's own generator was drawn from"
    assert np.random.get_state()[1].tolist() == before[1], "NumPy's own generator was drawn from"
    assert random.getstate() == before[2], "Python's own generator was drawn from"


def built(scenario: Scenario) -> Experiment:
    with drawing_from_nobody_elses():
        return build(scenario, CPU)


def advance(experiment: Experiment, count: int, turns: list[Turn]) -> list[Observation]:
    """So many steps, or as many as there are."""
    found = []
    with drawing_from_nobody_elses():
        for observation in islice(experiment, count):
            found.append(observation)
            turned(experiment, observation.step, turns)
    return found


def interrupted(scenario: Scenario, turns: list[Turn], breaks: list[Break]) -> list[Observation]:
    """The observations that count: those before each checkpoint, and those after the last."""
    with TemporaryDirectory() as name:
        folder, found = Path(name), []
        for number, stop in enumerate(breaks):
            experiment = built(scenario)
            restored = checkpoints.restore(folder, experiment)
            assert (restored is None) is (number == 0)
            if restored is not None:
                assert restored.facts == {"events": number - 1}
                assert not restored.notes
            found += advance(experiment, stop.step + 1 - len(found), turns)
            checkpoints.save(folder, experiment, len(found) - 1, {"events": number})
            advance(experiment, stop.lost, turns)
        experiment = built(scenario)
        checkpoints.restore(folder, experiment)
        return found + advance(experiment, scenario.steps or 10**6, turns)


def bits(observation: Observation, clocks: set[str]) -> dict[str, Any]:
    """All that was observed, in a form in which equal means equal to the last bit."""
    values = {
        name: struct.pack("<d", value)
        for name, value in observation.values.items()
        if SeriesName.parse(name).arm != "engine" and SeriesName.parse(name).metric not in clocks
    }
    frames = {
        name: (array.tobytes(), array.dtype.str, array.shape, repr(meta))
        for name, (array, meta) in observation.frames.items()
    }
    return {"step": observation.step, **values, **frames, "events": repr(observation.events)}


def assert_same(scenario: Scenario, turns: list[Turn], breaks: list[Break]) -> None:
    whole = advance(built(scenario), 10**6, turns)
    found = interrupted(scenario, turns, breaks)
    clocks = {name for name, metric in scenario.metrics.items() if metric.clock}
    assert len(found) == len(whole)
    for mine, wanted in zip(found, whole, strict=True):
        ours, theirs = bits(mine, clocks), bits(wanted, clocks)
        assert ours.keys() == theirs.keys(), wanted.step
        differing = [name for name in theirs if ours[name] != theirs[name]]
        assert not differing, (wanted.step, differing)


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_interrupted_anywhere_is_the_same_bit_for_bit(kind: str) -> None:
    @settings(THOROUGH, max_examples=EXAMPLES or QUICK.get(kind, 6))
    @given(scenarios(kind), turns(9), breaks(9))
    def check(scenario: Scenario, turns: list[Turn], breaks: list[Break]) -> None:
        assert_same(scenario, turns, breaks)

    check()


MOONS = {"name": "moons", "train": 40, "validation": 20}
MLP = {"name": "mlp", "width": 6, "depth": 2, "norm": "batch", "dropout": 0.3}
CONVNET = {"name": "convnet", "channels": [3, 4], "dropout": 0.3}
MOMENTUM = {"name": "momentum", "lr": 0.1}
BOWL = {"surface": {"name": "quadratic"}, "steps": 20}
WALK = {"optimizer": {"name": "sgd", "lr": 0.02}, "start": [1.0, -2.0], "noise": {"std": 0.5, "batch": 1}}
KNOWN: dict[str, dict[str, Any]] = {
    "averaged weights with dropout and batch norm": {
        "arms": {
            name: {
                "network": MLP,
                "optimizer": MOMENTUM,
                "batch": 10,
                "average": {"name": "swa", "start": 0.1},
            }
            for name in ("one", "two")
        }
    },
    "dropout sampled in a fused copy": {
        "data": {"name": "shapes10", "train": 20, "validation": 10},
        "arms": {"one": {"network": CONVNET, "optimizer": MOMENTUM, "batch": 10}},
        "tests": {"sampled": {"mode": "sampled", "fused": True}},
    },
    "L-BFGS on weights that lie channels last": {
        "data": {"name": "shapes10", "train": 20, "validation": 10},
        "arms": {"one": {"network": CONVNET, "optimizer": {"name": "lbfgs"}, "batch": 10}},
    },
    "a crowd, turned between two of its pictures": {
        **BOWL,
        "arms": {"one": {**WALK, "crowd": {"name": "copies", "n": 9, "every": 10}}},
    },
    "a crowd whose rule becomes linear on the way": {
        **BOWL,
        "arms": {
            "one": {
                **WALK,
                "optimizer": {"name": "momentum", "lr": 0.02, "dampening": 0.5},
                "crowd": {"name": "copies", "n": 9, "every": 3},
            }
        },
    },
}


@pytest.mark.parametrize("name", KNOWN)
def test_what_once_went_on_otherwise(name: str) -> None:
    kind = "descent" if "surface" in KNOWN[name] else "training"
    base = {"data": MOONS, "steps": 12, "probes": {"budget": 1.0, "every": 3}} if kind == "training" else {}
    given = {"kind": kind, "title": "t", "question": "q", **base, **KNOWN[name]}
    turns = [Turn(4, which, factor) for which, factor in ((0, 0.0), (1, 0.5), (2, 0.0))]
    for stop in (3, 4, 6, 11):
        assert_same(KINDS[kind].model_validate(given), turns, [Break(stop, 2)])


def test_only_the_clock_is_named_a_clock() -> None:
    assert all(metric.clock for metric in ENGINE_METRICS.values())
    for kind in KINDS.values():
        for name, metric in kind.METRICS.items():
            assert metric.clock is ("measured by the clock" in metric.meaning), name
