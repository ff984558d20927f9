"""The one thread of a run screen that reads the recording and draws the panels.

The screen says what it wants and wakes the thread; the thread makes one snapshot of the latest wish and
hands it over. Wishes do not queue, so no backlog can build up, however slow the panels or the terminal are.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tuilab.runs import State
from tuilab.tui.player import Timeline
from tuilab.tui.snapshot import ArmLabel, Snapshot, Wanted
from tuilab.tui.source import Source

if TYPE_CHECKING:
    from tuilab.doctor import Finding, Outcome, Reveal
    from tuilab.panels import Panel, Picture
    from tuilab.recording import Readable

_CHECK_EVERY = 2.0
"""Seconds between two looks at the expectations of a run that is still going."""
_STATE_EVERY = 0.5


class Worker:
    """Makes snapshots on a thread of its own, from `start` to `stop`."""

    def __init__(self, source: Source, deliver: Callable[[Snapshot], None]) -> None:
        """Draw `source`; `deliver` is called on the worker's thread."""
        self._deliver = deliver
        self._camera = Camera(source)
        self._wanted = Wanted()
        self._wake = threading.Event()
        self._stopping = False
        # A daemon: leaving the lab must not wait for a panel.
        self._thread = threading.Thread(target=self._work, name="tuilab-worker", daemon=True)

    def start(self) -> None:
        """Begin; the first snapshot follows by itself."""
        self._wake.set()
        self._thread.start()

    def want(self, wanted: Wanted) -> None:
        """Ask for a snapshot; answered only if it would differ from the last one."""
        self._wanted = wanted
        self._wake.set()

    def stop(self) -> None:
        """End after the snapshot being made, without waiting for it."""
        self._stopping = True
        self._wake.set()

    def _work(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            if self._stopping:
                break
            snapshot = self._camera.take(self._wanted)
            if snapshot is not None and not self._stopping:
                self._deliver(snapshot)
        self._camera.close()


class Camera:
    """Takes snapshots of a source. Not thread-safe; the worker's."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._recording: Readable | None = None
        self._paths: list[Path] = []
        self._panels: list[Panel] = []
        self._arms: tuple[ArmLabel, ...] = ()
        self._state, self._state_at = State.STARTING, 0.0
        self._judged: tuple[tuple[Outcome, ...], tuple[Finding, ...]] = ((), ())
        self._reveals: tuple[Reveal, ...] | None = None
        self._checked: tuple[int, State | None, float] = (-1, None, 0.0)
        self._timeline, self._timed = Timeline(), -1
        self._last: Snapshot | None = None

    def take(self, wanted: Wanted) -> Snapshot | None:
        """A snapshot of what is wanted, None if it would be the last one again. Never raises."""
        try:
            snapshot = self._take(wanted)
        except Exception as error:  # whatever a recording or a panel does, the lab stays open and says so
            before = self._last or Snapshot(wanted)
            snapshot = dataclasses.replace(before, wanted=wanted, problem=_sentence(error))
        if snapshot is None or (snapshot.problem and self._last is not None and snapshot == self._last):
            return None
        self._last = snapshot
        return snapshot

    def close(self) -> None:
        """Let go of the files."""
        if self._recording is not None:
            self._recording.close()
            self._recording = None

    def _take(self, wanted: Wanted) -> Snapshot | None:
        from tuilab.recording import RecordingError

        try:
            fresh = self._follow()
        except (RecordingError, OSError) as error:
            if self._recording is None:
                return Snapshot(wanted, State.UNREADABLE, problem=_sentence(error), error=error)
            raise
        recording = self._recording
        state = self._how_it_is(fresh)
        if recording is None:
            problem = self._source.problem() if state in (State.DIED, State.FAILED) else ""
            waiting = Snapshot(wanted, state, problem=problem)
            return None if waiting == self._last else waiting
        last = self._last
        if (
            last is not None
            and not fresh
            and not last.problem
            and (last.wanted, last.state) == (wanted, state)
        ):
            return None
        end = max(recording.last_step, 0)
        step = end if wanted.step is None else min(wanted.step, end)
        return Snapshot(
            wanted,
            state,
            recording.header,
            tuple(panel.title for panel in self._panels),
            self._arms_in(wanted),
            max(recording.first_step, 0),
            end,
            step,
            self._draw(recording, wanted, step, wanted.step is None and state is State.RUNNING),
            tuple(recording.events()),
            *self._judge(recording, state),
            self._reveal(recording, state),
            self._pace(recording, wanted, state),
            _damage(recording),
            self._tell(recording, wanted, step),
        )

    def _follow(self) -> bool:
        """Open or refresh the recording; whether there is anything new."""
        paths = self._source.paths()
        if self._recording is not None and paths == self._paths:
            return self._recording.refresh()
        if not paths:
            if self._recording is not None:
                raise FileNotFoundError(f"{self._source.name}: the recording is gone")
            return False
        from tuilab.panels import panels_of

        self.close()
        self._recording, self._paths = self._source.open(), paths
        self._panels = panels_of(self._recording.header)
        return True

    def _how_it_is(self, fresh: bool) -> State:
        """The state, looked up again when something was recorded or some time has passed."""
        now = time.monotonic()
        if fresh or self._recording is None or now - self._state_at > _STATE_EVERY:
            self._state, self._state_at = self._source.state(self._recording), now
        return self._state

    def _arms_in(self, wanted: Wanted) -> tuple[ArmLabel, ...]:
        from tuilab.panels.palette import arm_color, arm_mark, arms_of

        if self._recording is None:
            return ()
        header = self._recording.header
        return tuple(
            ArmLabel(arm, arm_mark(header, arm, wanted.glyphs), arm_color(header, arm))
            for arm in arms_of(header)
        )

    def _tell(self, recording: Readable, wanted: Wanted, step: int) -> str:
        from tuilab.panels import View

        if wanted.told is None or wanted.told >= len(self._panels):
            return ""
        view = View(step, False, wanted.hidden, wanted.log, wanted.glyphs, wanted.color)
        return self._panels[wanted.told].describe(recording, view)

    def _draw(self, recording: Readable, wanted: Wanted, step: int, live: bool) -> dict[int, Picture]:
        from tuilab.panels import View

        view = View(step, live, wanted.hidden, wanted.log, wanted.glyphs, wanted.color)
        return {
            panel: self._panels[panel].draw(recording, view, width, height)
            for panel, width, height in wanted.sizes
            if panel < len(self._panels) and width > 0 and height > 0
        }

    def _judge(self, recording: Readable, state: State) -> tuple[tuple[Outcome, ...], tuple[Finding, ...]]:
        """Expectations and findings; while the run goes on only every so often."""
        from tuilab.doctor import check, findings

        now = time.monotonic()
        end, checked_state, at = self._checked
        if (recording.last_step, state) != (end, checked_state) and (
            state != checked_state or now - at > _CHECK_EVERY
        ):
            self._judged = tuple(check(recording, over=not state.alive)), tuple(findings(recording))
            self._checked = (recording.last_step, state, now)
        return self._judged

    def _reveal(self, recording: Readable, state: State) -> tuple[Reveal, ...]:
        """How the predictions came out; nothing while the run goes on."""
        from tuilab.doctor import reveals

        if self._reveals is None and not state.alive:
            self._reveals = tuple(reveals(recording))
        return self._reveals or ()

    def _pace(self, recording: Readable, wanted: Wanted, state: State) -> Timeline:
        """The timeline for playing it; read anew once the recording has grown by a quarter."""
        outgrown = recording.last_step > 1.25 * self._timed + 20
        if (outgrown or self._timed < 0) and (wanted.step is not None or not state.alive):
            self._timed = recording.last_step
            self._timeline = Timeline.of(recording)
        return self._timeline


def _damage(recording: Readable) -> str:
    gaps = recording.gaps
    if not gaps:
        return ""
    lost = sum(gap.length for gap in gaps)
    return f"{len(gaps)} damaged part{'s' * (len(gaps) > 1)} of the recording skipped ({lost:,} bytes)"


def _sentence(error: Exception) -> str:
    """What went wrong in one line; the kind of error too where it is not one of the project's own."""
    text = " ".join(str(error).split())
    known = type(error).__module__.startswith("tuilab.") or isinstance(error, FileNotFoundError)
    return text if known and text else f"{type(error).__name__}: {text}"
