"""The cursor's clock, against a clock that the test turns."""

from __future__ import annotations

import pytest

from tuilab.tui.player import SPEEDS, Player, Timeline


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def player(clock: Clock, last: int = 1_000, growing: bool = False, pace: float = 10.0) -> Player:
    made = Player(clock=clock, following=False, timeline=Timeline.paced(pace))
    made.extend(0, last, growing)
    return made


def test_playing_goes_by_the_clock_however_few_the_ticks(clock: Clock) -> None:
    cursor = player(clock, pace=10)
    cursor.seek(5)
    cursor.toggle()
    clock.now += 3.0
    assert cursor.step == 35


@pytest.mark.parametrize(("speed", "step"), [(0.1, 2), (1.0, 20), (2.0, 40), (100.0, 1_000)])
def test_speed_multiplies_the_pace(clock: Clock, speed: float, step: int) -> None:
    cursor = player(clock)
    cursor.speed = speed
    cursor.toggle()
    clock.now += 2.0
    assert cursor.step == step


def test_changing_speed_while_playing_does_not_jump(clock: Clock) -> None:
    cursor = player(clock)
    cursor.toggle()
    clock.now += 2.0
    cursor.change_speed(+1)
    assert (cursor.step, cursor.speed) == (20, 2.0)
    clock.now += 1.0
    assert cursor.step == 40


def test_speed_stays_between_a_tenth_and_a_hundred(clock: Clock) -> None:
    cursor = player(clock)
    cursor.change_speed(+50)
    assert cursor.speed == SPEEDS[-1] == 100.0
    cursor.change_speed(-50)
    assert cursor.speed == SPEEDS[0] == 0.1


def test_a_finished_recording_stops_at_its_end_and_plays_again_from_the_start(clock: Clock) -> None:
    cursor = player(clock, last=50)
    cursor.toggle()
    clock.now += 60.0
    cursor.settle()
    assert (cursor.step, cursor.playing, cursor.following) == (50, False, False)
    cursor.toggle()
    assert (cursor.step, cursor.playing) == (0, True)


def test_a_growing_recording_is_followed_once_the_cursor_has_caught_up(clock: Clock) -> None:
    cursor = player(clock, last=50, growing=True)
    cursor.toggle()
    clock.now += 60.0
    cursor.settle()
    assert cursor.following
    cursor.extend(0, 80, True)
    assert cursor.step == 80


def test_moving_leaves_the_live_end_and_stays_inside(clock: Clock) -> None:
    cursor = player(clock, last=50, growing=True)
    cursor.follow()
    cursor.move(-1)
    assert (cursor.step, cursor.following) == (49, False)
    cursor.extend(0, 90, True)
    assert cursor.step == 49
    cursor.move(-500)
    assert cursor.step == 0
    cursor.seek(10_000)
    assert cursor.step == 90


def test_pausing_holds_the_step(clock: Clock) -> None:
    cursor = player(clock)
    cursor.toggle()
    clock.now += 1.0
    cursor.toggle()
    clock.now += 50.0
    assert cursor.step == 10


def test_an_empty_recording_has_step_zero(clock: Clock) -> None:
    cursor = player(clock)
    cursor.extend(-1, -1, True)
    cursor.toggle()
    cursor.settle()
    assert cursor.step == 0


def test_a_recorded_timeline_plays_in_real_time(clock: Clock) -> None:
    # Ten steps took one second, the next ten took ten.
    cursor = player(clock, last=20)
    cursor.retime(Timeline.recorded([0, 10, 20], [0.0, 1.0, 11.0]))
    cursor.toggle()
    clock.now += 1.0
    assert cursor.step == 10
    clock.now += 5.0
    assert cursor.step == 15


@pytest.mark.parametrize("seconds", [[], [0.0], [3.0, 3.0, 3.0], [5.0, 4.0, 3.0]])
def test_a_clock_that_does_not_advance_is_not_gone_by(seconds: list[float]) -> None:
    timeline = Timeline.recorded(list(range(len(seconds))), seconds)
    assert timeline == Timeline()
