"""Several processes learn what one would have learned from the whole batch, or say that they can't."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from threaded import together
from torch import Tensor
from training_runs import ARM, SMALL, experiment, figures, series

from tuilab.experiments.observation import Observation
from tuilab.experiments.training.sharing import led
from tuilab.experiments.world import PeerFailed, World

STILL = {"name": "sgd", "lr": 1e-12}
NORMED = {"name": "mlp", "width": 6, "depth": 1, "norm": "batch"}
PLAIN = {"name": "mlp", "width": 6, "depth": 2, "activation": "tanh"}


def learned(world: World, **settings: Any) -> tuple[list[Observation], dict[str, Tensor]]:
    """What a process sees, and its network in the end."""
    run = experiment(world=world, **settings)
    seen = list(run)
    return seen, run.state()["arms"]["one"]["members"][0]["network"]


@pytest.mark.parametrize(("network", "batch"), [(NORMED, 11), (NORMED, 3), ({**SMALL, "channels": [4]}, 7)])
def test_batch_norm_remembers_the_whole_batch(network: dict[str, Any], batch: int) -> None:
    """However many processes it lies in: the variance between their shares is variance too."""
    arms = {"one": {"network": network, "optimizer": STILL, "batch": batch}}
    settings: dict[str, Any] = {"arms": arms, "steps": 5, "probes": {"every": 0}}
    ((alone, whole),) = together(1, lambda world: learned(world, **settings))
    for count in (2, 3):
        found = together(count, lambda world: learned(world, **settings))
        for _, network_there in found:
            for name in [name for name in whole if "running" in name]:
                torch.testing.assert_close(network_there[name], whole[name], rtol=1e-5, atol=1e-6)
        (seen, _), *_ = found
        assert series(seen, "one/validation.loss") == pytest.approx(
            series(alone, "one/validation.loss"), rel=1e-5
        )


def test_gradients_at_the_outputs_are_those_of_the_whole_batch() -> None:
    arms = {"one": {"network": PLAIN, "optimizer": {"name": "sgd", "lr": 0.1}}}
    settings: dict[str, Any] = {"arms": arms, "steps": 6, "probes": {"every": 2, "budget": 1.0}}
    ((alone, _),) = together(1, lambda world: learned(world, **settings))
    for count in (2, 3):
        (leader, _), *others = together(count, lambda world: learned(world, **settings))
        for name in ("gradient.norm/1", "gradient.norm/2", "weight_gradient.norm/1", "update.ratio/1"):
            expected = series(alone, f"one/{name}")
            assert expected
            assert series(leader, f"one/{name}") == pytest.approx(expected, rel=1e-4), name
        for seen, _ in others:
            assert all("/rank." in name for values in figures(seen) for name in values)


def test_processes_look_at_the_same_steps_whatever_their_clocks_say(monkeypatch: pytest.MonkeyPatch) -> None:
    settings: dict[str, Any] = {"steps": 60, "evaluate": 1e9, "probes": {"every": 1, "budget": 1e-9}}

    def schedule(world: World) -> int:
        run = experiment(world=world, **settings)
        if world.rank:  # a clock by which measuring takes no time
            monkeypatch.setattr(run.probes, "spent", lambda *seconds: None)
        list(run)
        return run.probes.every

    assert together(2, schedule) == [2, 2]


def test_all_start_from_the_leaders_weights() -> None:
    def start(world: World) -> list[dict[str, float]]:
        run = experiment({"one": {**ARM, "network": PLAIN}}, world=world, probes={"every": 0})
        if world.rank:  # another machine, whose libraries round otherwise
            with torch.no_grad():
                torch._foreach_add_(run._arms[0].weights, 1e-3)
        return figures(list(run))

    alone, both = together(1, start)[0], together(2, start)[0]
    for one, several in zip(alone, both, strict=True):
        assert several["one/train.loss"] == pytest.approx(one["one/train.loss"], rel=1e-4)


def test_weights_that_come_apart_stop_the_run_with_a_sentence() -> None:
    said = []

    def drift(world: World) -> None:
        run = experiment({"one": ARM, "two": ARM}, world=world, evaluate=1, steps=12)
        for observation in run:
            if observation.step == 6 and world.rank == 1:
                weight = run._arms[1].weights[0]
                with torch.no_grad():  # one bit of one weight
                    weight[0, 0, 0, 0] = torch.nextafter(weight[0, 0, 0, 0], torch.tensor(1e9))

    def note(world: World) -> None:
        try:
            drift(world)
        except PeerFailed as error:
            said.append(str(error))

    together(2, note)
    first, second = said
    assert first == second
    assert "at step 10 process 1 has other weights than process 0 in arm two" in first


def test_a_search_ends_where_the_leader_ends_it() -> None:
    """Processes that saw other values would look less often, or more often, than the leader."""

    def search(world: World) -> tuple[int, float]:
        place = torch.full((1,), 8.0 + world.rank)
        looks = 0

        def look() -> Tensor:
            nonlocal looks
            looks += 1
            return place.clone() if world.leader else torch.zeros(1)

        def halve(looked: Any) -> None:
            while looked() > 1:
                place.div_(2)

        led(world, [place], halve, look)
        return looks, place.item()

    assert together(3, search) == [(4, 1.0)] * 3


@pytest.mark.parametrize("line_search", [True, False])
def test_lbfgs_in_several_processes_goes_where_it_goes_alone(line_search: bool) -> None:
    arms = {"one": {"network": PLAIN, "optimizer": {"name": "lbfgs", "lr": 0.5, "line_search": line_search}}}
    settings: dict[str, Any] = {"arms": arms, "steps": 6, "probes": {"every": 0}}
    ((alone, _),) = together(1, lambda world: learned(world, **settings))
    found = together(3, lambda world: learned(world, **settings))
    assert series(found[0][0], "one/train.loss") == pytest.approx(series(alone, "one/train.loss"), rel=1e-3)
    networks = [network for _, network in found]
    for name, weight in networks[0].items():
        np.testing.assert_array_equal(networks[1][name], weight)
        np.testing.assert_array_equal(networks[2][name], weight)
