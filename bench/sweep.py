"""What a sweep costs a trial: 1,000 tiny runs, beside the same runs in a bare pool of processes.

Both conduct the very same scenario with one thread a process, two at once. The pool's side is what anybody
would write by hand: `ProcessPoolExecutor`, prepare, conduct, read the last value. What the sweep adds is the
journal, the ranking, its recording for the lab and the hand-over to warm engines. Bar: 50 ms a trial.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

BAR_MS = 50.0
SCENARIO = """
kind = "descent"
title = "Bowl"
question = "How fast?"
steps = 5
surface = { name = "quadratic", condition_number = 10 }
[arms.sgd]
start = [2, 1]
optimizer = { name = "sgd", lr = 0.1 }
"""


def by_hand(scenario: str, lr: float, runs: str) -> float:
    """One run in a process of the pool."""
    from tuilab.engine import conduct
    from tuilab.prepare import prepare

    run = prepare(
        scenario,
        [f"arms.sgd.optimizer.lr={lr}"],
        Path(runs),
        f"run-{os.getpid()}-{time.monotonic_ns()}",
        threads=1,
    )
    conduct(run)
    with run.open() as recording:
        return float(recording.at("sgd/loss", 5) or 0.0)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=1000)
    asked = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory(prefix="tuilab-bench-") as folder:
        scenario = Path(folder) / "bowl.toml"
        scenario.write_text(SCENARIO)
        pool = _pool(scenario, folder, asked.trials)
        sweep = _sweep(scenario, folder, asked.trials)
    more = (sweep - pool) / asked.trials * 1e3
    print(f"pool {pool:.1f} s, sweep {sweep:.1f} s for {asked.trials} trials, two at once")
    print(f"overhead: {more:.1f} ms a trial (bar {BAR_MS:.0f})")
    print(f"ratio: {sweep / pool:.2f}")
    return int(more > BAR_MS)


def _pool(scenario: Path, folder: str, trials: int) -> float:
    context = multiprocessing.get_context("spawn")
    runs = str(Path(folder) / "pool")
    began = time.perf_counter()
    with ProcessPoolExecutor(2, context) as pool:
        asked = [pool.submit(by_hand, str(scenario), 0.01 + 1e-5 * k, runs) for k in range(trials)]
        for each in asked:
            each.result()
    return time.perf_counter() - began


def _sweep(scenario: Path, folder: str, trials: int) -> float:
    import subprocess

    words = [
        "sweep",
        str(scenario),
        "--over",
        f"arms.sgd.optimizer.lr=lin(0.01,0.02,{trials})",
        "--name",
        "s",
    ]
    command = [
        sys.executable,
        "-m",
        "tuilab",
        *words,
        "--parallel",
        "2",
        "--runs",
        f"{folder}/runs",
        "--json",
    ]
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
