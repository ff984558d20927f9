"""L-BFGS over all weights of a learning network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from tuilab.experiments.training.rules import Updates
from tuilab.parts.optimizers import LBFGS
from tuilab.scenario.parts.optimizers import LBFGS as Settings


class Bowl:
    """½Σdᵢwᵢ² over two parameters of 2 and 3 weights, as a network would answer: gradients in place."""

    def __init__(self) -> None:
        self.d = torch.tensor([1.0, 10.0, 3.0, 0.5, 7.0], dtype=torch.float64)
        self.weights = [torch.ones(n, dtype=torch.float64, requires_grad=True) for n in (2, 3)]
        self.looks = 0

    def look(self) -> torch.Tensor:
        self.looks += 1
        for weight in self.weights:
            weight.grad = None
        with torch.enable_grad():
            loss = 0.5 * (self.d * torch.cat(self.weights) ** 2).sum()
            loss.backward()
        return loss

    def path(self, updates: Updates, steps: int) -> Iterator[torch.Tensor]:
        for _ in range(steps):
            self.look()
            updates.step(1.0, self.look)
            yield torch.cat(self.weights).detach()

    def value(self, p: torch.Tensor) -> torch.Tensor:
        return 0.5 * (self.d * p * p).sum(-1)

    def gradient(self, p: torch.Tensor) -> torch.Tensor:
        return self.d * p

    def hessian(self, p: torch.Tensor) -> torch.Tensor:
        return torch.diag(self.d)


@pytest.mark.parametrize("line_search", [True, False])
def test_it_takes_the_rules_steps(line_search: bool) -> None:
    bowl = Bowl()
    given: dict[str, Any] = {"history": 3, "line_search": line_search}
    updates = Updates([(bowl.weights, 1.0)], Settings(name="lbfgs", **given))
    rule, x = LBFGS(**given), torch.ones(5, dtype=torch.float64)
    state = rule.start(x)
    for ours in bowl.path(updates, 12):
        x, state = rule.step(x, bowl.gradient(x), state, bowl)
        torch.testing.assert_close(ours, x)
    assert bowl.value(x) < 1e-3 * bowl.value(torch.ones(5, dtype=torch.float64))
    if not line_search:
        assert bowl.looks == 12


def test_it_goes_on_from_what_it_remembers() -> None:
    straight, broken = Bowl(), Bowl()
    whole = list(straight.path(Updates([(straight.weights, 1.0)], Settings(name="lbfgs")), 9))
    first = Updates([(broken.weights, 1.0)], Settings(name="lbfgs"))
    list(broken.path(first, 4))
    second = Updates([(broken.weights, 1.0)], Settings(name="lbfgs"))
    second.restore(first.state())
    assert torch.equal(list(broken.path(second, 5))[-1], whole[-1])
