"""What measuring costs a training run: the default probes against none, in turns in one process.

The network is one and the same: its probes are switched on and off in turns, a turn being as long as the
probes' schedule, so that each turn with them measures once. Two instances, or two processes, would differ by
more than probes cost: in where their memory lies. Each turn is compared with its neighbours, in the
process's own time, on one thread: what else the machine does disturbs that least.

Then what the run itself says of it (`engine/probe_share`), against turns without: measuring every step, where
it costs most.
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import Any

from tuilab.engine.devices import choose
from tuilab.experiments.training import TrainingExperiment
from tuilab.probes.cost import ProbeSchedule
from tuilab.scenario.kinds.training import TrainingScenario
from tuilab.scenario.load import load

MLP = {
    "kind": "training",
    "title": "7x512 tanh",
    "question": "What do probes cost a small network?",
    "arms": {
        "net": {
            "batch": 64,
            "network": {"name": "mlp", "width": 512, "depth": 7, "activation": "tanh"},
            "init": {"name": "xavier_normal"},
            "optimizer": {"name": "momentum", "lr": 0.01},
        }
    },
}
SMALL = {
    "kind": "training",
    "title": "two small nets",
    "question": "And what do they say they cost?",
    "arms": {
        name: {
            "batch": 32,
            "network": {"name": "convnet", "channels": [8, 16]},
            "optimizer": {"name": "sgd", "lr": 0.01},
        }
        for name in ("a", "b")
    },
}
PICTURES = {"name": "shapes10", "validation": 100, "train": 5_000}
EVERY = TrainingScenario.model_fields["probes"].default.every
POINTS = 2.0


def main() -> int:
    """Prints a line for each network, 1 if one is over its bar."""
    missed = [
        cost("conv net of cifar10", load("cifar10").model_dump(), bar=1.03, turns=16),
        cost("7x512 tanh, batch 64", MLP, bar=1.10, turns=60),
        said("two small conv nets", SMALL, turns=60),
        said("7x512 tanh, batch 64", MLP, turns=15),
    ]
    return int(any(missed))


def cost(name: str, scenario: dict[str, Any], bar: float, turns: int) -> bool:
    """Whether probes by their default schedule cost more than the bar."""
    run = start(scenario)
    found = [turn(run, EVERY * (number % 2)) for number in range(2 * turns + 1)]
    # A turn with probes against those without, before and after it.
    ratios = [2 * found[k] / (found[k - 1] + found[k + 1]) for k in range(1, len(found), 2)]
    ratio, plain = statistics.median(ratios), statistics.median(found[::2])
    print(
        f"{name}: step {1e3 * plain:.2f} ms without probes; with them, medians of {turns} turns of {EVERY} "
        f"steps, quartiles {quartiles(ratios)}; ratio: {ratio:.3f} (bar {bar:.2f})",
        flush=True,
    )
    return ratio > bar


def said(name: str, scenario: dict[str, Any], turns: int) -> bool:
    """Whether the run's own word is too far from what is measured here, every step being measured."""
    run = start(scenario)
    for every in (1, 0):
        turn(run, every)
    run.probes = ProbeSchedule(1, run.steps, 1.0)  # forgets what it was told so far
    seconds = [(turn(run, 1), turn(run, 0)) for _ in range(turns)]
    probed, plain = map(sum, zip(*seconds, strict=True))
    told, measured = run.probes.share * (probed + plain) / probed, 1 - plain / probed
    apart = 100 * abs(told - measured)
    print(
        f"{name}: measuring every step takes {measured:.1%} of the time, {told:.1%} the run says; "
        f"points apart: {apart:.2f} (bar {POINTS:.0f})",
        flush=True,
    )
    return apart > POINTS


def turn(run: TrainingExperiment, every: int) -> float:
    """Seconds a step of some steps, with the probes' schedule set to `every`."""
    run.probes.every = every
    began = time.process_time()
    for _ in range(EVERY):
        next(run)
    return (time.process_time() - began) / EVERY


def start(scenario: dict[str, Any]) -> TrainingExperiment:
    """The scenario on the embedded pictures, as the engine would set it up, warmed up."""
    device = choose("cpu", threads=1)
    changes = {"data": PICTURES, "probes": {"budget": 1.0}, "steps": 10**6, "evaluate": 1e9}
    settings = TrainingScenario.model_validate({**scenario, **changes})
    run = TrainingExperiment(settings, device, clock=time.process_time)
    for _ in range(2 * EVERY + 1):  # the first validation, and two measurements
        next(run)
    return run


def quartiles(values: list[float]) -> str:
    """The middle half of some values."""
    low, _, high = statistics.quantiles(values)
    return f"{low:.3f} to {high:.3f}"


if __name__ == "__main__":
    sys.exit(main())
