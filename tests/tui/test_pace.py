"""What the keys for faster and slower ask of an engine."""

from __future__ import annotations

import pytest

from tuilab.recording import Event
from tuilab.runs import State
from tuilab.tui.pace import PACES, EnginePace
from tuilab.tui.snapshot import Snapshot, Wanted


def snapshot(last: int, *paces: float | None, state: State = State.RUNNING) -> Snapshot:
    events = tuple(Event(0, "pace", None, {"steps_per_second": pace}, 0.0) for pace in paces)
    return Snapshot(Wanted(), state, last=last, events=events)


@pytest.mark.parametrize(
    ("now", "faster", "slower"),
    [
        (20.0, "50", "10"),
        (30.0, "50", "20"),
        (0.2, "0.5", "0.2"),
        (1000.0, "max", "500"),
        (None, "max", "5"),
    ],
)
def test_a_notch_from_what_the_engine_was_told(now: float | None, faster: str, slower: str) -> None:
    for notches, wanted in ((1, faster), (-1, slower)):
        pace = EnginePace()
        pace.note(snapshot(0, now))
        assert pace.change(notches) == wanted


def test_an_engine_that_was_told_nothing_goes_as_it_is_seen_to() -> None:
    clock = iter([0.0, 1.0, 2.0])
    pace = EnginePace(lambda: next(clock))
    for last in (0, 35, 70):
        pace.note(snapshot(last))
    pace.note(snapshot(70, state=State.PAUSED))
    assert pace.change(-1) == "20"
    assert [pace.change(1) for _ in range(3)] == ["50", "100", "200"]


def test_what_was_asked_counts_until_the_engine_answers() -> None:
    pace = EnginePace()
    pace.note(snapshot(0, 5.0))
    assert [pace.change(1), pace.change(1)] == ["10", "20"]
    pace.note(snapshot(0, 5.0))
    assert pace.change(1) == "50"
    pace.note(snapshot(0, 5.0, 2.0))
    assert pace.change(1) == "5"
    assert {pace.change(-1) for _ in range(9)} == {"2", "1", "0.5", "0.2"}
    assert [pace.change(1) for _ in range(len(PACES))][-1] == "max"
