"""The campaign, shortened: `make campaign` runs it at full length (docs/reliability.md)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("part", "says"),
    [
        (("--kills", "8"), "8 kills"),
        (("--inputs", "200"), "200 hostile inputs"),
        (("--steps", "20000"), "engine: at most"),
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
            "1",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert says in done.stdout
    assert "nothing wrong" in done.stdout
