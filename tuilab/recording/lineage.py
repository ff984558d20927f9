"""Which files make a recording, and what of each exists: by what they say of each other, and by no clock."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from tuilab.recording.format import MAX_STEP
from tuilab.recording.reader import FileReader
from tuilab.recording.results import Gap
from tuilab.recording.segment import Segment

LEADER = "main"

_NAME = re.compile(r"(main|rank-\d{1,9})(?:-(\d{1,9}))?")
"""What 0.1, whose files say nothing of each other, called them: main, main-2, …, rank-1, rank-1-2, …"""


class Origin(NamedTuple):
    """What a file goes on from: of `file` there exist steps up to `step`, and at most `events` events."""

    run: str
    file: str
    step: int
    events: int | None


@dataclass(frozen=True)
class Member:
    """A file and what it says of itself.

    Attributes:
        run: the run it belongs to.
        writer: whose file it is: `main` the leader's, `rank-1` that of the first of the others.
        sequence: the how manyeth; what several writers recorded together has the same.
        origin: what it goes on from, None where it begins anew.
        told: whether it says so, instead of only its name.
    """

    file: FileReader
    run: str
    writer: str
    sequence: int
    origin: Origin | None
    told: bool


class History(NamedTuple):
    """Files put in order.

    Attributes:
        segments: those of the leader in the order of time, then those of each other writer.
        header: of the run's first file.
        gaps: what is missing between them.
    """

    segments: list[Segment]
    header: dict[str, Any]
    gaps: list[Gap]


def history(files: Sequence[FileReader]) -> History:
    """The recording that these files make, one at least.

    They are of the run that no other of them was forked from, or of the first one's where that leaves a
    choice, and of those it came from. The history of each writer is followed back from its latest file;
    what that does not meet does not exist.
    """
    gaps: list[Gap] = []
    if len(files) == 1 and not {"continues", "parent"} & files[0].contents.header.keys():
        return History([Segment(files[0])], files[0].contents.header, gaps)
    members = [_member(file, gaps) for file in files]
    runs = {member.file.path.parent: member.run for member in members if member.told}
    members = [
        member if member.told else _by_name(member, runs.get(member.file.path.parent, member.run), members)
        for member in members
    ]
    run = _run(members)
    latest: dict[str, Member] = {}
    for member in sorted(members, key=lambda member: (member.sequence, member.file.path.name)):
        if member.run == run:
            latest[member.writer] = member
    segments: list[Segment] = []
    back: list[tuple[int, int]] = []
    header: dict[str, Any] = {}
    for writer in sorted(latest, key=_rank):
        chain = _chain(latest[writer], members, back, gaps)
        own = [member for member, _ in chain if member.run == run]
        if writer == LEADER:
            back = [(member.sequence, member.origin.step + 1) for member in own if member.origin]
        header = header or next((found for member in own if (found := member.file.contents.header)), {})
        segments += [segment for _, segment in chain]
    return History(segments, header, gaps)


def _chain(
    latest: Member, members: Sequence[Member], back: Sequence[tuple[int, int]], gaps: list[Gap]
) -> list[tuple[Member, Segment]]:
    """A writer's files in the order of time.

    Args:
        latest: the last of them.
        members: all files.
        back: of each file of the leader's its sequence and the step that it begins with. What the leader
            went back over does not exist of the others either, though they may not have come back with it.
        gaps: takes what is wrong.
    """
    found: list[tuple[Member, Segment]] = []
    member, stop, count = latest, MAX_STEP, None
    while True:
        if member.run == latest.run:
            stop = min([stop, *(begins for sequence, begins in back if sequence > member.sequence)])
        found.append((member, Segment(member.file, stop, count)))
        origin = member.origin
        if origin is None:
            break
        before = _found(origin, member, members)
        if before is None:
            where = "" if origin.run == member.run else f" of run {origin.run}"
            why = f"it goes on from step {origin.step} of {origin.file}{where}, which is not there"
            gaps.append(Gap(member.file.path, 0, 0, why))
            break
        if any(before is earlier for earlier, _ in found):
            gaps.append(Gap(member.file.path, 0, 0, f"it goes on from {origin.file}, which goes on from it"))
            break
        member, stop, count = before, min(stop, origin.step + 1), origin.events
    return found[::-1]


def _found(origin: Origin, member: Member, members: Sequence[Member]) -> Member | None:
    """The file that another one goes on from, one in the same folder first."""
    fits = [other for other in members if (other.run, other.file.path.name) == (origin.run, origin.file)]
    folder = member.file.path.parent
    return min(fits, key=lambda other: other.file.path.parent != folder, default=None)


def _run(members: Sequence[Member]) -> str:
    """The run that the recording is of."""
    parents = {member.origin.run for member in members if member.origin and member.origin.run != member.run}
    return next((member.run for member in members if member.run not in parents), members[0].run)


def _rank(writer: str) -> tuple[int, int, str]:
    named = _NAME.fullmatch(writer)
    if not named:
        return 2, 0, writer
    return (0, 0, writer) if writer == LEADER else (1, int(writer.partition("-")[2]), writer)


def _member(file: FileReader, gaps: list[Gap]) -> Member:
    """A file by its header; where that says nothing, or what cannot be, the file's name has to do."""
    header, run = file.contents.header, f"in {file.path.parent}"
    named = _NAME.fullmatch(file.path.stem)
    writer, sequence = (named[1], int(named[2] or 1)) if named else (file.path.stem, 1)
    plain = Member(file, run, writer, sequence, None, told=False)
    if not {"run", "sequence", "continues"} & header.keys():
        return plain
    try:
        told = {"rank": 0, "sequence": 1, "run": run} | header
        run = _text(told["run"])
        rank, sequence = _whole(told, "rank", 0, 10**9 - 1), _whole(told, "sequence", 1, MAX_STEP)
        origin = _origin(header.get("continues"), run)
        if origin is None and header.get("parent") is not None:
            origin = _origin(header["parent"], _text(_table(header["parent"]).get("run")))
    except ValueError as error:
        gaps.append(Gap(file.path, 0, 0, f"its header does not say which run it is of: {error}"))
        return plain
    return Member(file, run, f"rank-{rank}" if rank else LEADER, sequence, origin, told=True)


