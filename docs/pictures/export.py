"""Export a picture of the documentation: `python docs/pictures/export.py RUN PICTURE.svg`.

RUN is a run's folder; the picture is the lab's own SVG export of its last step at 120x40.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from textual.pilot import Pilot

from tuilab.tui.app import LabApp
from tuilab.tui.screens.run import RunScreen
from tuilab.tui.source import Source
from tuilab.tui.widgets.panel import PanelWidget

_SECONDS = 60
"""How long panels may take to be drawn."""


async def export(run: Path, picture: Path) -> None:
    """Show the run's end and wait until every visible panel has been drawn.

    Raises:
        TimeoutError: they were not.
    """
    app = LabApp(RunScreen(Source(run), live=True))
    async with app.run_test(size=(120, 40)) as pilot:
        async with asyncio.timeout(_SECONDS):
            while not _drawn(pilot):
                await pilot.pause(0.1)
        await pilot.pause(0.5)
        picture.write_text(app.export_screenshot(title="tuilab"))


def _drawn(pilot: Pilot[None]) -> bool:
    panels = pilot.app.screen.query(PanelWidget)
    return bool(panels) and all(panel.picture is not None for panel in panels if panel.display)


if __name__ == "__main__":
    try:
        asyncio.run(export(Path(sys.argv[1]), Path(sys.argv[2])))
    except TimeoutError:
        sys.exit(f"after {_SECONDS} s not every panel of {sys.argv[1]} is drawn: has it a recording?")
