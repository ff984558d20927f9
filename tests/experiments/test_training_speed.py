"""What a training run says of its own speed, under a clock that the test holds."""

from __future__ import annotations

from typing import Any

import pytest
from torch.utils._python_dispatch import TorchDispatchMode
from training_runs import ARM, SMALL, experiment, series


class Operations(TorchDispatchMode):
    """A clock that every operation of torch moves by a second."""

    seconds = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.seconds += 1
        return function(*args, **kwargs or {})


def told(probes: dict[str, Any], arms: dict[str, Any], **changes: Any) -> tuple[int, dict[str, float]]:
    """Operations of a run of 20 steps, and what it says at its end."""
    clock = Operations()
    changes = {"steps": 20, "evaluate": 1e9, "probes": {"budget": 1.0, **probes}, **changes}
    with clock:
        seen = list(experiment(arms, clock=lambda: clock.seconds, **changes))
    return clock.seconds, seen[-1].values


DROPPING = {**ARM, "network": {**SMALL, "dropout": 0.2}}
LINEAR = {**SMALL, "norm": "none", "activation": "identity"}
MLP = {**ARM, "network": {"name": "mlp", "width": 6, "depth": 2, "activation": "tanh"}}
SPIRALS = {"name": "spirals", "train": 50, "validation": 20}


@pytest.mark.parametrize(
    ("probes", "arms", "changes"),
    [
        ({"every": 5}, {"one": ARM}, {}),
        ({"every": 1, "weights": True, "units": True, "preactivations": True}, {"one": DROPPING}, {}),
        ({"every": 6, "exact": 4, "curvature": 7}, {"one": MLP}, {}),
        ({"every": 4}, {"one": MLP, "two": MLP}, {"data": SPIRALS}),
    ],
)
def test_the_probes_share_is_all_that_observing_costs(
    probes: dict[str, Any], arms: dict[str, Any], changes: dict[str, Any]
) -> None:
    """By comparison with a twin that nobody observes: hooks, copies and transfers are in it."""
    observed, said = told(probes, arms, **changes)
    bare, plain = told({"every": 0}, arms, **changes)
    learning = 21 * 10 * len(arms) / plain["engine/images_per_second"]
    observing = observed - bare
    assert observing > 0
    assert said["engine/probe_share"] == pytest.approx(observing / (learning + observing), rel=1e-12)


def test_pictures_a_second_are_those_that_were_learned_from() -> None:
    """An arm that has diverged learns from none, and neither does one that has stopped."""
    lost = {**ARM, "network": LINEAR, "optimizer": {"name": "sgd", "lr": 1e6}}
    stopped = {**ARM, "early_stopping": {"patience": 1}, "optimizer": {"name": "sgd", "lr": 1e-9}}
    quiet = {"steps": 60, "probes": {"every": 0}, "evaluate": 1}
    clock = Operations()
    with clock:
        seen = list(
            experiment({"one": ARM, "lost": lost, "stopped": stopped}, clock=lambda: clock.seconds, **quiet)
        )
    ends = {kind: o.step for o in seen for kind, _, _ in o.events if kind in ("diverged", "stopped")}
    assert ends.keys() == {"diverged", "stopped"}
    assert max(ends.values()) <= 40
    with (alone := Operations()):
        single = list(experiment({"one": ARM}, clock=lambda: alone.seconds, **quiet))
    # A lost arm still costs a few operations a step.
    speeds = [series(run, "engine/images_per_second")[60] for run in (seen, single)]
    assert speeds[0] == pytest.approx(speeds[1], rel=0.1)
