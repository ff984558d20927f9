"""Optimisers over all weights of a learning network: their steps, and what they remember of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from tuilab.experiments.state import joined, split
from tuilab.experiments.training.updaters import Updater, updater
from tuilab.parts.optimizers import LBFGS, rule_of
from tuilab.scenario.parts.optimizers import NetworkOptimizer
from tuilab.scenario.strict import Strict

SHAPES = [(6, 3, 2, 2), (5,)]
"""A convolution, whose weights lie channels last, and a bias."""

OPTIMIZERS: dict[str, dict[str, Any]] = {
    "sgd": {"name": "sgd", "lr": 0.02, "weight_decay": 0.1},
    "momentum": {"name": "momentum", "lr": 0.02, "dampening": 0.5},
    "nesterov": {"name": "nesterov", "lr": 0.02, "weight_decay": 0.1},
    "adagrad": {"name": "adagrad", "lr": 0.1},
    "rmsprop": {"name": "rmsprop", "lr": 0.01},
    "adam": {"name": "adam", "lr": 0.05, "weight_decay": 0.01},
    "uncorrected adam": {"name": "adam", "lr": 0.01, "bias_correction": False},
    "adamw": {"name": "adamw", "lr": 0.05},
    "lbfgs": {"name": "lbfgs", "history": 3},
    "lbfgs without a search": {"name": "lbfgs", "history": 3, "line_search": False},
}


def settings(given: dict[str, Any]) -> Strict:
    return TypeAdapter(NetworkOptimizer).validate_python(given)


class Bowl:
    """½Σdᵢwᵢ² of some weights, which answers as a network would: gradients in place."""

    def __init__(self, device: str = "cpu", dtype: torch.dtype = torch.float64) -> None:
        self.weights = [torch.ones(shape, dtype=dtype, device=device) for shape in SHAPES]
        self.weights[0] = self.weights[0].to(memory_format=torch.channels_last)
        for weight in self.weights:
            weight.requires_grad_()
        self.d = torch.linspace(0.5, 10, self.flat.numel(), dtype=dtype, device=device)
        self.looks = 0

    @property
    def flat(self) -> Tensor:
        return torch.cat([weight.detach().flatten() for weight in self.weights])

    def look(self) -> Tensor:
        self.looks += 1
        for weight in self.weights:
            weight.grad = None
        with torch.enable_grad():
            loss = 0.5 * (self.d * torch.cat([w.flatten() for w in self.weights]) ** 2).sum()
            loss.backward()
        return loss

    def path(self, updates: Updater, lr: float, steps: int) -> Iterator[Tensor]:
        for _ in range(steps):
            self.look()
            updates.step(lr, self.look)
            yield self.flat

    def value(self, p: Tensor) -> Tensor:
        return 0.5 * (self.d * p * p).sum(-1)

    def gradient(self, p: Tensor) -> Tensor:
        return self.d * p

    def hessian(self, p: Tensor) -> Tensor:
        return torch.diag(self.d)


def walked(given: dict[str, Any], steps: int, **where: Any) -> tuple[Bowl, Updater]:
    bowl = Bowl(**where)
    updates = updater([(bowl.weights, 1.0)], settings(given))
    for _ in bowl.path(updates, given.get("lr", 1.0), steps):
        pass
    return bowl, updates


@pytest.mark.parametrize("name", [name for name in OPTIMIZERS if not name.startswith("lbfgs")])
def test_weights_move_by_the_lessons_rule(name: str) -> None:
    given = OPTIMIZERS[name]
    bowl = Bowl()
    rule, x = rule_of(given), bowl.flat
    state = rule.start(x)
    for ours in bowl.path(updater([(bowl.weights, 1.0)], settings(given)), given["lr"], 6):
        x, state = rule.step(x, bowl.gradient(x), state)  # type: ignore[call-arg]
        torch.testing.assert_close(ours, x)


@pytest.mark.parametrize("line_search", [True, False])
def test_lbfgs_takes_the_rules_steps(line_search: bool) -> None:
    bowl = Bowl()
    given: dict[str, Any] = {"history": 3, "line_search": line_search}
    updates = updater([(bowl.weights, 1.0)], settings({"name": "lbfgs", **given}))
    rule, x = LBFGS(**given), bowl.flat
    state = rule.start(x)
    for ours in bowl.path(updates, 1.0, 12):
        x, state = rule.step(x, bowl.gradient(x), state, bowl)
        torch.testing.assert_close(ours, x)
    assert bowl.value(x) < 1e-3 * bowl.value(torch.ones_like(x))
    assert bowl.weights[0].is_contiguous(memory_format=torch.channels_last)
    if not line_search:
        assert bowl.looks == 12


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("first", [0, 1, 4])
def test_it_goes_on_from_what_it_remembers_bit_for_bit(name: str, first: int) -> None:
    given = OPTIMIZERS[name]
    whole, _ = walked(given, 9)
    bowl, before = walked(given, first)
    tensors, plain = split(before.state())
    stored = {place: tensor.detach().clone().contiguous() for place, tensor in tensors.items()}
    after = updater([(bowl.weights, 1.0)], settings(given))
    after.load(joined(stored, plain))
    for _ in bowl.path(after, given.get("lr", 1.0), 9 - first):
        pass
    assert torch.equal(bowl.flat, whole.flat)


class Transfers(TorchDispatchMode):
    """Counts the operations that put a tensor onto another device."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        devices = {part.device for part in (*args, result) if isinstance(part, Tensor)}
        self.count += len(devices) > 1
        return result


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_what_was_kept_on_the_cpu_is_loaded_to_where_the_weights_lie(name: str) -> None:
    """Torch's meta device, tensors without numbers, in place of a GPU."""
    given = OPTIMIZERS[name]
    _, before = walked(given, 2)
    there = Bowl("meta", torch.float32)
    after = updater([(there.weights, 1.0)], settings(given))
    with Transfers() as transfers:
        after.load(before.state())
    kept, loaded = split(before.state())[0], split(after.state())[0]
    assert loaded.keys() == kept.keys()
    on_the_way = {place: tensor for place, tensor in loaded.items() if not place.endswith("/step")}
    assert all(tensor.is_meta for tensor in on_the_way.values())
    wide = {torch.float32, torch.float64} if "uncorrected" in name else {torch.float32}
    assert {tensor.dtype for tensor in on_the_way.values()} <= wide
    assert transfers.count == len(on_the_way)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_what_is_remembered_moves_with_the_weights(name: str) -> None:
    bowl, updates = walked(OPTIMIZERS[name], 2)
    for weight in bowl.weights:
        torch.utils.swap_tensors(weight, weight.detach().to("meta").requires_grad_())
    updates.to(torch.device("meta"))
    tensors = {place: t for place, t in split(updates.state())[0].items() if not place.endswith("/step")}
    assert all(tensor.is_meta for tensor in tensors.values())


