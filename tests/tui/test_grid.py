"""How panels share the screen."""

from __future__ import annotations

import math

import pytest

from tuilab.tui.widgets.grid import MIN_HEIGHT, MIN_WIDTH, arrange


@pytest.mark.parametrize("count", range(1, 13))
@pytest.mark.parametrize("size", [(80, 20), (84, 36), (118, 36), (152, 56), (38, 9), (10, 3), (300, 90)])
def test_no_panel_is_smaller_than_it_can_be_read(count: int, size: tuple[int, int]) -> None:
    width, height = size
    columns, rows = arrange(count, width, height)
    assert columns == 1 or width // columns >= MIN_WIDTH
    assert rows == 1 or height // rows >= MIN_HEIGHT


@pytest.mark.parametrize(
    ("count", "size", "expected"),
    [
        (6, (84, 36), (2, 3)),
        (4, (84, 36), (2, 2)),
        (6, (80, 20), (2, 2)),
        (1, (84, 36), (1, 1)),
        (7, (152, 56), (3, 3)),
    ],
)
def test_as_many_as_fit_in_good_shape(count: int, size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert arrange(count, *size) == expected


@pytest.mark.parametrize("count", range(1, 8))
def test_all_are_on_one_page_when_there_is_room(count: int) -> None:
    columns, rows = arrange(count, 200, 56)
    assert columns * rows >= count
    assert math.ceil(count / columns) == rows
