"""Whether the lessons are true: the catalogue over seeds, as docs/truth.md.

Each scenario runs with several seeds, side by side; for each expectation the page says what is promised and
why, what the runs measured (mean and standard deviation over seeds), how many of them kept it and by how many
sigmas. The bar: one broken expectation.

`python bench/truth.py [SCENARIO]…` runs these, or all; what it measures replaces their lines of
bench/truth.jsonl, few at a time, so that it may be interrupted and gone on with; the page is of all lines.

TUILAB_SEEDS: how many seeds of the quick ones, 20 without it, and a quarter of that of the slow ones.
TUILAB_FIRST_SEED: the first seed, 1000 without it.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import torch

from tuilab.cli.seeds import check_seeds, print_table
from tuilab.scenario.catalogue import entries
from tuilab.scenario.load import load

PAGE = Path(__file__).parents[1] / "docs/truth.md"
FOUND = Path(__file__).with_suffix(".jsonl")
CLOCKS = ("activation-cost", "why-not-newton", "fused")
"""What a clock measures wants the machine for itself."""
SLOW = (
    "activation-race",
    "batch-norm-bugs",
    "bidirectional-training",
    "augmentation",
    "dropout",
    "early-stopping",
    "ensemble",
    "noise-averaged",
    "regularisation",
    "cifar10",
    "cifar10-speedrun",
)
"""Over 20 seconds a run."""
QUICK, LONG, TIMED = "quick", "long", "timed"
AT_ONCE = 6
BAR = 1
INTRODUCTION = """\
# What is true of every draw

Each lesson's figures: what is promised and why (derived or cited), what runs of several seeds measured, how
many of them kept it, and its margin: the mean distance from the edge of the claim in standard deviations over
the runs. `bench/truth.py` wrote this page, on the CPU, one thread a run: **{broken} of {checks:,} checks
broken** in {scenarios} scenarios. Another day's seeds give other figures within the same intervals.

"–" for a margin: nothing is drawn, or all runs agree. Of two figures the second is that of the arm that is
compared with.
"""


def main(names: list[str]) -> int:
    """Runs the scenarios, all without names, and writes the page; 1 above the bar."""
    seeds = int(os.environ.get("TUILAB_SEEDS", "20"))
    first = int(os.environ.get("TUILAB_FIRST_SEED", "1000"))
    shipped = [entry.name for entry in entries() if entry.origin == "shipped"]
    kept = {}
    if FOUND.exists():
        kept = {line["scenario"]: line for line in map(json.loads, FOUND.read_text().splitlines())}
    waiting = [*(names or shipped)]
    while waiting:
        now = alike(waiting)
        waiting = [name for name in waiting if name not in now]
        count = seeds if kind(now[0]) == QUICK else max(seeds // 4, 1)
        jobs = 1 if kind(now[0]) == TIMED else None
        for found in check_seeds(now, count, jobs, [f"seed={first}"], "cpu", 1, None):
            print_table([found])
            kept[found["scenario"]] = found | {
                "error": found["error"] and found["error"].replace(str(Path.home()), "~"),
                "seeds": [first, first + count - 1],
                "torch": torch.__version__,
            }
        results = [kept[name] for name in shipped if name in kept]
        FOUND.write_text("".join(json.dumps(line) + "\n" for line in results))
        PAGE.write_text(page(results, *counted(results)))
    checks, broken = counted([kept[name] for name in names or shipped])
    print(f"{broken} of {checks} checks broken; ratio: {broken / BAR:.2f} (bar {BAR:.2f})")
    return int(broken > BAR)


def kind(name: str) -> str:
    """How a scenario is run."""
    return TIMED if name in CLOCKS else LONG if name in SLOW else QUICK


def alike(names: list[str]) -> list[str]:
    """The first few of some scenarios that are run in the same way: those that are quick first."""
    first = next(wanted for wanted in (QUICK, LONG, TIMED) if any(kind(name) == wanted for name in names))
    return [name for name in names if kind(name) == first][: AT_ONCE if first == QUICK else 1]


def counted(results: list[dict[str, Any]]) -> tuple[int, int]:
    """How many checks there were, and how many were broken; one at least of a scenario that can't be run."""
    rows = [row for scenario in results for row in scenario["expectations"]]
    broken = sum(row["runs"] - row["kept"] or 1 for row in rows if not row["met"])
    return sum(row["runs"] for row in rows), broken + sum(bool(scenario["error"]) for scenario in results)


def page(results: list[dict[str, Any]], checks: int, broken: int) -> str:
    """The whole of docs/truth.md."""
    lines = [INTRODUCTION.format(broken=broken, checks=checks, scenarios=len(results))]
    differ = [line for scenario in results for line in differences(scenario["scenario"])]
    lines += ["## Where the lecture's slide and the measurement differ", "", *differ, ""]
    chapter = ""
    for scenario in results:
        loaded = load(scenario["scenario"])
        if loaded.chapter != chapter:
            chapter = loaded.chapter
            lines += [f"## {chapter}", ""]
        lines += [f"### {scenario['scenario']}: {loaded.title}", ""]
        if scenario["error"]:
            lines += [scenario["error"], ""]
            continue
        first, last = scenario["seeds"]
        lines += [f"Seeds {first} to {last}, torch {scenario['torch']}.", ""]
        lines += ["| promised | because | measured | kept | margin |", "|---|---|---|---|---|"]
        lines += [cells(row) for row in scenario["expectations"]]
        lines.append("")
    return "\n".join(lines)


def cells(row: dict[str, Any]) -> str:
    """One expectation as a row of the table."""
    margin = "–" if row["sigmas"] is None else f"{row['sigmas']:.1f} σ" if row["sigmas"] < 100 else "> 100 σ"
    words = (row["promise"], row["because"], row["over_runs"], f"{row['kept']} of {row['runs']}", margin)
    return "| " + " | ".join(word.replace("|", "\\|") for word in words) + " |"


def differences(name: str) -> list[str]:
    """The sections of a scenario's notes that speak of the slide, each with what the runs say of it."""
    notes = load(name).notes
    found = re.findall(r"## (Where [^\n]*slide[^\n]*)\n(.*?)(?=\n## |\Z)", notes, re.DOTALL)
    return [f"**{name}.** {' '.join(text.split())}\n" for _, text in found]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