def test_other_settings_count_from_the_next_step_and_velocities_stay() -> None:
    given = OPTIMIZERS["momentum"]
    bowl, updates = walked(given, 3)
    x, velocity = bowl.flat, split(updates.state())[0]
    updates.settings = settings(given | {"momentum": 0.0, "dampening": 0.0})
    assert updates.settings.model_dump()["momentum"] == 0
    kept = split(updates.state())[0]
    assert all(torch.equal(kept[place], was) for place, was in velocity.items())
    (y,) = bowl.path(updates, 0.02, 1)
    torch.testing.assert_close(y, x - 0.02 * bowl.d * x)


def test_a_group_that_learns_faster_is_decayed_no_faster() -> None:
    bowl = Bowl()
    given = settings({"name": "adamw", "lr": 0.01, "weight_decay": 0.5})
    updates = updater([([bowl.weights[0]], 1.0), ([bowl.weights[1]], 64.0)], given)
    for tuned in (given, settings({"name": "adamw", "lr": 0.01, "weight_decay": 0.25})):
        updates.settings = tuned
        before = [weight.detach().clone() for weight in bowl.weights]
        for weight in bowl.weights:
            weight.grad = torch.zeros_like(weight)
        updates.step(0.01, bowl.look)
        shrunk = 1 - 0.01 * tuned.model_dump()["weight_decay"]
        for weight, was in zip(bowl.weights, before, strict=True):
            torch.testing.assert_close(weight.detach(), shrunk * was)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_another_optimizers_memory_is_refused(name: str) -> None:
    _, updates = walked(OPTIMIZERS[name], 1)
    other = [torch.zeros(2)] * 5
    by_name = {str(number): part for number, part in enumerate(other)}
    for memory in ({"0": other, "1": other, "memory": other}, {"7": by_name}):
        with pytest.raises((KeyError, ValueError, IndexError, TypeError)):
            updates.load(memory)
