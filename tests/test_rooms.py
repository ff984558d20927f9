"""Each light room, imported alone in a fresh process, stays light."""

from __future__ import annotations

import subprocess
import sys

import pytest

LIGHT = [
    "cli",
    "exchange",
    "panels",
    "doctor",
    "runs",
    "recording",
    "scenario.catalogue",
    "scenario.load",
    "data",
    "cli.run",
    "cli.check",
    "cli.import_",
    "cli.export",
]


@pytest.mark.parametrize("room", [*LIGHT, "tui", "tui.app"])
def test_a_light_room_never_imports_torch(room: str) -> None:
    heavy = ["torch", "tuilab.engine", "tuilab.experiments", "tuilab.parts", "plotext"]
    if not room.startswith("tui"):
        heavy.append("textual")
    code = f"import sys, tuilab.{room}; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_command_line_starts_without_numpy_pydantic_or_rich() -> None:
    heavy = ["numpy", "pydantic", "rich", "textual"]
    code = f"import sys, tuilab.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
