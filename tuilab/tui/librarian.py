"""The library's errands, each on a thread: reading scenario files, looking at runs, launching engines."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from pathlib import Path

    from tuilab.panels import Picture
    from tuilab.panels.view import Glyphs
    from tuilab.scenario.catalogue import Entry
    from tuilab.tui.recent import RunFacts
    from tuilab.tui.source import Source

LOOK_EVERY = 1.0
"""Seconds between two looks at the runs."""


class ScenariosListed(Message):
    """The scenario files were read."""

    def __init__(self, entries: list[Entry]) -> None:
        self.entries = entries
        super().__init__()


class RunsLookedAt(Message):
    """Something changed among the runs."""

    def __init__(self, runs: list[RunFacts], problem: str) -> None:
        self.runs = runs
        self.problem = problem
        super().__init__()


class RunPreviewed(Message):
    """The main plot of a run was drawn; None where nothing can be drawn."""

    def __init__(self, path: Path, picture: Picture | None) -> None:
        self.path = path
        self.picture = picture
        super().__init__()


class EngineLaunched(Message):
    """An engine was launched, or could not be."""

    def __init__(self, source: Source | None, problem: str) -> None:
        self.source = source
        self.problem = problem
        super().__init__()


class Librarian:
    """Runs errands and posts what came of them. Imports what is heavy only then."""

    def __init__(self, post: Callable[[Message], bool], trust: bool = False) -> None:
        """`post` takes messages from any thread; False once nobody reads them.

        `trust` lets engines run the code of own parts.
        """
        self._post_message = post
        self._trust = trust
        self._stopped = threading.Event()
        self._wanted: Path | None = None
        self._drawing = threading.Lock()

    def start(self) -> None:
        """Read the scenario files, and look at the runs from now on."""
        self.read_scenarios()
        self._send(self._look)

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()

    def read_scenarios(self) -> None:
        """Read the scenario files."""
        self._send(self._read)

    def launch(self, entry: Entry, predicted: Sequence[int | None] = ()) -> None:
        """Start an engine on a scenario, with what was predicted of it."""
        self._send(lambda: self._launch(entry, predicted))

    def preview(self, path: Path, size: tuple[int, int], glyphs: Glyphs, color: bool) -> None:
        """Draw the first panel of a run, unless another run is asked for meanwhile."""
        self._wanted = path
        self._send(lambda: self._preview(path, size, glyphs, color))

    def _send(self, errand: Callable[[], None]) -> None:
        threading.Thread(target=errand, name="tuilab-library", daemon=True).start()

    def _post(self, message: Message) -> bool:
        try:
            return self._post_message(message)
        except RuntimeError:
            return False  # the lab closed in the meantime

    def _read(self) -> None:
        from tuilab.scenario.catalogue import entries

        self._post(ScenariosListed(entries()))

    def _look(self) -> None:
        from tuilab.tui.recent import RecentRuns

        recent = RecentRuns()
        before: tuple[list[RunFacts], str] | None = None
        while not self._stopped.is_set():
            runs: list[RunFacts] = []
            problem = ""
            try:
                runs = recent.look()
            except (
                Exception
            ) as error:  # a folder of runs can hold anything; the library stays open and says so
                problem = " ".join(str(error).split())
            if (runs, problem) != before and not self._post(RunsLookedAt(runs, problem)):
                break
            before = (runs, problem)
            self._stopped.wait(LOOK_EVERY)

    def _preview(self, path: Path, size: tuple[int, int], glyphs: Glyphs, color: bool) -> None:
        from tuilab.panels import View, panels_of
        from tuilab.recording import RecordingError
        from tuilab.runs import Run, RunError

        picture = None
        with self._drawing:
            if path != self._wanted:
                return
            try:
                with Run(path).open() as recording:
                    if panels := panels_of(recording.header):
                        view = View(recording.last_step, glyphs=glyphs, color=color)
                        picture = panels[0].draw(recording, view, *size)
            except (RunError, RecordingError, OSError):
                picture = None  # it can't be read, which its line says
        self._post(RunPreviewed(path, picture))

    def _launch(self, entry: Entry, predicted: Sequence[int | None]) -> None:
        from tuilab.tui.launching import launch

        source: Source | None = None
        problem = ""
        try:
            source = launch(entry.path, predicted, self._trust)
        except Exception as error:  # whatever is wrong with the scenario or the folder, the library says it
            problem = str(error)
        self._post(EngineLaunched(source, problem))
