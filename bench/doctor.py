"""Whether the doctor is right of programs that it has never seen: sick, mended and healthy ones.

`python bench/doctor.py FOLDER [RUNS]` runs each program of a corpus watched (`CORPUS_WATCH=1 python NAME.py
[--fixed]`), diagnoses its run, and holds that against `labels.json`, which says of each whether it is sick
and why. Without a folder, `$TUILAB_CORPUS`; what has run already in the folder RUNS does not run again.
Prints a line a program; last the figures and their bars:

    sick or healthy     precision >= .95, recall >= .9; programs without a symptom are set aside
    right cause         of the findings on sick programs, recall >= .7 and precision >= .6
    healthy programs    no finding
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import tuilab
from tuilab.doctor.kinds import Severity

CAUSES: dict[str, set[str]] = {
    "divergence": {
        "learning_rate_high",
        "exploding_gradient",
        "nan_log_zero",
        "unscaled_inputs",
        "unscaled_targets",
    },
    "leak": {"validation_leak"},
    "wrong statistics at test time": {"mode_train_at_test", "mode_eval_in_training"},
    "overfitting": {"overfitting"},
    "underfitting": {"too_few_epochs", "learning_rate_low", "optimizer_choice"},
    "vanishing activations": {"initialization_small", "initialization", "regularization_high"},
    "exploding activations": {"initialization_large", "initialization", "unscaled_inputs"},
    "vanishing gradients": {"vanishing_gradient", "saturating_hidden", "initialization_small"},
    "exploding gradients": {"exploding_gradient", "initialization_large"},
    "saturation": {"saturating_hidden", "initialization_large", "unscaled_inputs"},
    "weights outside the optimiser": {"optimizer_stale"},
    "dead units": {"dead_units", "learning_rate_high", "output_activation"},
    "weights that hardly move": {"learning_rate_low", "too_few_epochs"},
    "gradient clipped away": {"gradient_clipped_away"},
    "no gradient": {"detached_graph", "frozen_weights", "output_activation"},
    "constant output": {"output_activation", "softmax_wrong_dim"},
    "learning rate too high": {
        "learning_rate_high",
        "exploding_gradient",
        "unscaled_inputs",
        "unscaled_targets",
    },
    "softmax twice": {"double_softmax"},
    "frozen weights": {"frozen_weights"},
    "weights shrink away": {"regularization_high"},
    "inputs not scaled": {"unscaled_inputs"},
    "no progress": {"learning_rate_low", "too_few_epochs", "optimizer_choice", "labels_unrelated"},
}
"""Which causes, as the labels call them, a finding names."""


def main() -> int:
    """Run, diagnose, count."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("TUILAB_CORPUS", "corpus"))
    if not (folder / "labels.json").is_file():
        print(f"{folder}: no corpus there (labels.json is missing); give its folder, or set TUILAB_CORPUS")
        return 2
    programs = json.loads((folder / "labels.json").read_text())["programs"]
    jobs = [(p, sick) for p in programs for sick in ((True, False) if p["kind"] == "pair" else (False,))]
    with tempfile.TemporaryDirectory() as made, ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = Path(sys.argv[2] if len(sys.argv) > 2 else made).resolve()
        found = list(pool.map(lambda job: (*job, diagnosed(folder, runs, *job)), jobs))
    return judged(found)


def diagnosed(folder: Path, runs: Path, program: dict[str, Any], sick: bool) -> list[str]:
    """The names of what is found in one program, warnings and worse."""
    place = runs / f"{program['name']}-{'sick' if sick else 'well'}"
    if not place.exists():
        given = [] if sick or program["kind"] != "pair" else ["--fixed"]
        wanted = {"CORPUS_WATCH": "1", "TUILAB_RUNS": str(place), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, f"{program['name']}.py", *given]
        subprocess.run(command, cwd=folder, env=os.environ | wanted, capture_output=True, check=False)
    recording = tuilab.open_run(runs=place)
    try:
        findings = tuilab.findings(recording)
    finally:
        recording.close()
    return sorted({each.name for each in findings if each.kind.severity >= Severity.WARNING})


def judged(found: list[tuple[dict[str, Any], bool, list[str]]]) -> int:
    """Print the table and the figures; 1 where a bar is missed."""
    caught = missed = false = right = named = told = healthy_told = 0
    for program, sick, names in found:
        causes = set(program["causes"])
        mark = " "
        if sick and program["symptom"]:
            hits = [name for name in names if CAUSES[name] & causes]
            caught, missed = caught + bool(names), missed + (not names)
            right, told, named = right + bool(hits), told + len(names), named + len(hits)
            mark = "+" if hits else "~" if names else "-"
        elif not sick:
            false += bool(names)
            healthy_told += len(names) * (program["kind"] == "healthy")
            mark = "!" if names else " "
        print(f"{mark} {program['name']:28} {'sick' if sick else 'well':5} {', '.join(names) or '–'}")
    sick_ones = caught + missed
    figures = [
        ("sick or healthy, precision", caught / max(caught + false, 1), 0.95),
        ("sick or healthy, recall", caught / max(sick_ones, 1), 0.9),
        ("right cause, recall", right / max(sick_ones, 1), 0.7),
        ("right cause, precision", named / max(told, 1), 0.6),
    ]
    print(f"{sick_ones} sick programs with a symptom; findings on healthy ones: {healthy_told} (bar 0)")
    for name, value, bar in figures:
        print(f"{name}: {value:.2f} (bar {bar:.2f})")
    missed_bars = [name for name, value, bar in figures if value < bar]
    ratio = min(value / bar for _, value, bar in figures)
    print(f"ratio: {ratio:.2f} (bar 1.00)")
    return int(bool(missed_bars) or healthy_told > 0)


if __name__ == "__main__":
    sys.exit(main())
