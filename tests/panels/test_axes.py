import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuilab.panels.axes import LIMIT, ValueAxis, integer_ticks, nice
from tuilab.panels.numbers import brief, integer_label, power_label, short
from tuilab.panels.steps import StepAxis
from tuilab.panels.view import View

FINITE = st.floats(allow_nan=False, allow_infinity=False)
STEPS = st.integers(0, 10**12)


@given(st.lists(FINITE, min_size=1, max_size=5), st.integers(1, 60))
def test_a_linear_axis_holds_its_values_and_its_labels_say_where_they_stand(values, rows):
    axis = ValueAxis.holding([min(values)], [max(values)], False)
    assert axis.low < axis.high
    span = axis.high - axis.low
    for value in values:
        assert axis.low - 1e-6 * span <= max(min(value, LIMIT), -LIMIT) <= axis.high + 1e-6 * span
    ticks = axis.ticks(rows)
    assert 2 <= len(ticks.places) == len(set(ticks.labels)) <= max(rows, 2)
    for place, label in zip(ticks.places, ticks.labels, strict=True):
        assert -1e-9 <= place <= 1 + 1e-9
        assert float(label) == pytest.approx(axis.low + place * span, abs=span * 1e-3)


@given(st.lists(st.floats(5e-324, 1e308), min_size=1, max_size=5), st.integers(1, 60))
def test_a_log_axis_holds_its_values_and_its_labels_say_where_they_stand(values, rows):
    logs = np.log10(values)
    axis = ValueAxis.holding([logs.min()], [logs.max()], True)
    assert axis.low <= logs.min() + 1e-9
    assert axis.high >= logs.max() - 1e-9
    ticks = axis.ticks(rows)
    assert len(ticks.labels) >= 2
    for place, label in zip(ticks.places, ticks.labels, strict=True):
        mantissa, _, exponent = f"{label}e0".split("e")[0], None, label.partition("e")[2] or "0"
        there = math.log10(float(mantissa)) + int(exponent)
        assert there == pytest.approx(axis.low + place * (axis.high - axis.low), abs=1e-6)


@pytest.mark.parametrize(
    ("low", "high", "ends"),
    [
        (0.1, 2.31, (0, 3)),
        (2.25, 2.31, (2.24, 2.32)),
        (-1, 1, (-1, 1)),
        (0, 0, (0, 1)),
        (-7, -5, (-7, -5)),
        (0.1, 0.9, (0, 1)),
    ],
)
def test_linear_ranges(low, high, ends):
    axis = ValueAxis.holding([low], [high], False)
    assert (axis.low, axis.high) == pytest.approx(ends)


def test_noise_rescales_the_value_axis_seldom():
    noise = np.random.default_rng(0).normal(2, 0.3, 5000)
    ranges = {
        (axis.low, axis.high)
        for end in range(1, 5000)
        for axis in [ValueAxis.holding([noise[:end].min()], [noise[:end].max()], False)]
    }
    assert len(ranges) < 12


@pytest.mark.parametrize(
    ("step", "total", "last"),
    [
        (0, None, 16),
        (16, None, 16),
        (17, None, 32),
        (400, 1000, 512),
        (600, 1000, 1000),
        (1000, 1000, 1000),
        (0, 10, 10),
        (0, 0, 16),
        (1500, 1000, 2048),
        (2**40 + 1, None, 2**41),
    ],
)
def test_the_step_axis_doubles_and_ends_with_the_run(step, total, last):
    assert StepAxis.until(step, total, 100).last == last


AXES = st.builds(
    lambda last, columns, window, log: StepAxis.seen(
        View(last, window=window, log_steps=log), {"steps": max(last, 16)}, columns
    ),
    st.integers(1, 10**9),
    st.integers(1, 300),
    st.none() | st.tuples(STEPS, STEPS),
    st.booleans(),
)


@given(AXES, st.lists(STEPS, min_size=1, max_size=50))
def test_steps_keep_their_order_on_the_axis_and_fill_it(axis, steps):
    seen = [axis.first, axis.last, *steps]
    placed = axis.column(np.array(sorted(step for step in seen if axis.first <= step <= axis.last)))
    assert (np.diff(placed) >= 0).all()
    assert placed[0] == 0
    assert placed[-1] < axis.columns
    assert (
        placed[-1] >= (axis.columns - 1) - axis.columns // 2
        if axis.bin > 1
        else placed[-1] == axis.columns - 1
    )


@given(AXES, st.integers(0, 10**9), st.integers(1, 1000))
def test_what_comes_later_never_falls_into_a_complete_column(axis, step, later):
    step = max(min(step, axis.last), axis.first)
    complete = axis.complete(step, 2)
    if step + later <= axis.last:
        assert axis.column(np.array([step + later]))[0] >= complete


@given(AXES)
def test_every_column_ends_before_the_next_one_begins(axis):
    ends = axis.ends()
    assert len(ends) == axis.columns
    assert (axis.column(ends) <= np.arange(axis.columns)).all()
    assert (axis.column(ends[:-1] + 1) > np.arange(axis.columns - 1)).all()


@given(AXES, st.integers(0, 299))
def test_the_step_of_a_column_lies_in_it_where_columns_are_narrow(axis, column):
    if column < axis.columns and not axis.log:
        found = int(axis.column(np.array([axis.step(column)]))[0])
        assert abs(found - column) <= max(1, axis.columns // max(axis.last - axis.first, 1))


@given(st.floats(1e-290, 1e290))
def test_nice_numbers_are_the_next_1_2_5(value):
    found = nice(value)
    assert value * (1 - 1e-6) <= found <= value * 2.5 * (1 + 1e-6)
    assert round(found / 10.0 ** math.floor(math.log10(found) + 1e-6), 6) in (1, 2, 5)


@given(st.integers(1, 500), st.integers(1, 120))
def test_layer_labels_stand_on_their_layers(layers, cells):
    ticks = integer_ticks(1, layers, 0.5, layers + 0.5, cells)
    assert ticks.labels[0] == "1"
    for place, label in zip(ticks.places, ticks.labels, strict=True):
        assert 0.5 + place * layers == pytest.approx(int(label))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.312345, "0.312"),
        (12.3456, "12.3"),
        (1234.5, "1230"),
        (0.5, "0.500"),
        (0, "0"),
        (-0.0, "0"),
        (1.5e-5, "1.5e-5"),
        (99999, "1e5"),
        (-3.05e11, "-3.05e11"),
        (5e-324, "4.94e-324"),
        (0.9996, "1.00"),
        (math.nan, "NaN"),
        (math.inf, "Inf"),
        (-math.inf, "-Inf"),
        (None, "–"),
    ],
)
def test_values_in_three_digits(value, text):
    assert short(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(1, "1"), (-1.5, "-1.5"), (0, "0"), (1230, "1230"), (1e-5, "1e-5")]
)
def test_fixed_figures_without_filling_zeros(value, text):
    assert brief(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1500, "1500"), (10000, "10k"), (12500, "12.5k"), (12345, "12345"), (3 * 10**6, "3M")],
)
def test_whole_numbers(value, text):
    assert integer_label(value) == text


@pytest.mark.parametrize(
    ("exponent", "text"), [(-324, "1e-324"), (-2, "0.01"), (0, "1"), (3, "1000"), (4, "1e4")]
)
def test_powers_of_ten(exponent, text):
    assert power_label(exponent) == text
