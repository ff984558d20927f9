"""Rules against recordings whose trouble is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tuilab.doctor import Finding, findings
from tuilab.recording import Recording, Writer

Record = Callable[..., Recording]


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """A recording of arm `a`: each series a list of values a step."""
    numbers = count()

    def make(
        series: Mapping[str, Sequence[float]],
        events: Sequence[tuple[int, str]] = (),
        **scenario: Any,
    ) -> Recording:
        steps = max(map(len, series.values()), default=1)
        header = {"arms": ["a"], "steps": steps - 1, "scenario": scenario}
        path = tmp_path / f"{next(numbers)}.tlr"
        writer = Writer.create(path, header)
        for name, values in series.items():
            table = writer.table([f"a/{name}"])
            for step, value in enumerate(values):
                table.append(step, [value])
        for step, kind in events:
            writer.event(step, kind, "a")
        writer.close()
        return Recording.open(path)

    return make


def layered(metric: str, *values: float) -> dict[str, list[float]]:
    return {f"{metric}/{layer}": [value] for layer, value in enumerate(values, 1)}


def names(found: list[Finding]) -> list[str]:
    return [finding.name for finding in found]


@pytest.mark.parametrize(
    ("spread", "name"),
    [
        ([0.493, 0.289, 0.180, 0.114, 0.072, 0.046, 0.030], ["vanishing activations"]),
        ([0.629, 0.486, 0.409, 0.359, 0.323, 0.295, 0.274], []),
        ([0.872, 0.853, 0.850, 0.850, 0.850, 0.850, 0.850], []),
        ([1.0, 2.0, 4.0, 8.0, 16.0], ["exploding activations"]),
        ([1.0, 0.1], []),
        ([1.0, float("nan"), 0.01, 0.001, 0.0], []),
        ([0.0, 0.0, 0.0, 0.0], []),
        ([0.5, 0.1, 0.0, 0.0, 0.0], ["vanishing activations"]),
    ],
)
def test_spreads_of_the_lecture_s_seven_layers(record: Record, spread: list[float], name: list[str]) -> None:
    assert names(findings(record(layered("activation.std", *spread)))) == name


def test_gradients_are_read_from_the_last_layer_back(record: Record) -> None:
    (found,) = findings(record(layered("gradient.norm", 9.6, 6.8, 4.9, 3.5, 2.5, 1.8, 1.0)))
    assert (found.name, found.layers) == ("exploding gradients", (1, 2, 3, 4, 5, 6, 7))
    assert "1 to 9.6" in found.evidence


MODULES = ["embed", "encoder.layers.0.ffn", "encoder.layers.1.ffn", "encoder.layers.10.ffn", "head"]


def named(metric: str, *values: float) -> dict[str, list[float]]:
    return {f"{metric}/{module}": [value] for module, value in zip(MODULES, values, strict=True)}


def test_layers_with_names_are_read_in_the_order_they_came_in_and_called_by_their_names(
    record: Record,
) -> None:
    (found,) = findings(record(named("gradient.norm", 1.0, 2.0, 4.0, 8.0, 16.0)))
    assert (found.name, found.layers) == ("vanishing gradients", tuple(MODULES))
    assert "16 to 1" in found.evidence
    assert found.where == "a, embed to head (5 layers)"
    (found,) = findings(record(named("activation.dead", 0.0, 0.5, 0.0, 0.4, 0.0)))
    assert found.where == "a, encoder.layers.0.ffn, encoder.layers.10.ffn"


def test_counted_layers_keep_their_numbers_whatever_is_missing(record: Record) -> None:
    series = {"activation.dead/12": [0.5], "activation.dead/3": [0.9], "activation.dead/4": [0.0]}
    (found,) = findings(record(series))
    assert found.where == "a, layers 3, 12"


def test_saturation_is_a_matter_of_bounded_activations(record: Record) -> None:
    shares = layered("activation.saturated", 0.1, 0.41, 0.33)
    tanh = {"arms": {"a": {"network": {"activation": "tanh"}}}}
    (found,) = findings(record(shares, **tanh))
    assert (found.name, found.where) == ("saturation", "a, layers 2–3")
    assert "41%" in found.evidence


def test_half_of_a_rectifier_s_outputs_are_zero_and_that_is_no_saturation(record: Record) -> None:
    relu = {"arms": {"a": {"network": {"activation": {"name": "relu"}}}}}
    assert findings(record(layered("activation.saturated", 0.5, 0.5), **relu)) == []


def test_dead_units_of_the_whole_set_count_before_those_of_a_batch(record: Record) -> None:
    batch = layered("activation.dead", 0.5, 0.5)
    assert names(findings(record(batch))) == ["dead units"]


@pytest.mark.parametrize(
    ("first", "advice"), [(0.0, "lower the learning rate"), (1.0, "start from other weights")]
)
def test_units_that_began_dead_are_not_blamed_on_the_rate(record: Record, first: float, advice: str) -> None:
    series = {"train.loss": [0.7, 0.7], "activation.dead/1": [first, 1.0]}
    [found] = findings(record(series, kind="training"))
    assert found.advice.startswith(advice)


@pytest.mark.parametrize(("share", "found"), [(1.0, ["dead units"]), (0.5, ["underfitting", "dead units"])])
def test_where_a_layer_is_dead_altogether_that_is_why_nothing_is_learned(
    record: Record, share: float, found: list[str]
) -> None:
    series = {"train.loss": [0.7] * 40, "activation.dead/1": [0.0] * 39 + [share]}
    told = findings(record(series, kind="training"))
    assert names(told) == found
    assert ("nothing is learned" in told[-1].evidence) == (share == 1.0)


def test_dead_in_a_batch_but_alive_in_the_set(record: Record) -> None:
    series = layered("activation.dead", 0.5, 0.5) | layered("activation.dead.exact", 0.0, 0.05)
    assert findings(record(series)) == []


@pytest.mark.parametrize(
    ("series", "events", "activation"),
    [
        (layered("activation.dead", 0.5, 0.5), [], "relu"),
        (layered("activation.saturated", 0.5, 0.5), [], "tanh"),
        ({"activation.ratio": [1.0]}, [(0, "diverged")], "relu"),
    ],
)
def test_where_nothing_learns_no_learning_rate_is_at_fault(
    record: Record, series: dict[str, list[float]], events: list[tuple[int, str]], activation: str
) -> None:
    arms = {"a": {"network": {"activation": activation}}}
    (found,) = findings(record(series, events, kind="propagation", arms=arms))
    assert "learning rate" not in found.advice
    assert "normalise" in found.advice


def falling(first: float, last: float, steps: int = 101) -> list[float]:
    return [first + (last - first) * step / (steps - 1) for step in range(steps)]


def test_overfitting_is_a_held_out_loss_that_turns_while_the_training_loss_falls(record: Record) -> None:
    turned = [2.0 - 0.02 * step if step <= 50 else 1.0 + 0.02 * (step - 50) for step in range(101)]
    (found,) = findings(record({"train.loss": falling(2.3, 0.1), "validation.loss": turned}))
    assert (found.name, found.steps) == ("overfitting", (50, 100))


@pytest.mark.parametrize("step", [40, 60])
def test_before_it_turned_nothing_is_wrong(record: Record, step: int) -> None:
    turned = [2.0 - 0.02 * step if step <= 50 else 1.0 + 0.02 * (step - 50) for step in range(101)]
    recording = record({"train.loss": falling(2.3, 0.1), "validation.loss": turned})
    assert (names(findings(recording, step)) == ["overfitting"]) == (step == 60)


def test_a_loss_that_hardly_fell_is_underfitting_once_the_run_is_over(record: Record) -> None:
    losses = {"train.loss": falling(2.3, 2.0), "validation.loss": falling(2.3, 2.02)}
    recording = record(losses, kind="training")
    assert names(findings(recording)) == ["underfitting"]
    assert findings(recording, 50) == []


@pytest.mark.parametrize(
    ("second", "advice"),
    [
        (2.4, "a higher learning rate, more steps"),
        (9.0, "a lower learning rate (the loss leapt to 9 at step 1), more steps"),
    ],
)
def test_no_higher_rate_is_advised_where_the_loss_leapt(record: Record, second: float, advice: str) -> None:
    first, _, *others = falling(2.3, 2.0)
    [found] = findings(record({"train.loss": [first, second, *others]}, kind="training"))
    assert found.advice.startswith(advice)


def test_only_training_can_underfit(record: Record) -> None:
    assert findings(record({"train.loss": falling(2.3, 2.0)}, kind="data")) == []


def test_smoothed_labels_keep_the_training_loss_high(record: Record) -> None:
    series = {"train.loss": falling(2.3, 1.2), "validation.loss": falling(2.3, 0.6)}
    assert findings(record(series, kind="training")) == []


def test_gradients_of_shrinking_layers_are_not_compared(record: Record) -> None:
    norms = layered("gradient.norm", 9.6, 6.8, 4.9, 3.5, 2.5, 1.8, 1.0)
    assert findings(record(norms, arms={"a": {"network": {"name": "convnet"}}})) == []


def test_a_good_fit_has_no_findings(record: Record) -> None:
    assert findings(record({"train.loss": falling(2.3, 0.4), "validation.loss": falling(2.3, 0.5)})) == []


def test_events_are_findings(record: Record) -> None:
    recording = record({"train.loss": [2.3, float("nan")]}, [(1, "diverged"), (0, "leak")])
    assert names(findings(recording)) == ["divergence", "leak"]
    assert names(findings(recording, 0)) == ["leak"]


def test_the_wrong_statistics_at_test_time(record: Record) -> None:
    accuracies = {
        "validation.accuracy": [0.1, 0.9],
        "validation.accuracy.training": [0.1, 0.6],
        "validation.accuracy.fused": [0.1, 0.9],
    }
    tests = {"training": {"mode": "train"}, "fused": {"fused": True}, "not_run": {"mode": "fresh"}}
    (found,) = findings(record(accuracies, tests=tests))
    assert found.name == "wrong statistics at test time"
    assert "60.0%" in found.evidence


def test_a_stranger_s_header_has_no_findings(tmp_path: Path) -> None:
    header = {"arms": "a", "scenario": {"arms": 3, "tests": 4}}
    Writer.create(tmp_path / "main.tlr", header).close()
    with Recording.open(tmp_path / "main.tlr") as recording:
        assert findings(recording) == []
