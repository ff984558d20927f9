"""Many descents at once against a loop over torch.optim, and a single one of a million steps.

What "looping torch.optim" means: for every trajectory its own parameter and its own optimiser; each step sets
the gradient and calls `step()`. The loop is given the surface's hand-written gradient, which is cheaper than
calling backward(); it is timed on a sample of trajectories and steps and scaled. Ours are timed whole.
Everything runs on one thread and is timed by the clock of the process, so that other work on the machine
disturbs it least.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tuilab.experiments import build
from tuilab.parts.optimizers import GRADIENT_RULES, Rule
from tuilab.parts.surfaces import Quadratic
from tuilab.parts.surfaces.surface import vector
from tuilab.recording import Recording, Writer
from tuilab.scenario.kinds.descent import DescentScenario
from tuilab.watching.recorder import Recorder

TRAJECTORIES, STEPS = 10_000, 1_000
SAMPLE, SAMPLE_STEPS = 2, 500
SURFACE = Quadratic(100.0, 30.0)

PEERS: dict[str, tuple[Callable[..., torch.optim.Optimizer], dict[str, Any]]] = {
    "sgd": (torch.optim.SGD, {}),
    "momentum": (torch.optim.SGD, {"momentum": 0.9}),
    "nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    "adagrad": (torch.optim.Adagrad, {}),
    "rmsprop": (torch.optim.RMSprop, {}),
    "adam": (torch.optim.Adam, {}),
    "adamw": (torch.optim.AdamW, {}),
}


class Report:
    """Prints measures and remembers the worst of them relative to its bar."""

    def __init__(self) -> None:
        self.worst = (0.0, 0.0, 1.0)

    def at_most(self, name: str, value: str, ratio: float, bar: float) -> None:
        """A measure whose ratio must not be above its bar."""
        self.worst = max(self.worst, (ratio / bar, ratio, bar))
        print(
            f"{name}: {value} ratio: {ratio:.3g} (bar {bar:.3g}){'' if ratio <= bar else '  MISSED'}",
            flush=True,
        )

    def end(self) -> int:
        """Prints the verdict; the exit code."""
        print(f"ratio: {self.worst[1]:.3g} (bar {self.worst[2]:.3g})")
        return int(self.worst[0] > 1)


def starts(n: int) -> torch.Tensor:
    drawn = torch.randn(n, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return vector(*drawn.unbind(-1))


@torch.no_grad()
def ours(rule: Rule, n: int, steps: int) -> float:
    """Seconds that n trajectories take."""
    points = starts(n)
    state = rule.start(points)
    began = time.process_time()
    for _ in range(steps):
        points, state = rule.step(points, SURFACE.gradient(points), state)
    return time.process_time() - began


def peer(name: str) -> float:
    """Seconds a trajectory and step of torch.optim."""
    make, settings = PEERS[name]
    took = []
    for start in starts(SAMPLE):
        parameter = torch.nn.Parameter(start.clone())
        optimizer = make([parameter], lr=1e-3, **settings)
        with torch.no_grad():
            began = time.process_time()
            for _ in range(SAMPLE_STEPS):
                parameter.grad = SURFACE.gradient(parameter)
                optimizer.step()
            took.append((time.process_time() - began) / SAMPLE_STEPS)
    return min(took)


def bench_rules(report: Report) -> None:
    """Every first-order rule, batched against looped."""
    for name, make in GRADIENT_RULES.items():
        rule = make(lr=1e-3)
        peer(name), ours(rule, TRAJECTORIES, 20)  # warm up
        pairs = [(ours(rule, TRAJECTORIES, STEPS), peer(name) * TRAJECTORIES * STEPS) for _ in range(3)]
        mine, theirs = (min(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(a / b for a, b in pairs)
        value = f"{mine:.2f} s, looped torch.optim {theirs:,.0f} s, {theirs / mine:,.0f} times faster,"
        report.at_most(f"{name}, {TRAJECTORIES:,} × {STEPS:,}", value, ratio, 1 / 1000)


def bench_linear(report: Report) -> None:
    """Cost a trajectory of the crowd of a run, from ten thousand to a million."""
    cost = {}
    for side in (100, 316, 1000):
        crowd = {"name": "grid", "side": side, "x": [-3, 3], "y": [-3, 3], "every": 20}
        arm = {"optimizer": {"name": "adam", "lr": 0.01}, "start": [1, 1], "crowd": crowd}
        cost[side * side] = min(run_of({"a": arm}, 20) for _ in range(2 if side == 1000 else 5)) / side**2
        print(
            f"adam, {side * side:,} trajectories: {cost[side * side] / 20 * 1e9:.1f} ns each a step",
            flush=True,
        )
    few, _, most = cost.values()
    report.at_most("cost a trajectory, a million ÷ ten thousand", "linear is 1", most / few, 1.5)


def run_of(arms: dict[str, Any], steps: int, condition: float = 100.0) -> float:
    """Seconds that a run of the experiment takes."""
    surface = {"name": "quadratic", "condition_number": condition, "rotation": 30.0}
    scenario = {
        "kind": "descent",
        "title": "t",
        "question": "q",
        "surface": surface,
        "steps": steps,
        "arms": arms,
    }
    experiment = build(DescentScenario.model_validate(scenario), torch.device("cpu"))
    began = time.process_time()
    for _ in experiment:
        pass
    return time.process_time() - began


def bench_map(report: Report) -> None:
    """The map of learning rate and momentum: 512 × 512 descents of 300 steps, on one core."""
    crowd = {
        "name": "settings",
        "x": {"setting": "lr", "range": [0.0, 0.44]},
        "y": {"setting": "momentum", "range": [0.0, 0.98]},
        "side": 512,
    }
    arm = {"optimizer": {"name": "momentum", "lr": 0.1}, "start": [-3, -0.6], "crowd": crowd}
    took = min(run_of({"a": arm}, 300, 10.0) for _ in range(3))
    report.at_most("512 × 512 map of lr and momentum, 41 pictures", f"{took:.2f} s on one core,", took / 5, 1)


def bench_million(report: Report, path: Path) -> None:
    """One trajectory of a million steps: recorded, opened and scrubbed."""
    arm = {"optimizer": {"name": "adam", "lr": 1e-4}, "start": [-3, -0.6], "noise": None}
    surface = {"name": "rosenbrock"}
    scenario = {"kind": "descent", "title": "t", "question": "q", "surface": surface, "steps": 1_000_000}
    experiment = build(DescentScenario.model_validate({**scenario, "arms": {"a": arm}}), torch.device("cpu"))
    writer = Writer.create(path, {"scenario": scenario, "arms": ["a"], "steps": 1_000_000})
    recorder = Recorder(writer, lambda: False)
    recording = 0.0
    began = time.process_time()
    for observation in experiment:
        before = time.process_time() if observation.step % 100 == 0 else 0.0
        recorder.observation(observation, 0.0)
        if before:
            recording += 100 * (time.process_time() - before)
    took = time.process_time() - began
    before = time.process_time()
    recorder.close()
    close = time.process_time() - before
    print(
        f"a million steps: {took:.0f} s, of which recording {100 * recording / took:.0f} %, "
        f"close {close:.1f} s, {path.stat().st_size / 1e6:.0f} MB",
        flush=True,
    )
    began = time.process_time()
    with Recording.open(path) as found:
        opened = (time.process_time() - began) * 1e3
        print(f"open: {opened:.2f} ms", flush=True)
        names = [name for name in found.series() if name.startswith("a/")]
        looks = [timed(partial(found.overview, name, None, None, 200)) for name in names]
        first = statistics.median(looks) * 1e3
        report.at_most("overview of it at 200 columns, first look", f"{first:.2f} ms", first / 20, 1)
        steps = np.random.default_rng(0).integers(0, 1_000_000, 300).tolist()
        slow = float(np.percentile([timed(partial(found.at, "a/loss", step)) for step in steps], 95)) * 1e3
        report.at_most("value at a random step, 95 of 100", f"{slow:.3f} ms", slow, 1)


def timed(work: Callable[[], object]) -> float:
    """Seconds that it takes."""
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> int:
    """Runs every measure; 1 if a bar was missed."""
    torch.set_num_threads(1)
    report = Report()
    bench_rules(report)
    bench_linear(report)
    bench_map(report)
    with tempfile.TemporaryDirectory() as folder:
        bench_million(report, Path(folder) / "million.tlr")
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
