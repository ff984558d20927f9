"""Loops of somebody's own, and what was recorded of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import tuilab
from tuilab.recording import Event, Readable
from tuilab.runs import Run, find


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of runs; looks inside cost what they cost; and torch on one thread, as it was before."""
    monkeypatch.setattr("tuilab.watching.watch.BUDGET", 1.0)
    monkeypatch.setenv("TUILAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("RANK", raising=False)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield tmp_path / "runs"
    torch.set_num_threads(threads)


def newest(runs: Path) -> Run:
    return find(runs)


class Told:
    """A recording's figures, frames and events, read and let go."""

    def __init__(self, recording: Readable) -> None:
        self.header = recording.header
        self.series = {
            name: dict(zip(*(a.tolist() for a in recording.read(name)), strict=True))
            for name in recording.series()
        }
        self.frames = {
            name: {int(step): recording.frame(name, int(step)) for step in recording.frame_steps(name)}
            for name in recording.frames()
        }
        self.events: list[Event] = recording.events()
        self.last_step = recording.last_step

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]

    def layers(self, metric: str) -> list[str]:
        """Of the first arm that has it, in their order."""
        found = [name.split("/", 2) for name in self.series]
        return [layer for arm, its, *rest in found for layer in rest if its == metric]


def told(run: Run) -> Told:
    with run.open() as recording:
        return Told(recording)


def network(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 3))


def batches(count: int, seed: int = 1) -> list[tuple[torch.Tensor, torch.Tensor]]:
    generator = torch.Generator().manual_seed(seed)
    return [
        (torch.randn(16, 6, generator=generator), torch.randint(3, (16,), generator=generator))
        for _ in range(count)
    ]


Loss = Callable[..., torch.Tensor]


def train(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    count: int,
    w: Any = None,
    between: Callable[[int], None] = lambda step: None,
) -> list[float]:
    """A loop as people write them; the losses."""
    losses = []
    for step, (x, y) in enumerate(batches(count), 1):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if w is not None:
            w.log(loss=loss)
        between(step)
    return losses


def watched(runs: Path, model: nn.Module, count: int = 25, **options: Any) -> Told:
    """A short training of it, watched."""
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    with tuilab.watch(model, optimizer, **options) as w:
        train(model, optimizer, count, w)
    return told(newest(runs))
