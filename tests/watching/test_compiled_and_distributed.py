"""Networks that torch compiles, and loops of several processes, are watched without a trace."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import tuilab
from tests.watching.conftest import batches, network, newest, told


class Compiled(nn.Module):
    """torch compiles what is not its own."""

    def __init__(self) -> None:
        super().__init__()
        self.body = network()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(x) + 1


@pytest.fixture
def dynamo() -> Iterator[Any]:
    import torch._dynamo as dynamo

    dynamo.reset()
    dynamo.utils.counters.clear()
    yield dynamo
    dynamo.reset()
    dynamo.utils.counters.clear()


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("how", ["before", "after", "in place", "step"])
def test_compiled_networks_break_and_recompile_no_more_often(how: str, runs: Path, dynamo: Any) -> None:
    def counted(watch: bool) -> tuple[Any, list[float]]:
        dynamo.reset()
        dynamo.utils.counters.clear()
        model = Compiled()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        run: Any = torch.compile(model, backend="eager") if how == "before" else model
        w = tuilab.watch(run, optimizer, every=3) if watch else None
        if how == "after":
            run = torch.compile(model, backend="eager")
        if how == "in place":
            model.compile(backend="eager")
        if how == "step":
            run = torch.compile(lambda x: model(x), backend="eager")
        losses = []
        for x, y in batches(10):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(run(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            if w is not None:
                w.log(loss=loss)
        if w is not None:
            w.close()
        counters = dynamo.utils.counters
        names = ("frames", "graph_break", "recompiles", "recompile_limit")
        return {name: dict(counters[name]) for name in names} | {
            "graphs": counters["stats"]["unique_graphs"]
        }, losses

    plain, seen = counted(False), counted(True)
    assert plain[0]["graphs"] == 1
    assert seen == plain
    found = told(newest(runs))
    assert found.layers("weight_gradient.norm") == ["body.0", "body.2", "body.4"]
    assert found.layers("activation.std") == []
    (why,) = [event for event in found.events if event.kind == "activations-not-seen"]
    assert "torch.compile" in why.data["why"]


DDP = """
import sys, torch, torch.distributed as dist
from torch import nn
import tuilab
dist.init_process_group("gloo")
torch.manual_seed(0)
model = nn.parallel.DistributedDataParallel(nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 3)))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
torch.manual_seed(1 + dist.get_rank())
with tuilab.watch(model, optimizer, every=2, name="both") as w:
    for step in range(6):
        optimizer.zero_grad()
        loss = model(torch.randn(8, 6)).square().mean()
        loss.backward()
        if step == 5 and dist.get_rank() == 0:
            norms = [p.grad.norm() for p in model.parameters()]
            print("norm", float(torch.stack(norms).norm()), flush=True)
        optimizer.step()
        w.log(loss=loss)
dist.destroy_process_group()
"""


def test_of_several_processes_the_first_one_records(runs: Path, tmp_path: Path) -> None:
    script = tmp_path / "both.py"
    script.write_text(DDP)
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", str(script)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(list(runs.iterdir())) == 1
    found = told(newest(runs))
    (norm,) = [float(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("norm")]
    assert found.series["Sequential/gradient.global_norm"][6] == pytest.approx(norm, rel=1e-5)
    assert found.layers("activation.std") == ["0", "1", "2"]
