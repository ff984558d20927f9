"""What a sweep goes over: its grammar, grids, draws and edges."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuilab.scenario.load import changed, load
from tuilab.studies.space import Axis, Space, SpaceError, settings


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("lr=log(1e-4,1,5)", np.geomspace(1e-4, 1, 5)),
        ("momentum=lin(0, 0.9, 4)", np.linspace(0, 0.9, 4)),
        ("batch=logint(16,256,5)", [16, 32, 64, 128, 256]),
        ("depth=int(1,3,5)", [1, 2, 3]),
        ("name={sgd,adam}", ["sgd", "adam"]),
        ("name=sgd, 'a, b' ,true,3,0.5", ["sgd", "a, b", True, 3, 0.5]),
        ('arms."momentum .9".optimizer.lr=0.1,1', [0.1, 1]),
        ("x=-1,+2,1e3", [-1, 2, 1000.0]),
    ],
)
def test_values(text: str, values: Any) -> None:
    axis = Axis.parse(text)
    if isinstance(values, np.ndarray):
        assert np.allclose(np.array(axis.values, float), values, rtol=1e-5)
        assert (axis.values[0], axis.values[-1]) == (values[0], values[-1])
    else:
        assert list(axis.values) == values
        assert [type(value) for value in axis.values] == [type(value) for value in values]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "wanted KEY="),
        ("lr", "wanted KEY="),
        ("=1,2", "wanted KEY="),
        ("lr=", "wanted KEY="),
        ("lr=0.1", "one value alone"),
        ("lr={0.1}", "one value alone"),
        ("lr=1,,2", "a value is missing"),
        ("lr=1,2,", "a value is missing"),
        ("lr=log(1,2,3,4)", "takes two ends"),
        ("lr=log(1)", "takes two ends"),
        ("lr=log(0,1,3)", "ends above 0"),
        ("lr=log(1,0.1,3)", "from the smaller to the greater"),
        ("lr=lin(a,1,3)", "an end of a range is a number; found 'a'"),
        ("lr=int(1.5,3)", "a whole number; found '1.5'"),
        ("lr=lin(0,nan,3)", "no number that a parameter can have"),
        ("lr=1,inf", "no number that a parameter can have"),
        ("lr=lin(0,1,1)", "from 2 to"),
        ("lr=lin(0,1,2.5)", "from 2 to"),
        ("lr=lin(0,1,99999999999999999999)", "from 2 to"),
        ("lr=__import__('os').getcwd()", "wanted KEY="),
        ("lr=exp(1,2,3)", "wanted KEY="),
        ("lr=1,'a", "wanted KEY="),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(text: str, why: str) -> None:
    with pytest.raises(SpaceError) as caught:
        Axis.parse(text)
    assert why in str(caught.value)
    assert str(caught.value).startswith("--over ")
    assert "\n" not in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_an_axis_or_a_sentence(text: str) -> None:
    try:
        axis = Axis.parse("lr=" + text)
    except SpaceError:
        return
    assert axis.values or axis.ends


def test_a_grid_is_every_combination() -> None:
    space = Space.parse(["a=1,2", "b=x,y,z"])
    grid = space.grid()
    assert len(grid) == 6
    assert grid[:2] == [{"a": 1, "b": "x"}, {"a": 1, "b": "y"}]
    assert len({tuple(point.items()) for point in grid}) == 6
    with pytest.raises(SpaceError, match=r"a grid wants how many values, such as log\(1e-3,1,9\)"):
        Space.parse(["a=1,2", "lr=log(1e-3,1)"]).grid()
    with pytest.raises(SpaceError, match="at most 1,000,000"):
        Space.parse(["a=lin(0,1,2000)", "b=lin(0,1,2000)"]).grid()
    with pytest.raises(SpaceError, match="a: stands twice"):
        Space.parse(["a=1,2", "a=3,4"])


def test_draws_are_the_same_whatever_else_is_drawn_and_fill_the_range() -> None:
    space = Space.parse(["lr=log(1e-4,1,3)", "width=int(1,4)", "name=sgd,adam"])
    few, many = space.random(5, seed=3), space.random(4000, seed=3)
    assert few == many[:5]
    assert many[:5] != space.random(5, seed=4)
    rates = np.log10([float(point["lr"]) for point in many])
    # Uniform in the exponent: mean -2, standard deviation 4 / sqrt(12), of which 4 sigma of the mean.
    assert abs(rates.mean() + 2) < 4 * (4 / math.sqrt(12)) / math.sqrt(4000)
    assert rates.min() >= -4
    assert rates.max() <= 0
    assert len({point["lr"] for point in many}) > 3900, "the whole range, not the grid's three values"
    assert {point["width"] for point in many} == {1, 2, 3, 4}
    share = np.mean([point["name"] == "sgd" for point in many])
    assert abs(share - 0.5) < 4 * 0.5 / math.sqrt(4000)


def test_which_edge_a_point_lies_at() -> None:
    space = Space.parse(["lr=log(1e-4,1,5)", "m=0,0.5,0.9", "name=a,b,c", "two=1,2", "w=lin(0,1)"])
    middle = {"lr": 0.01, "m": 0.5, "name": "a", "two": 1, "w": 0.5}
    assert space.at_edge(middle) == {}
    assert space.at_edge(middle | {"lr": 1.0, "m": 0}) == {"lr": "highest", "m": "lowest"}
    assert space.at_edge(middle | {"w": 0.97, "name": "c", "two": 2}) == {"w": "highest"}


@given(st.floats(1e-6, 1e6), st.floats(1.001, 1e6), st.floats(0, 1), st.sampled_from(["log", "lin"]))
def test_a_share_and_its_value_are_each_other_s_inverse(
    low: float, factor: float, share: float, kind: str
) -> None:
    axis = Axis.parse(f"x={kind}({low!r},{low * factor!r})")
    value = axis.value(share)
    assert low * (1 - 1e-5) <= float(value) <= low * factor * (1 + 1e-5)
    assert abs(axis.share(value) - share) < 1e-2 or factor < 1.1


def test_a_point_is_overrides_of_a_scenario() -> None:
    space = Space.parse(["arms.sgd.optimizer.lr=0.125,0.5", "seed=int(1,9,3)"])
    point = space.grid()[1]
    assert settings(point) == ["arms.sgd.optimizer.lr=0.125", "seed=5"]
    scenario = load("ill-conditioned", [])
    first = next(iter(scenario.model_dump()["arms"]))
    moved = changed(scenario.model_dump(mode="json"), [f'arms."{first}".optimizer.lr=0.125', "seed=5"])
    assert moved.seed == 5
