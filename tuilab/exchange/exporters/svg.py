"""A picture of panels as SVG, drawn by rich as a terminal window."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console
from rich.text import Text

from tuilab.exchange.exporters.screen import Screen
from tuilab.panels import View
from tuilab.recording import Readable


def write_svg(recording: Readable, path: Path, screen: Screen, step: int) -> None:
    """The screen at a step."""
    drawn = screen.draw(recording, View(step=step)).ansi(2**24)
    console = Console(
        width=screen.width, record=True, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    console.print(Text.from_ansi(drawn, no_wrap=True), soft_wrap=True)
    path.write_text(console.export_svg(title="tuilab"))
