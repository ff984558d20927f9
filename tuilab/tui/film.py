"""A recording with all that the screen shows of it. It imports what draws and diagnoses: for the worker."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from tuilab.doctor import Finding, Outcome, Reveal, check, findings, reveals
from tuilab.panels import Drawn, Picture, View, arm_color, arm_mark, panels_of
from tuilab.panels.palette import arms_of
from tuilab.recording import Readable
from tuilab.recording.memo import memo
from tuilab.runs import State, tunables
from tuilab.tui.player import Timeline
from tuilab.tui.snapshot import ArmLabel, Snapshot, Wanted

_CHECK_EVERY = 2.0
"""Seconds between two looks at the expectations and findings of a run that is still going."""


class Film:
    """A recording, the files it lies in, and what was made of it so far."""

    def __init__(self, recording: Readable, paths: Sequence[Path]) -> None:
        self.recording, self.paths = recording, list(paths)
        self._added: tuple[str, ...] = ()
        self._begin()

    def close(self) -> None:
        """Let go of the files."""
        self.recording.close()

    def refresh(self) -> bool:
        """Look for what was added since; True if there was anything."""
        fresh = self.recording.refresh()
        if fresh and self.recording.header != self._header:  # another run has taken its place
            self._begin()
        return fresh

    def snapshot(self, wanted: Wanted, state: State) -> Snapshot:
        """What is wanted, of the moment."""
        recording = self.recording
        end = max(recording.last_step, 0)
        step = end if wanted.step is None else min(wanted.step, end)
        live = wanted.step is None and state is State.RUNNING
        view = View(step, live, glyphs=wanted.glyphs, color=wanted.color, **vars(wanted.look))
        self._add(wanted.added)
        outcomes, found = self._judge(state)
        return Snapshot(
            wanted,
            state,
            header=self._header,
            series=memo(recording).series(),
            titles=tuple(panel.title for panel in self._drawn.panels),
            needs=tuple(panel.needs(self._header) for panel in self._drawn.panels),
            arms=tuple(
                ArmLabel(arm, arm_mark(self._header, arm, wanted.glyphs), arm_color(self._header, arm))
                for arm in arms_of(self._header)
            ),
            first=max(recording.first_step, 0),
            last=end,
            step=step,
            pictures=self._pictures(wanted, view),
            events=tuple(recording.events()),
            outcomes=outcomes,
            findings=found,
            tunables=tunables(recording, wanted.step),
            lr=self._learning_rate(wanted.step, step),
            costs=self._costs(step),
            reveals=() if state.alive else self._reveals,
            timeline=self._time(wanted.step is not None or not state.alive),
            problem=self._damage(),
            told=self._tell(wanted.told, view),
            pointed=self._point(wanted.pointed, view),
        )

    def _learning_rate(self, wanted: int | None, step: int) -> float | None:
        """That of the schedule where it is recorded, else the setting's."""
        recorded = [self.recording.at(name, step) for name in memo(self.recording).series("*/learning_rate")]
        turned = tunables(self.recording, wanted)
        rates = set(recorded) or {value for key, value in turned.items() if key.endswith(".lr")}
        return rates.pop() if len(rates) == 1 else None

    def _costs(self, step: int) -> dict[str, str]:
        """Examples a second and what observing takes, where the engine has measured them."""
        known = {
            name: self.recording.at(f"engine/{name}", step)
            for name in ("images_per_second", "probe_share")
            if self.recording.has(f"engine/{name}")
        }
        rate, share = known.get("images_per_second"), known.get("probe_share")
        told = {} if rate is None else {"examples": f"{rate:.0f} a second"}
        return told if share is None else told | {"observing": f"{share:.1%} of the time"}

    def _add(self, globs: tuple[str, ...]) -> None:
        """Have a panel, before the declared ones, for each glob."""
        if globs != self._added:
            self._added = globs
            declared = [{"type": "curves", "title": glob, "series": [glob]} for glob in globs]
            self._drawn = Drawn([*panels_of({"panels": declared}), *panels_of(self._header)])

    def _point(self, place: tuple[int, int, int, int] | None, view: View) -> int | None:
        if place is None or place[0] >= len(self._drawn.panels):
            return None
        panel, x, width, height = place
        return self._drawn.panels[panel].step_at(self.recording, view, width, height, x)

    def _tell(self, panel: int | None, view: View) -> str:
        if panel is None or panel >= len(self._drawn.panels):
            return ""
        return self._drawn.panels[panel].describe(self.recording, view)

    def _begin(self) -> None:
        self._header = self.recording.header
        self._drawn = Drawn(panels_of(self._header))
        self._added = ()
        self._reveals: tuple[Reveal, ...] = tuple(reveals(self.recording))
        self._judged: tuple[tuple[Outcome, ...], tuple[Finding, ...]] = ((), ())
        self._judged_of: tuple[int, State | None] = (-1, None)
        self._judged_at = 0.0
        self._timeline, self._timed = Timeline(), -1

    def _pictures(self, wanted: Wanted, view: View) -> dict[int, Picture]:
        return {
            panel: self._drawn.draw(panel, self.recording, view, width, height)
            for panel, width, height in wanted.sizes
            if panel < len(self._drawn.panels) and width > 0 and height > 0
        }

    def _judge(self, state: State) -> tuple[tuple[Outcome, ...], tuple[Finding, ...]]:
        """Expectations and findings; while the run goes on only every so often."""
        now, of = time.monotonic(), (self.recording.revision, state)
        changed = state != self._judged_of[1]
        if changed or (of != self._judged_of and now - self._judged_at > _CHECK_EVERY):
            self._judged = tuple(check(self.recording, over=not state.alive)), tuple(findings(self.recording))
            self._judged_of, self._judged_at = of, now
        return self._judged

    def _time(self, needed: bool) -> Timeline:
        """The timeline for playing it; read anew once the recording has grown by a quarter."""
        last = self.recording.last_step
        if needed and (self._timed < 0 or last > 1.25 * self._timed + 20):
            self._timeline, self._timed = Timeline.of(self.recording), last
        return self._timeline

    def _damage(self) -> str:
        gaps = self.recording.gaps
        if not gaps:
            return ""
        lost = sum(gap.length for gap in gaps)
        return f"{len(gaps)} damaged part{'s' * (len(gaps) > 1)} of the recording skipped ({lost:,} bytes)"
