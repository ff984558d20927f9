"""The campaign, shortened: `make campaign` runs it at full length (docs/reliability.md)."""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SEED = int(os.environ.get("TUILAB_SEED") or datetime.date.today().toordinal())
"""Another one every day; TUILAB_SEED repeats a day."""


@pytest.mark.parametrize(
    ("part", "says"),
    [
        (("--kills", "4"), "4 kills"),
        (("--inputs", "40"), "40 hostile inputs"),
        (("--steps", "10000"), "engine: at most"),
    ],
)
def test_nothing_is_wrong(part: tuple[str, str], says: str, tmp_path: Path) -> None:
    rest = {"--kills": "0", "--inputs": "0", "--steps": "0"} | dict([part])
    options = [word for option in rest.items() for word in option]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.campaign",
            *options,
            "--folder",
            str(tmp_path / "campaign"),
            "--seed",
            str(SEED),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert says in done.stdout
    assert "nothing wrong" in done.stdout
