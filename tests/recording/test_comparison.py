"""Several recordings laid over one another: what each of them says, under its own name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tuilab.recording import Readable, Recording, Writer
from tuilab.recording.comparison import Comparison


def recorded(path: Path, arms: list[str], count: int, value: float) -> Recording:
    header = {
        "arms": arms,
        "steps": count,
        "scenario": {"title": "T", "expect": [1], "arms": {arm: {"lr": value} for arm in arms}},
    }
    writer = Writer.create(path, header)
    table = writer.table([f"{arm}/{name}" for arm in arms for name in ("loss", "activation.std/1")])
    for step in range(count):
        table.append(step, [value * step] * (2 * len(arms)))
    for arm in arms:
        writer.frame(f"{arm}/shape", 0, np.array([value]))
    writer.frame("landscape", 0, np.array([value]))
    writer.event(3, "converged", arms[0])
    writer.event(count - 1, "finished")
    writer.flush()
    return Recording.open(path)


@pytest.fixture
def members(tmp_path: Path) -> dict[str, Recording]:
    return {
        "one": recorded(tmp_path / "one.tlr", ["sgd", "adam"], 10, 1.0),
        "two/b": recorded(tmp_path / "two.tlr", ["sgd"], 20, 2.0),
    }


def test_every_series_is_that_of_its_run(members: dict[str, Recording]) -> None:
    both = Comparison(members)
    assert isinstance(both, Readable)
    one, two = members.values()
    assert both.header["arms"] == ["one sgd", "one adam", "two-b"]
    assert both.header["scenario"]["arms"] == {
        "one sgd": {"lr": 1.0},
        "one adam": {"lr": 1.0},
        "two-b": {"lr": 2.0},
    }
    assert "expect" not in both.header["scenario"]
    assert both.header["steps"] == both.last_step + 1 == 20
    assert both.first_step == 0
    for name, member, theirs in (
        ("one sgd/loss", one, "sgd/loss"),
        ("one adam/activation.std/1", one, "adam/activation.std/1"),
        ("two-b/loss", two, "sgd/loss"),
    ):
        assert both.has(name)
        for mine, other in zip(both.read(name), member.read(theirs), strict=True):
            assert mine.tolist() == other.tolist()
        assert both.at(name, 7) == member.at(theirs, 7)
        assert both.identity(name).arm == name.split("/")[0]
        assert str(both.describe(name).identity) == name
        assert both.overview(name, 0, 10, 5).last.tolist() == member.overview(theirs, 0, 10, 5).last.tolist()
    assert both.series("*/loss") == ["one sgd/loss", "one adam/loss", "two-b/loss"]
    assert both.series("sgd/loss") == ["one sgd/loss", "two-b/loss"]
    assert both.series("one sgd/*") == ["one sgd/loss", "one sgd/activation.std/1"]
    assert both.series("nothing") == []
    assert not both.has("sgd/loss")
    with pytest.raises(KeyError):
        both.read("sgd/loss")


def test_frames_and_events_too(members: dict[str, Recording]) -> None:
    both = Comparison(members)
    assert both.frames() == ["one sgd/shape", "one adam/shape", "landscape", "two-b/shape"]
    frame = both.frame("two-b/shape", 5)
    assert frame is not None
    assert frame.array.tolist() == [2.0]
    surface = both.frame("landscape", 5)
    assert surface is not None
    assert surface.array.tolist() == [1.0]
    assert both.frame("nothing", 5) is None
    assert [(e.step, e.kind, e.arm, e.data["run"]) for e in both.events()] == [
        (3, "converged", "one sgd", "one"),
        (3, "converged", "two-b", "two-b"),
        (9, "finished", None, "one"),
        (19, "finished", None, "two-b"),
    ]
    assert not both.gaps


def test_what_is_added_to_one_is_seen(tmp_path: Path) -> None:
    writer = Writer.create(tmp_path / "live.tlr", {"arms": ["a"]})
    table = writer.table(["a/loss"])
    table.append(0, [1.0])
    writer.flush()
    with Comparison({"live": Recording.open(tmp_path / "live.tlr")}) as one:
        before = one.revision
        assert not one.finished
        assert not one.refresh()
        table.append(1, [0.5])
        writer.table(["a/accuracy"]).append(1, [0.9])
        writer.close()
        assert one.refresh()
        assert one.revision > before
        assert one.has("live/accuracy")
        assert one.last_step == 1
        assert one.finished
    with pytest.raises(ValueError, match="at least one"):
        Comparison({})
