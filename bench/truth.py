"""Whether the lessons are true: the catalogue over seeds, as docs/truth.md.

Each scenario runs with several seeds, side by side; for each expectation the page says what is promised and
why, what the runs measured (mean and standard deviation over seeds), how many of them kept it and by how many
sigmas. The bar: one broken expectation. `python bench/truth.py [SCENARIO]…` runs some and writes nothing.

TUILAB_SEEDS: how many seeds of the quick ones, 20 without it, and a quarter of that of the slow ones.
TUILAB_FIRST_SEED: the first seed, 1000 without it.
"""

from __future__ import annotations

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
BAR = 1
INTRODUCTION = """\
# What is true of every draw

Each lesson's figures: what is promised and why (derived or cited), what runs of several seeds measured, how
many of them kept it, and its margin: the mean distance from the edge of the claim in standard deviations over
the runs. `bench/truth.py` wrote this page with the seeds from {first} on, on the CPU, one thread a run, torch
{version}: **{broken} of {checks:,} checks broken**. Another day's seeds give other figures within the same
intervals.

"–" for a margin: nothing is drawn, or all runs agree. Of two figures the second is that of the arm that is
compared with.
"""


def main(names: list[str]) -> int:
    """Prints the table, writes the page if the whole catalogue was run, and returns 1 above the bar."""
    seeds = int(os.environ.get("TUILAB_SEEDS", "20"))
    first = int(os.environ.get("TUILAB_FIRST_SEED", "1000"))
    shipped = [entry.name for entry in entries() if entry.origin == "shipped"]
    chosen = names or shipped
    quick, slow, clocks = (
        [name for name in chosen if (name in SLOW, name in CLOCKS) == kind]
        for kind in ((False, False), (True, False), (False, True))
    )
    some = max(seeds // 4, 1)
    found = {
        scenario["scenario"]: scenario
        for group, count, jobs in ((quick, seeds, None), (slow, some, None), (clocks, some, 1))
        for scenario in check_seeds(group, count, jobs, [f"seed={first}"], "cpu", 1, None)
    }
    results = [found[name] for name in chosen]
    print_table(results)
    wrong = [row for scenario in results for row in scenario["expectations"] if not row["met"]]
    broken = sum(row["runs"] - row["kept"] or 1 for row in wrong)
    checks = sum(row["runs"] for scenario in results for row in scenario["expectations"])
    if not names:
        PAGE.write_text(page(results, first, checks, broken))
    print(f"{broken} of {checks} checks broken; ratio: {broken / BAR:.2f} (bar 1.00)")
    return int(broken > BAR)


def page(results: list[dict[str, Any]], first: int, checks: int, broken: int) -> str:
    """The whole of docs/truth.md."""
    lines = [INTRODUCTION.format(first=first, version=torch.__version__, broken=broken, checks=checks)]
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
