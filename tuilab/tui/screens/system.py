"""What the machine does while the engine runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tuilab.amounts import size
from tuilab.tui import words
from tuilab.tui.machine import Machine, Observer
from tuilab.tui.snapshot import Snapshot
from tuilab.tui.source import Source

_EVERY = 1.0
"""Seconds between two looks."""


class SystemScreen(ModalScreen[None]):
    """CPU, memory and GPUs, steps and examples a second, what observing costs; looked at every second."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,i", "dismiss", "close")]

    def __init__(self, source: Source, snapshot: Callable[[], Snapshot]) -> None:
        """Of the engine of a source; `snapshot` gives the moment that the lab shows."""
        super().__init__()
        self._source, self._snapshot = source, snapshot
        self._left = threading.Event()

    def compose(self) -> ComposeResult:
        """One table."""
        with Vertical(id="system", classes="dialog") as box:
            box.border_title = "the machine"
            box.border_subtitle = "escape closes"
            yield Static("looking …", id="machine")

    def on_mount(self) -> None:
        """Look from a thread of its own: nvidia-smi takes its time."""
        threading.Thread(target=self._watch, name="tuilab-system", daemon=True).start()

    def on_unmount(self) -> None:
        """Look no more."""
        self._left.set()

    def _watch(self) -> None:
        observer = Observer()
        while True:
            run = self._source.run
            summary = None if run is None else run.glance()
            alive = self._snapshot().alive
            host, pid = ("", 0) if summary is None or not alive else (summary.host, summary.pid)
            machine = observer.look(host, pid)
            with suppress(RuntimeError):  # the lab closed in the meantime
                self.app.call_from_thread(self._show, machine, host)
            if self._left.wait(_EVERY):
                return

    def _show(self, machine: Machine, host: str) -> None:
        if not self.is_mounted:
            return
        lines = lines_of(machine, host, self._snapshot())
        told = [Content.assemble((f"{name:<12}", words.DIM), what) for name, what in lines]
        self.query_one("#machine", Static).update(Content("\n").join(told))


def lines_of(machine: Machine, host: str, snapshot: Snapshot) -> list[tuple[str, str]]:
    """What there is to be said, as names and sentences."""
    lines = []
    if not machine.here:
        lines.append(("engine", f"runs on {host}; what follows is this host"))
    elif machine.memory is not None:
        cpu = "" if machine.cpu is None else f"{machine.cpu / 100:.1f} of {machine.cores} cores, "
        lines.append(("engine", f"{cpu}{size(machine.memory)}"))
    else:
        lines.append(("engine", "none at work"))
    lines.append(("processors", f"{machine.load:.0f} % of {machine.cores} cores"))
    lines.append(("memory", f"{size(machine.free)} free of {size(machine.total)}"))
    for place, gpu in enumerate(machine.gpus):
        busy = "" if gpu.busy is None else f"{gpu.busy:.0f} %"
        known = gpu.used is not None and gpu.total is not None
        memory = (
            f"{size(round((gpu.used or 0) * 2**20))} of {size(round((gpu.total or 0) * 2**20))}"
            if known
            else ""
        )
        lines.append((f"GPU {place}", ", ".join(filter(None, [gpu.name, busy, memory]))))
    if not machine.gpus and machine.here:
        lines.append(("GPU", "none that nvidia-smi knows"))
    for name, value in snapshot.costs.items():
        lines.append((name, value))
    return lines
