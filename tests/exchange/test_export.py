"""What is exported says what was recorded: read back, and looked at on a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyte
import pytest
from logs import FILES, figures, items_of, same, series

from tuilab.exchange import ExchangeError, Look, export, import_log
from tuilab.exchange.exporters.screen import Screen
from tuilab.exchange.items import Histogram, Images
from tuilab.panels import View
from tuilab.recording import Recording, Writer


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """A run's recording with all that recordings hold."""
    path = tmp_path_factory.mktemp("run") / "main.tlr"
    panels = [
        {"type": "curves", "title": "loss", "series": ["*/loss"]},
        {"type": "histograms", "title": "spread", "frame": "spread"},
    ]
    header = {
        "arms": ["a", "b"],
        "panels": panels,
        "steps": 40,
        "created": 1e9,
        "scenario": {"title": "Mine"},
    }
    writer = Writer.create(path, header)
    table = writer.table(["a/loss", "b/loss", "a/std/1", "a/std/2"])
    for step in range(41):
        table.append(
            step, [1 / (step + 1), np.inf if step == 7 else np.nan if step == 8 else step, 0.1, 1e300]
        )
    other = writer.table(["b/acc"])
    for step in range(0, 41, 10):
        other.append(step, [step / 40])
    meta = {"kind": "histogram", "low": [-1.0, 0.0], "high": [1.0, 8.0], "layers": ["in", "out"]}
    for step in (0, 20, 40):
        writer.frame("a/spread", step, np.array([[0.25, 0.25, 0.5, 0], [0.0, 0, 0, 1]]), meta)
    writer.frame("b/pictures", 5, np.arange(96, dtype=np.uint8).reshape(2, 4, 4, 3), {"kind": "pictures"})
    writer.event(20, "diverged", "b", loss=float("nan"))
    writer.event(40, "finished")
    writer.close()
    return Recording.open(path)


def expected(recording: Recording) -> dict[tuple[str, str, int], float]:
    found = {}
    for name in recording.series():
        arm, _, rest = name.partition("/")
        found |= {(arm, rest, step): value for step, value in series(recording, name).items()}
    return found


@pytest.mark.parametrize("to", ["csv", "jsonl"])
def test_tables_are_read_back_as_they_were(to: str, recording: Recording, tmp_path: Path) -> None:
    path = tmp_path / f"run.{to}"
    export(recording, to, path)
    run, report = import_log(path, tmp_path / "runs")
    with run.open() as back:
        assert back.header["arms"] == ["a", "b"]
        found = expected(back)
        true = expected(recording)
        assert found.keys() == true.keys()
        assert all(np.array_equal(found[key], true[key], equal_nan=True) for key in true)
    assert not report.damage


def test_event_files_are_read_back_in_single_precision(recording: Recording, tmp_path: Path) -> None:
    export(recording, "tensorboard", tmp_path / "tb")
    for arm in ("a", "b"):
        items = items_of(tmp_path / "tb" / arm)
        found = figures(items)
        for (of, tag, step), value in expected(recording).items():
            with np.errstate(over="ignore"):
                assert of != arm or same(found[(tag, 0, step)], value)
    histograms = [item for item in items_of(tmp_path / "tb" / "a") if isinstance(item, Histogram)]
    assert [(each.tag, each.step) for each in histograms] == [
        (f"spread/{layer}", step) for step in (0, 20, 40) for layer in ("in", "out")
    ]
    assert histograms[0].edges.tolist() == [-1, -1, -0.5, 0, 0.5, 1][1:] or histograms[0].edges[-1] == 1
    assert histograms[0].counts.tolist() == [0.25, 0.25, 0.5, 0]
    pictures = [item for item in items_of(tmp_path / "tb" / "b") if isinstance(item, Images)]
    whole = np.concatenate([each.pixels for each in pictures])
    assert np.array_equal(whole, np.arange(96, dtype=np.uint8).reshape(2, 4, 4, 3))


