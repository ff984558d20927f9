"""Several recordings laid over one another: each one's arms beside the others'."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import translate
from typing import Any, NamedTuple

from tuilab.recording.format import Floats, Ints
from tuilab.recording.names import Series, SeriesName
from tuilab.recording.readable import Extent, Readable
from tuilab.recording.results import Event, Frame, Gap, Overview


class _Place(NamedTuple):
    """Where a series or frame of the comparison comes from."""

    member: Readable
    name: str
    identity: SeriesName


class Comparison:
    """A `Readable` of several: the arm `sgd` of `a` is its arm `a sgd`, and `a` where that is the only one.

    Frames that are no arm's, such as a surface, are the first one's that has them.
    """

    def __init__(self, members: Mapping[str, Readable]) -> None:
        """Lay `members`, at least one, over one another, each by what it is called."""
        if not members:
            raise ValueError("a comparison of no recordings: at least one is needed")
        self._members = {label.replace("/", "-"): member for label, member in members.items()}
        self._arms = {
            label: {arm: arm_name(label, arm, len(_arms(member.header))) for arm in _arms(member.header)}
            for label, member in self._members.items()
        }
        self._known: tuple[int, dict[str, _Place], dict[str, _Place]] | None = None

    @property
    def header(self) -> dict[str, Any]:
        """The first one's, with everybody's arms; it promises nothing and asks nothing."""
        headers = {label: member.header for label, member in self._members.items()}
        first = next(iter(headers.values()))
        scenario = _table(first.get("scenario"))
        kept = {key: scenario[key] for key in scenario.keys() - {"expect", "predict", "notes", "question"}}
        arms = {
            named: _table(_table(headers[label].get("scenario")).get("arms")).get(arm, {})
            for label, names in self._arms.items()
            for arm, named in names.items()
        }
        steps = [header.get("steps") for header in headers.values()]
        known = [step for step in steps if isinstance(step, int)]
        title = " against ".join(self._members)
        left_out = ("predicted", "tunables", "parent", "continues")
        return {
            **{key: value for key, value in first.items() if key not in left_out},
            "scenario": kept | {"title": title, "arms": arms},
            "arms": list(arms),
            "steps": max(known) if len(known) == len(steps) else None,
        }

    @property
    def members(self) -> dict[str, Readable]:
        """What is compared, by what it is called."""
        return dict(self._members)

    @property
    def revision(self) -> int:
        """Greater whenever any has something new."""
        return sum(member.revision for member in self._members.values())

    @property
    def finished(self) -> bool:
        """Whether all are."""
        return all(member.finished for member in self._members.values())

    @property
    def gaps(self) -> list[Gap]:
        """Everybody's."""
        return [gap for member in self._members.values() for gap in member.gaps]

    @property
    def first_step(self) -> int:
        """The first that any has, -1 while none has any."""
        return min((m.first_step for m in self._members.values() if m.first_step >= 0), default=-1)

    @property
    def last_step(self) -> int:
        """The last that any has, -1 while none has any."""
        return max(member.last_step for member in self._members.values())

    def refresh(self) -> bool:
        """Look for what was added to any."""
        new = [member.refresh() for member in self._members.values()]
        return any(new)

    def series(self, *globs: str) -> list[str]:
        """Names that match one of the globs as they are here, or as they were recorded."""
        return _matching(self._places()[0], globs)

    def frames(self, *globs: str) -> list[str]:
        """The same of frames."""
        return _matching(self._places()[1], globs)

    def has(self, name: str) -> bool:
        """Whether there is a series of exactly this name."""
        return name in self._places()[0]

    def identity(self, name: str) -> SeriesName:
        """With the arm as it is called here."""
        return self._place(name).identity

    def describe(self, name: str) -> Series:
        """As it was recorded, of the arm as it is called here."""
        place = self._place(name)
        return place.member.describe(place.name)._replace(identity=place.identity)

    def extent(self, name: str) -> Extent:
        """As it was recorded."""
        place = self._place(name)
        return place.member.extent(place.name)

    def read(self, name: str, start: int | None = None, stop: int | None = None) -> tuple[Ints, Floats]:
        """Steps and values in [start, stop); KeyError without such a series."""
        place = self._place(name)
        return place.member.read(place.name, start, stop)

    def times(self, name: str, start: int | None = None, stop: int | None = None) -> tuple[Ints, Floats]:
        """Steps and when each was measured."""
        place = self._place(name)
        return place.member.times(place.name, start, stop)

    def at(self, name: str, step: int) -> float | None:
        """The value at the last step at or before `step`."""
        place = self._place(name)
        return place.member.at(place.name, step)

    def overview(self, name: str, start: int | None, stop: int | None, columns: int) -> Overview:
        """A series in at most `columns` equal spans of [start, stop), by default of all that is compared."""
        place = self._place(name)
        low = max(self.first_step, 0) if start is None else start
        return place.member.overview(place.name, low, self.last_step + 1 if stop is None else stop, columns)

    def frame(self, name: str, step: int) -> Frame | None:
        """The last frame of this name at or before `step`."""
        place = self._places()[1].get(name)
        return None if place is None else place.member.frame(place.name, step)

    def frame_steps(self, name: str) -> Ints:
        """The steps at which frames of this name were recorded."""
        place = self._place(name)
        return place.member.frame_steps(place.name)

    def events(self, start: int | None = None, stop: int | None = None) -> list[Event]:
        """Everybody's, by step; what is no arm's says whose it is in `run`."""
        found = [
            Event(
                event.step,
                event.kind,
                self._arms[label].get(event.arm, event.arm) if event.arm else None,
                {**event.data, "run": label},
                event.time,
            )
            for label, member in self._members.items()
            for event in member.events(start, stop)
        ]
        return sorted(found, key=lambda event: event.step)

    def __enter__(self) -> Comparison:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all."""
        for member in self._members.values():
            member.close()

    def _place(self, name: str) -> _Place:
        series, frames = self._places()
        return series[name] if name in series else frames[name]

    def _places(self) -> tuple[dict[str, _Place], dict[str, _Place]]:
        """All series and all frames by their names here."""
        if self._known is None or self._known[0] != self.revision:
            series: dict[str, _Place] = {}
            frames: dict[str, _Place] = {}
            for label, member in self._members.items():
                for found, names in ((series, member.series()), (frames, member.frames())):
                    for name in names:
                        identity = member.identity(name) if "/" in name else SeriesName(name, "")
                        arm = self._arms[label].get(identity.arm)
                        if arm is None and "/" in name:  # the engine's own
                            arm = f"{label} {identity.arm}"
                        here = name if arm is None else f"{arm}/{name.partition('/')[2]}"
                        found.setdefault(here, _Place(member, name, identity._replace(arm=arm or name)))
            self._known = self.revision, series, frames
        return self._known[1], self._known[2]


def arm_name(label: str, arm: str, count: int) -> str:
    """What an arm is called in a comparison; `count`: how many arms its recording has."""
    return label if count == 1 else f"{label} {arm}"


def _arms(header: Mapping[str, Any]) -> list[str]:
    arms = header.get("arms")
    return [arm for arm in arms if isinstance(arm, str)] if isinstance(arms, list) else []


def _matching(places: Mapping[str, _Place], globs: tuple[str, ...]) -> list[str]:
    if not globs:
        return list(places)
    match = re.compile("|".join(map(translate, globs))).match
    return [name for name, place in places.items() if match(name) or match(place.name)]


def _table(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}
