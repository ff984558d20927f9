"""What measuring costs a training run: the default probes against none, side by side in one process.

Blocks of steps alternate between two runs that differ in nothing else, each block as long as the probes'
schedule, so that each measures once. Time is the process's own, on one thread: what else the machine does
disturbs it least.
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import Any

import torch

from tuilab.experiments.training import TrainingExperiment
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
PICTURES = {"name": "shapes10", "validation": 100, "train": 5_000}


def main() -> int:
    """Prints a line for each network, 1 if one is over its bar."""
    torch.set_num_threads(1)
    conv = load("cifar10").model_dump()
    missed = measure("conv net of cifar10", conv, bar=1.05, blocks=12)
    missed |= measure("7x512 tanh, batch 64", MLP, bar=1.10, blocks=40)
    return int(missed)


def measure(name: str, scenario: dict[str, Any], bar: float, blocks: int) -> bool:
    """Whether the bar was missed."""
    probed, plain = start(scenario, {}), start(scenario, {"every": 0})
    block = TrainingScenario.model_fields["probes"].default.every
    seconds: dict[TrainingExperiment, list[float]] = {probed: [], plain: []}
    for number in range(blocks + 1):
        for run in (probed, plain) if number % 2 else (plain, probed):
            began = time.process_time()
            for _ in range(block):
                next(run)
            if number:  # the first block warms up
                seconds[run].append((time.process_time() - began) / block)
    with_probes, without = (statistics.median(seconds[run]) for run in (probed, plain))
    ratio = with_probes / without
    print(
        f"{name}: step {1e3 * with_probes:.2f} ms with probes, {1e3 * without:.2f} ms without, "
        f"medians of {blocks} blocks of {block}; ratio: {ratio:.3f} (bar {bar:.2f})",
        flush=True,
    )
    return ratio > bar


def start(scenario: dict[str, Any], probes: dict[str, int]) -> TrainingExperiment:
    """The scenario on the embedded pictures with these probes, past its first validation."""
    changes = {"data": PICTURES, "probes": probes, "steps": 10**6, "evaluate": 1e9}
    run = TrainingExperiment(TrainingScenario.model_validate({**scenario, **changes}), torch.device("cpu"))
    next(run)
    return run


if __name__ == "__main__":
    sys.exit(main())