def test_an_imported_log_goes_out_as_it_came_in(tmp_path: Path) -> None:
    run, _ = import_log(FILES / "wandb", tmp_path / "runs", "one")
    with run.open() as first:
        export(first, "tensorboard", tmp_path / "tb")
        again, _ = import_log(tmp_path / "tb", tmp_path / "runs", "two")
        with again.open() as second:
            for name in first.series("mine/*"):
                one, two = series(first, name), series(second, name)
                assert one.keys() == two.keys()
                assert all(same(one[step], two[step]) for step in one)


def test_parquet(recording: Recording, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is in the extra parquet")
    export(recording, "parquet", tmp_path / "run.parquet")
    table = parquet.read_table(tmp_path / "run.parquet").to_pylist()
    found = {
        (row["arm"], metric, row["step"]): value
        for row in table
        for metric, value in row.items()
        if metric not in ("arm", "step") and value is not None
    }
    true = expected(recording)
    assert found.keys() == true.keys()
    assert all(np.array_equal(found[key], true[key], equal_nan=True) for key in true)


@pytest.mark.parametrize("version", [2, 3])
def test_a_cast_shows_on_a_terminal_what_the_panels_draw(
    version: int, recording: Recording, tmp_path: Path
) -> None:
    path = tmp_path / "run.cast"
    export(recording, "cast", path, Look(size=(90, 24), pace=10, version=version))
    header, *lines = [json.loads(line) for line in path.read_text().splitlines()]
    if version == 2:
        assert (header["version"], header["width"], header["height"]) == (2, 90, 24)
    else:
        assert (header["version"], header["term"]["cols"], header["term"]["rows"]) == (3, 90, 24)
    times = np.cumsum([line[0] for line in lines]) if version == 3 else np.array([line[0] for line in lines])
    assert (np.diff(times) >= 0).all()
    terminal = pyte.Screen(90, 24)
    stream = pyte.Stream(terminal)
    screen = Screen.of(recording, None, (90, 24))
    seen = {}
    for time, (_, code, data) in zip(times.tolist(), lines, strict=True):
        if code == "o":
            stream.feed(data)
            seen[round(time, 1)] = [row.rstrip() for row in terminal.display]
    for step in (0, 13, 40):
        drawn = screen.draw(recording, View(step=step)).text().split("\n")
        assert seen[step / 10] == [row.rstrip() for row in drawn]
    marks = [
        (round(time, 3), line[2]) for time, line in zip(times.tolist(), lines, strict=True) if line[1] == "m"
    ]
    assert marks == [(2.0, "b diverged")]


def test_svg_shows_the_panel_asked_for_at_the_step_asked_for(recording: Recording, tmp_path: Path) -> None:
    export(recording, "svg", tmp_path / "one.svg", Look(panel="spread", step=20, size=(60, 16)))
    told = (tmp_path / "one.svg").read_text()
    assert told.startswith("<svg")
    assert "spread" in told
    assert "step&#160;20" in told
    assert "loss" not in told
    export(recording, "svg", tmp_path / "two.svg", Look(panel="1"))
    assert "loss" in (tmp_path / "two.svg").read_text()


@pytest.mark.parametrize(
    ("to", "look", "message"),
    [
        ("gif", Look(), "wanted one of"),
        ("svg", Look(panel="nope"), "there are 1 loss, 2 spread"),
        ("svg", Look(panel="0"), "there is none"),
        ("cast", Look(size=(1, 1)), "from 20x5"),
    ],
)
def test_wishes_that_cannot_be_met(
    to: str, look: Look, message: str, recording: Recording, tmp_path: Path
) -> None:
    with pytest.raises(ExchangeError, match=message):
        export(recording, to, tmp_path / "out", look)
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_over(recording: Recording, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    for to in ("csv", "tensorboard"):
        with pytest.raises(ExchangeError, match="something already"):
            export(recording, to, tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"
    with pytest.raises(ExchangeError, match="can't be written"):
        export(recording, "csv", tmp_path / "out" / "below" / "x.csv")
