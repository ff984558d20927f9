"""Real files of other programs (files/README.md) hold what was told to those programs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from logs import FILES, damages, database, figures, items_of, same

from tests.integrations.writers import CONFIG, HELD, LOSS, STEPS
from tuilab.exchange import ExchangeError, import_log, open_log
from tuilab.exchange.items import Config, Histogram, Images, Note

WRITERS = [
    ("wandb", "W&B offline runs", "train/loss", "val/loss"),
    ("trackio", "trackio's database", "train/loss", "val/loss"),
    ("mlflow", "MLflow's file store", "train/loss", "val/loss"),
    ("lightning", "CSV", "train/loss", "val/loss"),
    ("transformers", "Hugging Face trainer state", "loss", "eval_loss"),
]


@pytest.mark.parametrize(("writer", "kind", "loss", "held"), WRITERS, ids=[each[0] for each in WRITERS])
def test_figures_of_rows(writer: str, kind: str, loss: str, held: str, tmp_path: Path) -> None:
    path = database(tmp_path) if writer == "trackio" else FILES / writer
    items = items_of(path)
    assert open_log(path).kind == kind
    assert not damages(items)
    found = figures(items)
    for step, value in enumerate(LOSS):
        assert same(found[(loss, 0, step)], value)
    assert {step: value for (tag, _, step), value in found.items() if tag == held} == HELD
    if writer != "transformers":
        (config,) = [item.values for item in items if isinstance(item, Config)]
        assert {key: float(v) if key == "lr" else v for key, v in config.items()} == CONFIG


def test_tensorboards_scalars_of_both_starts_in_both_styles() -> None:
    items = items_of(FILES / "tensorboard")
    found = figures(items)
    assert not damages(items)
    for step in range(STEPS):
        assert same(found[("train/loss", 0, step)], LOSS[step])
        assert same(found[("lr", 0, step)], 0.1 * 0.9**step)
    for step in range(6, STEPS - 2):
        assert same(found[("train/loss", 2, step)], LOSS[step] * 10)
    assert len(found) == 2 * STEPS + len(HELD) + 1 + 2 * (STEPS - 2 - 6)


def test_tensorboards_histograms_pictures_settings_and_texts() -> None:
    items = items_of(FILES / "tensorboard")
    histograms = [item for item in items if isinstance(item, Histogram)]
    assert [(each.tag, each.step) for each in histograms] == [
        (tag, step) for step in HELD for tag in ("weights/fc1", "weights/fc2")
    ]
    rng = np.random.default_rng(0)
    for each in histograms:
        values = rng.normal(size=200) * (1 + each.step if each.tag.endswith("1") else 1)
        filled = each.counts > 0
        assert np.array_equal(each.counts[filled], np.histogram(values, 8)[0][np.histogram(values, 8)[0] > 0])
        assert each.edges[0] == values.min()
        assert each.edges[-1] == values.max()
    (picture,) = [item for item in items if isinstance(item, Images)]
    expected = np.moveaxis(np.arange(48, dtype=np.uint8).reshape(3, 4, 4) * 5, 0, -1)
    assert np.array_equal(picture.pixels[0], expected)
    assert [item.data["text"] for item in items if isinstance(item, Note)] == ["it begins"]
    assert [item.values for item in items if isinstance(item, Config)] == [CONFIG | {"nesterov": 1.0}]


def test_wandbs_nested_names_and_histograms() -> None:
    items = items_of(FILES / "wandb")
    found = figures(items)
    assert {step: value for (tag, _, step), value in found.items() if tag == "nested.figure"} == {
        step: 1.5 * step for step in range(STEPS)
    }
    (histogram,) = [item for item in items if isinstance(item, Histogram)]
    assert (histogram.tag, histogram.step) == ("weights", 4)
    assert histogram.edges.tolist() == [-1, 0, 1, 3]
    assert histogram.counts.tolist() == [1, 2, 3]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_any_csv_with_a_column_of_steps(mark: str, tmp_path: Path) -> None:
    path = tmp_path / "numbers"
    rows = [["Epoch", "loss", "name"], ["0", "1.5", "a"], ["1", "nan", "b"], ["2", "", "c"]]
    path.write_text("\n".join(mark.join(row) for row in rows))
    found = figures(items_of(path))
    assert found[("loss", 0, 0)] == 1.5
    assert np.isnan(found[("loss", 0, 1)])
    assert len(found) == 2


def test_json_lines_with_nested_objects_and_words_for_what_json_lacks(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    rows = [
        {"global_step": 5, "loss": 1, "eval": {"acc": 0.5}},
        {"global_step": 6, "loss": "inf", "text": "hello", "flag": True},
    ]
    path.write_text("\n".join(map(json.dumps, rows)) + '\n{"global_step": 7, "loss": NaN}')
    found = figures(items_of(path))
    assert {key: value for key, value in found.items() if key[2] < 7} == {
        ("loss", 0, 5): 1.0,
        ("eval.acc", 0, 5): 0.5,
        ("loss", 0, 6): float("inf"),
    }
    assert np.isnan(found[("loss", 0, 7)])


def test_half_a_character_in_a_name_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(
        '{"step": 1, "los\\ud800s": 2, "run": "\\udfff"}\n'
        '{"step": 2, "event": "\\ud800", "data": {"step": 1}}\n'
    )
    run, _ = import_log(path, tmp_path / "runs")
    with run.open() as recording:
        assert "?/los?s" in recording.series()


def test_of_a_folder_of_checkpoints_the_farthest_state_counts(tmp_path: Path) -> None:
    state = json.loads((FILES / "transformers" / "checkpoint-11" / "trainer_state.json").read_text())
    for step in (2, 11):
        folder = tmp_path / "out" / f"checkpoint-{step}"
        folder.mkdir(parents=True)
        history = [row for row in state["log_history"] if row["step"] <= step]
        (folder / "trainer_state.json").write_text(
            json.dumps(state | {"global_step": step, "log_history": history})
        )
    found = figures(items_of(tmp_path))
    assert max(step for _, _, step in found) == 11


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty", b""),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(100)),
        ("story.txt", b"Once upon a time,\nthere was no step.\n"),
        ("other.db", b"SQLite format 3\0" + bytes(84)),
        ("other.json", b'{"a": 1}'),
    ],
)
def test_what_is_no_log_is_said_in_a_sentence(name: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    for place in (path, tmp_path):
        with pytest.raises(ExchangeError, match="no log that tuilab knows"):
            open_log(place)
    with pytest.raises(ExchangeError, match="no such file"):
        open_log(tmp_path / "nothing")
