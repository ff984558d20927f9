"""Looks at runs that go on, and at recordings that nobody meant for this doctor."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tuilab.doctor import Finding, findings
from tuilab.doctor.evidence import Evidence
from tuilab.doctor.findings import RULES
from tuilab.recording import Recording, RecordingError, Writer

SCENARIO = {
    "kind": "training",
    "arms": {"a": {"network": {"activation": "tanh"}}, "b": {"network": {"activation": "relu"}}},
    "tests": {"fresh": {"mode": "fresh"}},
}
METRICS = [
    "train.loss",
    "validation.loss",
    "gap.accuracy",
    "validation.accuracy",
    "validation.accuracy.fresh",
    *(
        f"activation.{kind}/{layer}"
        for kind in ("std", "saturated", "dead", "dead.exact")
        for layer in "1234"
    ),
    *(f"gradient.norm/{layer}" for layer in ("in", "out", "2", "1")),
]
SHAPES = st.sampled_from(["falls", "rises", "turns", "flat", "noise", "nan", "inf", "huge", "below zero"])


def values(shape: str, steps: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """What a series does over the steps of a run of about 2,000."""
    share = steps / 2_000
    return {
        "falls": 2 * np.exp(-5 * share),
        "rises": 0.1 * np.exp(5 * share),
        "turns": 1 + (share - 0.3) ** 2,
        "flat": np.full(len(steps), 0.995),
        "noise": np.abs(np.sin(steps * 12.9898)),
        "nan": np.where(steps % 7 == 3, np.nan, 1.0),
        "inf": np.where(steps % 11 == 3, np.inf, 1.0),
        "huge": np.full(len(steps), 1.7e308),
        "below zero": -1 - share,
    }[shape]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.fixed_dictionaries({metric: st.one_of(st.none(), SHAPES) for metric in METRICS}),
    st.lists(
        st.tuples(st.integers(1, 900), st.sampled_from([None, None, "diverged", "leak"])),
        min_size=1,
        max_size=6,
    ),
)
def test_a_viewer_that_stays_finds_what_one_that_has_just_come_finds(shapes, pieces) -> None:
    names = {metric: shape for metric, shape in shapes.items() if shape is not None}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "run.tlr"
        writer = Writer.create(
            path, {"arms": ["a", "b"], "steps": 1_500, "scenario": SCENARIO}, flush_every=1e9
        )
        often = [name for name in names if name.startswith("train")]
        seldom = [name for name in names if not name.startswith("train")]
        tables = [
            (writer.table([f"{arm}/{name}" for arm in "ab" for name in part]), part, every)
            for part, every in ((often, 1), (seldom, 25))
            if part
        ]
        writer.flush()
        with Recording.open(path) as stays:
            step = 0
            for count, event in pieces:
                for table, part, every in tables:
                    steps = np.arange(step, step + count)
                    steps = steps[steps % every == 0]
                    columns = [values(names[name], steps) for _ in "ab" for name in part]
                    if len(steps):
                        table.extend(steps, np.stack(columns, axis=1))
                step += count
                if event is not None:
                    writer.event(step - 1, event, "b")
                writer.flush()
                stays.refresh()
                with Recording.open(path) as comes:
                    assert findings(stays) == findings(comes)
                    assert findings(stays, step // 2) == findings(comes, step // 2)
        writer.close()


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 2_000), st.text(max_size=3), st.sampled_from("ab")),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["kind", "arms", "a", "network", "activation", "name", "tests", "mode"]),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=12,
)
STRANGE = st.floats(allow_nan=True, allow_infinity=True)


@settings(max_examples=60, deadline=None)
@given(
    st.fixed_dictionaries({}, optional={"arms": JSON, "steps": JSON, "scenario": JSON}),
    st.dictionaries(
        st.one_of(st.sampled_from([f"a/{metric}" for metric in METRICS]), st.text(max_size=12)),
        st.lists(STRANGE, min_size=1, max_size=30),
        max_size=8,
    ),
)
def test_whatever_a_stranger_recorded_every_rule_has_its_say(header, series) -> None:
    """With what a stranger may write about arm `b`, all that is found of arm `a` is still found."""
    scenario = header.get("scenario")
    header["scenario"] = {**(scenario if isinstance(scenario, dict) else {"x": scenario}), "kind": "training"}
    header["arms"] = ["a", "b", *(header["arms"] if isinstance(header.get("arms"), list) else [])]
    with TemporaryDirectory() as folder:
        writer = Writer.create(Path(folder) / "run.tlr", header)
        writer.event(0, "leak", "b")
        writer.table(["b/activation.dead/x"]).append(0, [0.5])
        for name, numbers in series.items():
            writer.table([name]).extend(np.arange(len(numbers)), np.array(numbers)[:, None])
        writer.close()
        with Recording.open(Path(folder) / "run.tlr") as recording:
            found = [finding.name for finding in findings(recording) if finding.arm == "b"]
    assert found == ["leak", "dead units"]


def test_a_rule_that_breaks_says_nothing_and_silences_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Writer.create(tmp_path / "run.tlr", {"arms": ["a"]})
    writer.event(0, "leak", "a")
    writer.close()

    def broken(evidence: Evidence) -> Iterator[Finding]:
        raise ZeroDivisionError(evidence.arm)
        yield

    monkeypatch.setattr(importlib.import_module("tuilab.doctor.findings"), "RULES", [broken, *RULES])
    with Recording.open(tmp_path / "run.tlr") as recording:
        assert [finding.name for finding in findings(recording)] == ["leak"]


def test_a_recording_that_is_gone_is_no_healthy_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = Writer.create(tmp_path / "run.tlr", {"arms": ["a"]})
    writer.table(["a/activation.std/1"]).append(0, [1.0])
    writer.close()

    def gone(*_: Any) -> None:
        raise RecordingError("run.tlr: the file is gone")

    with Recording.open(tmp_path / "run.tlr") as recording:
        monkeypatch.setattr(Recording, "at", gone)
        with pytest.raises(RecordingError, match="gone"):
            findings(recording)
