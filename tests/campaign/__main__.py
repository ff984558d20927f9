"""`make campaign`: reliability at full length. Prints what was tried and what was wrong; exit code 1 if any.

python -m tests.campaign --kills 1000 --inputs 100000 --steps 1000000 --seed 1
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

from tests.campaign.hostile import meet
from tests.campaign.kills import kill
from tests.campaign.soak import soak
from tuilab.printable import printable

GROWTH = 8.0
"""MiB that a soaked process may come to hold in three quarters of its life: what allocators sway by."""


def main() -> int:
    """Run the parts that have a number above 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign")
    parser.add_argument("--kills", type=int, default=1_000, help="SIGKILLs at random moments")
    parser.add_argument("--inputs", type=int, default=100_000, help="hostile inputs")
    parser.add_argument("--steps", type=int, default=1_000_000, help="steps with a viewer attached")
    parser.add_argument(
        "--seed", type=int, default=time.time_ns() % 10**6, help="another campaign [the clock's]"
    )
    parser.add_argument("--folder", type=Path, help="where to work and keep what failed [a temporary one]")
    asked = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    root = asked.folder or Path(tempfile.mkdtemp(prefix="tuilab-campaign-"))
    print(f"seed {asked.seed}, in {root}")
    wrong: list[str] = []
    for part, count in ((_kills, asked.kills), (_inputs, asked.inputs), (_steps, asked.steps)):
        if count:
            wrong += part(root / part.__name__.strip("_"), count, asked.seed)
    for line in wrong[:200]:
        print(f"✗ {printable(line)}")
    print(f"{len(wrong)} wrong" if wrong else "nothing wrong")
    return int(bool(wrong))


def _kills(root: Path, count: int, seed: int) -> list[str]:
    root.mkdir(parents=True)
    with _bar("kills", count) as told:
        found = kill(root, count, seed, progress=told)
    print(
        f"{found.kills} kills of {found.runs} runs, {found.resumed} times gone on from a checkpoint; "
        f"{found.values:,} flushed values seen before a kill, {len(found.lost)} series of them lost; "
        f"{len(found.wrong)} wrong histories"
    )
    return found.lost + found.wrong


def _inputs(root: Path, count: int, seed: int) -> list[str]:
    root.mkdir(parents=True)
    with _bar("hostile inputs", count) as told:
        found = meet(root, count, seed, told)
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in found.inputs.items())
    print(f"{sum(found.inputs.values()):,} hostile inputs ({kinds}): {len(found.problems)} answered badly")
    return found.problems


def _steps(root: Path, count: int, seed: int) -> list[str]:
    root.mkdir(parents=True)
    with _bar("steps watched", count) as told:
        found = soak(root, count, told)
    wrong = [] if found.state == "finished" else [f"the soaked run is {found.state}"]
    for who in ("engine", "viewer"):
        memory, files = found.growth(who)
        peak = max(size for size, _ in getattr(found, who))
        print(
            f"{who}: at most {peak:.0f} MiB, {memory:+.1f} MiB and {files:+d} descriptors after the warm-up"
        )
        if memory > GROWTH or files > 0:
            wrong.append(f"the {who} grew by {memory:.1f} MiB and {files} descriptors")
    return wrong


class _bar:
    """A progress bar with ETA, and the function that moves it."""

    def __init__(self, what: str, total: int) -> None:
        columns = (
            "{task.description}",
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        self._progress = Progress(*columns, disable=not sys.stdout.isatty(), transient=True)
        self._task = self._progress.add_task(what, total=total)

    def __enter__(self) -> Callable[[int], None]:
        self._progress.start()
        return lambda done: self._progress.update(self._task, completed=done)

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


if __name__ == "__main__":
    sys.exit(main())
