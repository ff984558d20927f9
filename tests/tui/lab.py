"""The lab as a person meets it: keys go in, and what is on the terminal comes out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from race import until
from textual.app import App
from textual.pilot import Pilot

from tuilab.runs import Run
from tuilab.tui.app import LabApp
from tuilab.tui.screens.run import RunScreen
from tuilab.tui.source import Source
from tuilab.tui.widgets.panel import PanelWidget

WIDE, NARROW = (120, 40), (80, 24)


def text_of(app: App[None]) -> str:
    """All that is on the terminal."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


class Lab:
    """A run screen and what a person sees of it."""

    def __init__(self, pilot: Pilot[None], screen: RunScreen) -> None:
        self.pilot = pilot
        self.screen = screen

    def text(self) -> str:
        return text_of(self.pilot.app)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def sees(self, text: str) -> None:
        """Wait for a text, wherever its lines are broken."""
        await until(
            lambda: text in self.text() or text in " ".join(self.text().split()),
            f"{text!r} in\n{self.text()}",
        )

    async def at(self, step: int) -> None:
        """All panels show this step."""
        await until(lambda: self.screen.snapshot.step == step, f"step {step}")
        await until(lambda: self.screen.snapshot.wanted.sizes, "pictures")

    @property
    def shown(self) -> list[int]:
        return [panel.index for panel in self.screen.query(PanelWidget) if panel.display]


@asynccontextmanager
async def lab(
    place: Path | Run, size: tuple[int, int] = WIDE, live: bool = True, **view: float
) -> AsyncIterator[Lab]:
    screen = RunScreen(Source(place), live=live, **view)  # type: ignore[arg-type]
    app = LabApp(screen)
    async with app.run_test(size=size) as pilot:
        opened = Lab(pilot, screen)
        await until(
            lambda: all(p.picture for p in screen.query(PanelWidget) if p.display) and opened.shown, "panels"
        )
        yield opened
