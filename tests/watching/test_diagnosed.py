"""Programs of others, each with one fault, and the same without it: what is found in their runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

import tuilab
from tests.watching.conftest import newest


def diagnosed(
    runs: Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    steps: int = 120,
    scale: float = 1.0,
    clip: float | None = None,
    loss_of: Any = nn.functional.cross_entropy,
    classes: int = 3,
) -> list[str]:
    """What is found in a training on three blobs."""
    generator = torch.Generator().manual_seed(1)
    y = torch.randint(classes, (60,), generator=generator)
    x = (torch.eye(6)[y] * 3 + torch.randn(60, 6, generator=generator)) * scale
    with tuilab.watch(model, optimizer, every=5) as w:
        for _ in range(steps):
            optimizer.zero_grad()
            loss = loss_of(model(x), y)
            loss.backward()
            if clip is not None:
                nn.utils.clip_grad_norm_(model.parameters(), clip)
            optimizer.step()
            w.log(loss=loss)
    with newest(runs).open() as recording:
        return [finding.name for finding in tuilab.findings(recording)]


def net(*last: nn.Module, out: int = 3) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, out), *last)


def sgd(model: nn.Module, lr: float = 0.1, **options: Any) -> torch.optim.Optimizer:
    return torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=lr, **options)


def squared(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return (scores - labels[:, None]).square().mean()


def test_nothing_is_found_in_a_healthy_one(runs: Path) -> None:
    model = net()
    assert diagnosed(runs, model, sgd(model), clip=1.0) == []


def test_a_head_that_was_put_in_after_the_optimiser_was_made(runs: Path) -> None:
    model = net()
    optimizer = sgd(model)
    model[2] = nn.Linear(16, 3)
    assert "weights outside the optimiser" in diagnosed(runs, model, optimizer)


def test_a_gradient_that_is_cut_off(runs: Path) -> None:
    class Cut(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.detach()

    model = net()
    model.insert(2, Cut())
    assert diagnosed(runs, model, sgd(model)) == ["no gradient"]


def test_a_gradient_that_is_clipped_away(runs: Path) -> None:
    model = net()
    assert diagnosed(runs, model, sgd(model), clip=1e-6) == ["gradient clipped away"]


def test_a_rate_that_is_too_low(runs: Path) -> None:
    model = net()
    assert diagnosed(runs, model, sgd(model, lr=1e-7)) == ["weights that hardly move"]


def test_a_rate_that_is_too_high(runs: Path) -> None:
    model = net(out=1)
    assert diagnosed(runs, model, sgd(model, lr=1e3), loss_of=squared)[0] == "divergence"


def test_a_softmax_over_one_unit(runs: Path) -> None:
    model = net(nn.Softmax(dim=1), out=1)
    found = diagnosed(runs, model, sgd(model), loss_of=squared)
    assert "constant output" in found
    assert "no progress" not in found


def test_a_softmax_that_the_loss_takes_again(runs: Path) -> None:
    model = net(nn.Softmax(dim=1))
    assert "softmax twice" in diagnosed(runs, model, sgd(model))
    model = net(nn.Softmax(dim=1))
    assert diagnosed(runs, model, sgd(model), loss_of=lambda p, y: nn.functional.nll_loss(p.log(), y)) == []


def test_inputs_in_the_hundreds(runs: Path) -> None:
    model = net()
    assert "inputs not scaled" in diagnosed(runs, model, sgd(model, lr=1e-4), scale=200)


def test_weights_that_decay_to_nothing(runs: Path) -> None:
    model = net()
    assert diagnosed(runs, model, sgd(model, lr=0.1, weight_decay=4.0)) == ["weights shrink away"]


def test_frozen_weights_without_which_nothing_is_learned(runs: Path) -> None:
    model = net()
    nn.init.constant_(model[0].weight, 0.01)  # type: ignore[arg-type]
    for parameter in model[0].parameters():
        parameter.requires_grad_(False)
    assert "frozen weights" in diagnosed(runs, model, sgd(model))
