"""Which runs a query means, against Python's own `and`, `or` and `not`."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuilab.runs import Run, RunError, State, Summary, create, delete, listing, query, rename

FIGURES = {
    "sgd": {"loss": 0.5, "validation.accuracy": 0.7},
    "adam": {"loss": 0.1, "validation.accuracy": 0.9},
}
SCENARIO = {"steps": 30, "arms": {"momentum .5": {"optimizer": {"name": "sgd", "lr": 0.02}}}}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return create(tmp_path / "runs", "race", SCENARIO, {}, "monday")


ABOUT = Summary(State.FINISHED, source="race", title="Two arms race", step=30, steps=30, figures=FIGURES)
TRUE = [
    "",
    "monday",
    "MON arms",
    "scenario:rac",
    "state=finished",
    "state!=failed",
    "step>=30",
    "lr=0.02",
    "lr=2e-2",
    "optimizer.lr<0.1",
    '"momentum .5.optimizer.lr">0',
    "name=sgd or name=monday",
    "accuracy>=0.8",
    "loss<0.2 and loss>0.4",
    "not (state:failed or state:died)",
    "not not race",
]
FALSE = [
    "tuesday",
    "accuracy>0.9",
    "lr<0.02",
    "nothing=1",
    "nothing!=1",
    "lr>much",
    "not race",
    "race and not finished",
    "state:failed or (race and step<30)",
]


@pytest.mark.parametrize("text", TRUE)
def test_meant(run: Run, text: str) -> None:
    assert query(text)(run, ABOUT)


@pytest.mark.parametrize("text", FALSE)
def test_not_meant(run: Run, text: str) -> None:
    assert not query(text)(run, ABOUT)


@pytest.mark.parametrize("text", ["lr>", ">1", "(race", "race)", "and or", "not", "a:", '"', "(" * 200])
def test_what_can_not_be_read_is_a_sentence(text: str) -> None:
    with pytest.raises(RunError, match=r"^the query .* can't be read"):
        query(text)


atoms = st.sampled_from([("race", True), ("tuesday", False), ("accuracy>.8", True), ("step<3", False)])
trees: Any = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner), st.tuples(inner, st.sampled_from(["and", "or", ""]), inner)
    ),
    max_leaves=8,
)


def both(tree: Any) -> tuple[str, bool]:
    """A tree as a query, and what Python says of it."""
    match tree:
        case (str() as text, bool() as truth):
            return text, truth
        case ("not", inner):
            text, truth = both(inner)
            return f"not ({text})", not truth
        case (left, how, right):
            (first, one), (second, other) = both(left), both(right)
            return f"({first}) {how} ({second})", (one or other) if how == "or" else (one and other)
    raise AssertionError


@given(trees)
def test_queries_follow_logic(tree: Any) -> None:
    text, truth = both(tree)
    assert query(text)(Run(Path("/nowhere/monday")), ABOUT) is truth


@given(st.text())
def test_any_text_is_a_query_or_a_sentence(text: str) -> None:
    with contextlib.suppress(RunError):
        assert isinstance(query(text)(Run(Path("/nowhere/monday")), ABOUT), bool)


def test_a_renamed_run_is_the_same_and_no_name_is_taken_twice(run: Run) -> None:
    create(run.path.parent, "race", SCENARIO, {}, "friday")
    identity = run.facts["id"]
    with pytest.raises(RunError, match="there is a run named 'friday' already"):
        rename(run, "friday")
    with pytest.raises(RunError, match="can't name a run"):
        rename(run, "a/b")
    with run.claim(), pytest.raises(RunError, match="its engine is at work"):
        rename(run, "sunday")
    assert rename(run, "sunday").facts["id"] == identity
    assert {each.name for each in listing(run.path.parent)} == {"friday", "sunday"}


def test_deleting_removes_what_engines_made_and_nothing_else(run: Run, tmp_path: Path) -> None:
    (run.path / "checkpoints" / "000000003").mkdir(parents=True)
    (run.path / "main.tlr").write_bytes(b"")
    (run.path / ".main.tlr.0a1b2c3d.tmp").write_bytes(b"")
    (tmp_path / "elsewhere.txt").write_text("mine")
    (run.path / "notes.txt").symlink_to(tmp_path / "elsewhere.txt")
    with run.claim(), pytest.raises(RunError, match="its engine is at work"):
        delete(run)
    assert (run.path / "main.tlr").exists()
    assert [path.name for path in delete(run)] == ["notes.txt"]
    assert [path.name for path in run.path.iterdir()] == ["notes.txt"]
    assert (tmp_path / "elsewhere.txt").read_text() == "mine"
    with pytest.raises(RunError, match="not a run's folder"):
        delete(Run(run.path))