def _by_name(plain: Member, run: str, members: Sequence[Member]) -> Member:
    """A file that says nothing goes on from the one before it by name, at its own `resumed-from` event."""
    folder = plain.file.path.parent
    before = [
        other
        for other in members
        if (other.file.path.parent, other.writer) == (folder, plain.writer)
        and other.sequence < plain.sequence
    ]
    if not before:
        return Member(plain.file, run, plain.writer, plain.sequence, None, told=False)
    events = plain.file.contents.events.all()
    step = next((event.step for event in events if event.kind == "resumed-from"), MAX_STEP - 1)
    name = max(before, key=lambda other: other.sequence).file.path.name
    return Member(plain.file, run, plain.writer, plain.sequence, Origin(run, name, step, None), told=False)


def _origin(item: Any, run: str) -> Origin | None:
    if item is None:
        return None
    table = _table(item)
    events = None if table.get("events") is None else _whole(table, "events", 0, MAX_STEP)
    return Origin(run, _text(table.get("file")), _whole(table, "step", -1, MAX_STEP - 1), events)


def _table(item: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise ValueError("not a table where one belongs")
    return item


def _text(item: Any) -> str:
    if not isinstance(item, str) or not item:
        raise ValueError("not a text where one belongs")
    return item


def _whole(table: dict[str, Any], key: str, low: int, high: int) -> int:
    value = table.get(key)
    if type(value) is not int or not low <= value <= high:
        raise ValueError(f"no {key} that can be")
    return value
