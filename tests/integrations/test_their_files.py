"""What the programs themselves write today is read value by value, and TensorBoard reads what we write."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.integrations import writers
from tests.integrations.writers import CONFIG, HELD, LOSS, STEPS
from tuilab.exchange import export, import_log, open_log
from tuilab.exchange.items import Config, Histogram, Scalars
from tuilab.recording import Recording, Writer

PACKAGES = {
    "wandb": ("wandb",),
    "trackio": ("trackio",),
    "mlflow": ("mlflow",),
    "mlflow_database": ("mlflow", "sqlalchemy", "alembic"),
    "lightning": ("lightning",),
    "transformers": ("transformers",),
}
TAGS = {"transformers": ("loss", "eval_loss")}


def written(writer: str, folder: Path) -> Path:
    """What a program writes, in a process of its own: it may change its environment as it likes."""
    folder.mkdir()
    command = [sys.executable, writers.__file__, str(folder), writer]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder.parent, timeout=300)
    assert done.returncode == 0, done.stderr
    return folder


def needs(*packages: str) -> None:
    for package in packages:
        if find_spec(package) is None:
            pytest.skip(f"{package} is not installed: pip install 'tuilab[integrations]'")


def same(one: float, other: float) -> bool:
    return bool(np.float32(one) == np.float32(other) or (np.isnan(one) and np.isnan(other)))


@pytest.mark.parametrize("writer", PACKAGES)
def test_rows(writer: str, tmp_path: Path) -> None:
    needs(*PACKAGES[writer])
    log = open_log(written(writer, tmp_path / "log"))
    items = [*log.read(), *log.rest()]
    loss, held = TAGS.get(writer, ("train/loss", "val/loss"))
    found = {
        (item.tag, step): value
        for item in items
        if isinstance(item, Scalars)
        for step, value in zip(item.steps.tolist(), item.values.tolist(), strict=True)
    }
    assert {step for tag, step in found if tag == loss} == set(range(STEPS))
    assert all(same(found[(loss, step)], value) for step, value in enumerate(LOSS))
    assert {step: value for (tag, step), value in found.items() if tag == held} == HELD
    if writer != "transformers":
        (config,) = [item.values for item in items if isinstance(item, Config)]
        assert {key: float(v) if key == "lr" else v for key, v in config.items()} == CONFIG


@pytest.mark.filterwarnings("ignore")
def test_tensorboards_files_hold_for_us_what_they_hold_for_tensorboard(tmp_path: Path) -> None:
    needs("tensorboard", "torch")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    for path in sorted(written("tensorboard", tmp_path / "log").iterdir()):
        theirs = EventAccumulator(str(path), size_guidance={"scalars": 0, "histograms": 0, "tensors": 0})
        theirs.Reload()
        log = open_log(path)
        items = [*log.read(), *log.rest()]
        ours = {item.tag: item for item in items if isinstance(item, Scalars)}
        expected = {
            tag: [(each.step, each.value) for each in theirs.Scalars(tag)] for tag in theirs.Tags()["scalars"]
        }
        for tag in theirs.Tags()["tensors"]:
            if theirs.SummaryMetadata(tag).plugin_data.plugin_name == "scalars":
                expected[tag] = [
                    (each.step, make_ndarray(each.tensor_proto).item()) for each in theirs.Tensors(tag)
                ]
        assert ours.keys() == expected.keys()
        for tag, pairs in expected.items():
            assert ours[tag].steps.tolist() == [step for step, _ in pairs]
            assert np.array_equal(ours[tag].values, [value for _, value in pairs], equal_nan=True)
        histograms = [item for item in items if isinstance(item, Histogram)]
        assert {item.tag for item in histograms} == set(theirs.Tags()["histograms"])
        for tag in theirs.Tags()["histograms"]:
            mine = [item for item in histograms if item.tag == tag]
            for each, item in zip(theirs.Histograms(tag), mine, strict=True):
                value = each.histogram_value
                assert (item.step, item.counts.tolist()) == (each.step, list(value.bucket))
                limits = np.clip(value.bucket_limit, value.min, value.max)
                assert np.array_equal(item.edges[1:], limits)
                assert (item.edges[0], item.edges[-1]) == (value.min, value.max)


@pytest.mark.filterwarnings("ignore")
def test_tensorboard_opens_what_we_export(tmp_path: Path) -> None:
    needs("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    writer = Writer.create(tmp_path / "main.tlr", {"arms": ["a"], "created": 1e9})
    table = writer.table(["a/loss"])
    meta = {"kind": "histogram", "low": [-1.0], "high": [1.0], "layers": ["fc"]}
    for step in range(300):
        table.append(step, [LOSS[step % STEPS]])
    writer.frame("a/weights", 7, np.array([[0.25, 0.5, 0.25, 0]]), meta)
    writer.frame("a/pictures", 7, np.full((1, 4, 5, 3), 9, np.uint8), {"kind": "pictures"})
    writer.event(3, "diverged", "a")
    writer.close()
    with Recording.open(tmp_path / "main.tlr") as recording:
        export(recording, "tensorboard", tmp_path / "tb")
    theirs = EventAccumulator(str(tmp_path / "tb" / "a"), size_guidance={"scalars": 0, "histograms": 0})
    theirs.Reload()
    scalars = theirs.Scalars("loss")
    assert [each.step for each in scalars] == list(range(300))
    assert all(same(each.value, LOSS[each.step % STEPS]) for each in scalars)
    (histogram,) = theirs.Histograms("weights/fc")
    assert histogram.step == 7
    assert list(histogram.histogram_value.bucket_limit) == [-0.5, 0, 0.5, 1]
    assert list(histogram.histogram_value.bucket) == [0.25, 0.5, 0.25, 0]
    (image,) = theirs.Images("pictures")
    assert (image.width, image.height) == (5, 4)
    (text,) = theirs.Tensors("events")
    assert text.tensor_proto.string_val[0] == b"diverged"


def test_both_starts_become_one_run(tmp_path: Path) -> None:
    needs("tensorboard", "torch")
    run, report = import_log(written("tensorboard", tmp_path / "log"), tmp_path / "runs")
    with run.open() as recording:
        steps, values = recording.read("log/train/loss")
        assert steps.tolist() == list(range(10))
        assert all(same(value, LOSS[step] * (10 if step >= 6 else 1)) for step, value in enumerate(values))
    assert report.replaced == 2 * 6
