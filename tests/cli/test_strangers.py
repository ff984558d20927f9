"""Recordings and runs from strangers: whatever is in them, a command says it or says why not."""

from __future__ import annotations

import contextlib
import io
import json
import math
import signal
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tuilab.cli import main
from tuilab.recording import Writer
from tuilab.tui.snapshot import Wanted
from tuilab.tui.source import Source
from tuilab.tui.worker import Camera

JUNK = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.sampled_from([10**400, -(10**400), 2**63, -1, 1e300, 1e-300, math.nan, math.inf, -math.inf]),
        st.floats(),
        st.text(max_size=8),
        st.sampled_from(["\x1b]0;owned\x07", "\u202e", "a\nb", "x" * 2_000, "é"]),
    ),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5), below, max_size=3),
    max_leaves=6,
)


def either(*sound: Any) -> st.SearchStrategy[Any]:
    """One of the sound values, or anything."""
    return st.one_of(st.sampled_from(sound), JUNK)


def table(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A table of such fields, some of them missing; or anything."""
    return st.one_of(st.fixed_dictionaries({}, optional=fields), JUNK)


EXPECTATION = table(
    arm=either("a", "b"),
    metric=either("loss", "std", "m"),
    event=either("diverged"),
    layer=either(1, "all", "last"),
    step=either("last", "max", "min", 0, 3),
    between=either([0, 1], [1.0, 2.0]),
    near=either(0.5, [1.0, 2.0]),
    within=either(0.1),
    below=either("b"),
    by=either(2.0),
    never=either(True),
    because=either("it is so"),
)
PREDICTION = table(
    ask=either("why?"), choices=either(["yes", "no"]), answer=either(0, 1), because=either("so")
)
SETUP = table(network=table(name=either("mlp"), activation=either("tanh", {"name": "relu"})), optimizer=JUNK)
SCENARIO = table(
    title=either("A title"),
    question=either("A question?"),
    kind=either("descent", "propagation", "training"),
    seed=either(0),
    pace=either(10.0, 1),
    arms=table(a=SETUP, b=SETUP),
    expect=st.one_of(st.lists(EXPECTATION, max_size=3), JUNK),
    predict=st.one_of(st.lists(PREDICTION, max_size=2), JUNK),
)
PANEL = table(
    type=either("curves", "layers", "heatmap", "histograms", "ridgeline", "landscape", "family", "values"),
    title=either("A panel"),
    series=either(["*/loss"], ["*"]),
    metric=either("std"),
    frame=either("activation.histogram"),
    arm=either("a"),
    layer=either(1),
    scale=either("log"),
)
HEADER = st.fixed_dictionaries(
    {},
    optional={
        "scenario": SCENARIO,
        "arms": either(["a"], ["a", "b"]),
        "panels": st.one_of(st.lists(PANEL, max_size=3), JUNK),
        "steps": either(10, None),
        "metrics": table(loss=table(meaning=either("how bad"), unit=either("nats"), per_layer=either(False))),
        "sampled": table(loss=either(4096)),
        "predicted": either([0], [None]),
        "own": st.lists(table(file=either("/here/mine.py"), name=either("Mine")), max_size=2),
        "created": either(1.0e9),
        "host": either("here"),
        "device": either("cpu"),
        "threads": either(1),
        "torch": either("2.6"),
        "tuilab": either("0.1.0"),
        "run": either("abc"),
        "sequence": either(1),
        "continues": table(file=either("main.tlr"), step=either(3), events=either(1)),
    },
)
SERIES = either(
    "a/loss", "a/std/1", "a/std/2", "b/std/7", "a/m/1000000000", "engine/seconds", "/", "a//", ""
).filter(lambda name: isinstance(name, str))
STEPS = st.lists(st.sampled_from([0, 1, 2, 7, 100, 10**6, 2**40, 2**61]), unique=True, min_size=1).map(sorted)
EVENTS = st.lists(
    st.tuples(
        st.sampled_from([0, 5, 2**61]),
        either("diverged", "set", "pace", "failed", "refused", "finished", "paused").filter(
            lambda kind: isinstance(kind, str)
        ),
        st.sampled_from([None, "a", "\x1b[2J"]),
        st.dictionaries(
            st.sampled_from(["was", "value", "key", "steps_per_second", "message", "command"]), JUNK
        ),
    ),
    max_size=4,
)


def record(path: Path, header: Any, names: list[str], steps: list[int], values: Any, events: Any) -> None:
    writer = Writer.create(path, header)
    if names:
        rows = writer.table(names)
        for step in steps:
            rows.append(step, [values(step)] * len(names))
    for step, kind, arm, data in events:
        writer.event(step, kind, arm, **data)
    writer.close()


def command(*words: str) -> tuple[Any, str]:
    """The exit code and all that was printed."""
    out = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(out),
    ):
        patch.setattr(sys, "argv", ["tuilab", *words])
        with pytest.raises(SystemExit) as left:
            main()
    for number, handler in before.items():
        signal.signal(number, handler)
    return left.value.code, out.buffer.getvalue().decode()  # type: ignore[attr-defined]


def sound(words: tuple[str, ...]) -> str:
    """What a command prints, which ends well or with a sentence, and commands no terminal."""
    code, said = command(*words)
    assert code in (0, 1, 2), said
    assert "Traceback" not in said, said
    assert all(char == "\n" or char.isprintable() for char in said)
    return said


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    header=HEADER,
    names=st.lists(SERIES, unique=True, max_size=5),
    steps=STEPS,
    value=st.one_of(st.none(), st.floats()),
    events=EVENTS,
    about=JUNK,
)
def test_every_command_over_any_recording(
    header: Any, names: list[str], steps: list[int], value: float | None, events: Any, about: Any
) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TUILAB_RUNS", folder)
        run = Path(folder) / "one"
        run.mkdir()
        record(run / "main.tlr", header, names, steps, lambda step: step if value is None else value, events)
        (run / "run.json").write_text(json.dumps(about))
        for path in ("one", str(run / "main.tlr")):
            for words in (
                ("inspect", path),
                ("inspect", path, "--json"),
                ("inspect", path, "--series", "*"),
                ("inspect", path, "--series", "*", "--json"),
                ("diagnose", path),
                ("diagnose", path, "--json"),
                ("replay", path, "--plain", "--speed", "100", "--from", "100"),
            ):
                said = sound(words)
                if "--json" in words and said.startswith(("{", "[")):
                    for document in said.splitlines() if "--series" in words else [said]:
                        json.loads(document)
        for words in (("runs",), ("runs", "--json"), ("stop", "one")):
            sound(words)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(header=HEADER, names=st.lists(SERIES, unique=True, max_size=5), steps=STEPS, events=EVENTS)
def test_the_lab_shows_any_recording(header: Any, names: list[str], steps: list[int], events: Any) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "some.tlr"
        record(path, header, names, steps, float, events)
        camera = Camera(Source(path))
        snapshot = camera.take(Wanted(None, tuple((panel, 40, 9) for panel in range(3))))
        camera.close()
        assert snapshot is not None
        assert "Error" not in snapshot.problem, "a problem is told in our words"
