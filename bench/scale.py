"""Looking at runs that are large: many arms, steps, events, in the layout in which an engine records them.

The engine's own recorder takes the first two periods of a run (a thousand steps, with its probes and its
validation). Which table it put which step's rows into says how the rest is laid out, and that is added
through `Table.extend`, which is what makes the bench quick. Every measure is taken on the recording as it is
while the run goes on, and overviews on the finished one, too. Medians of this process's CPU time.

Bars:
- 32 arms, 6,500 series, 100,000 steps: a page of panels at 120×40 in 50 ms, the doctor's look in 50 ms, a
  refresh in 1 ms, each after the run went on by a probe;
- one arm, 10,000,000 steps: an overview of a series in 20 ms, live and finished, and in less time than numpy
  takes to read and reduce the same values; a page and a look in 50 ms;
- 10,000 events: a look at them after another one came in a tenth of the time that reading their JSON takes;
- 40,000 histograms: a ridgeline of them in 20 ms.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from recording import Report, machine

from tuilab.doctor import findings
from tuilab.experiments import Observation
from tuilab.panels import Drawn, View, panels_of
from tuilab.recording import Recording, Writer
from tuilab.scenario.kinds.training import TrainingScenario
from tuilab.watching.recorder import Recorder

PERIOD, PROBE = 1_000, 20
"""Steps from one validation to the next, and from one probe to the next."""

PAGE = [(panel, 58, 10) for panel in range(6)]
"""A page of the lab at 120×40: six of the seven panels of a training, with their sizes."""

PER_STEP = ("train.loss", "train.accuracy", "learning_rate")
PER_PROBE = (
    "activation.mean",
    "activation.std",
    "activation.saturated",
    "activation.dead",
    "gradient.norm",
    "gradient.std",
    "weight_gradient.norm",
    "weight.norm",
    "weight.growth",
    "update.ratio",
)
PER_VALIDATION = ("validation.loss", "validation.accuracy", "gap.accuracy")

OFTEN, SELDOM = "arm0/train.loss", "arm0/activation.std/1"


class Noted:
    """A table, and the steps of the rows that came into it."""

    def __init__(self, table: Any) -> None:
        self.table = table
        self.steps: list[int] = []

    def append(self, step: int, row: Any) -> None:
        self.steps.append(step)
        self.table.append(step, row)


class Run:
    """A run as an engine records it, and as it may be continued in no time."""

    def __init__(self, path: Path, arms: int, layers: int, steps: int) -> None:
        self.arms = [f"arm{number}" for number in range(arms)]
        self.layers = layers
        scenario = {
            "kind": "training",
            "arms": {arm: {"network": {"name": "mlp", "activation": "tanh"}} for arm in self.arms},
        }
        header = {"arms": self.arms, "steps": steps, "panels": TrainingScenario.PANELS, "scenario": scenario}
        self.random = np.random.default_rng(0)
        self.writer = Writer.create(path, header, flush_every=1e9)
        self.tables: list[Noted] = []
        self.recorder = Recorder(self, lambda: False)  # type: ignore[arg-type]
        self.step = 0
        for _ in range(2 * PERIOD):
            self.observe()
        self.writer.flush()

    def __getattr__(self, name: str) -> Any:
        """To its recorder this is the writer."""
        return getattr(self.writer, name)

    def table(self, *names: Any, **how: Any) -> Noted:
        """What the recorder asks the writer for."""
        self.tables.append(Noted(self.writer.table(*names, **how)))
        return self.tables[-1]

    def observe(self) -> None:
        """The next step, by the recorder."""
        step, random = self.step, self.random
        values = {f"{arm}/{metric}": random.random() for arm in self.arms for metric in PER_STEP}
        frames = {}
        if step % PROBE == 0:
            names = [(arm, metric) for arm in self.arms for metric in PER_PROBE]
            layers = range(1, self.layers + 1)
            drawn = random.random((len(names), self.layers)).tolist()
            values |= {
                f"{arm}/{metric}/{layer}": value
                for (arm, metric), row in zip(names, drawn, strict=True)
                for layer, value in zip(layers, row, strict=True)
            }
        if step % PERIOD == 0:
            values |= {f"{arm}/{metric}": random.random() for arm in self.arms for metric in PER_VALIDATION}
            shares = random.random((self.layers, 64)).astype(np.float32)
            meta = {"kind": "histogram", "low": [-1.0] * self.layers, "high": [1.0] * self.layers}
            frames = {f"{arm}/activation.histogram": (shares, meta) for arm in self.arms}
        self.recorder.observation(Observation(step, values, frames), step / 100)
        self.step += 1

    def extend(self, periods: int) -> None:
        """More of the same, whole periods long."""
        for noted in self.tables:
            pattern = np.array(noted.steps)
            pattern = pattern[pattern >= PERIOD] - PERIOD
            pattern = pattern[pattern < PERIOD]
            if len(pattern):
                steps = (self.step + PERIOD * np.arange(periods)[:, None] + pattern).ravel()
                noted.table.extend(steps, self.random.random((len(steps), len(noted.table.names))))
        self.step += periods * PERIOD
        self.writer.flush()

    def go_on(self, steps: int) -> None:
        """Some steps by the recorder, and out to those who look."""
        for _ in range(steps):
            self.observe()
        self.writer.flush()


def took(work: Callable[[], object]) -> float:
    """CPU milliseconds of a call."""
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1e3


def page(drawn: Drawn, recording: Recording) -> None:
    """One live frame of all panels of a page."""
    view = View(recording.last_step, live=True)
    for panel, width, height in PAGE:
        drawn.draw(panel, recording, view, width, height)


def bench_many_arms(report: Report, folder: Path) -> None:
    """A viewer and a doctor that stay with a run of 32 arms."""
    run = Run(folder / "many.tlr", arms=32, layers=20, steps=200_000)
    for _ in range(98):
        run.extend(1)
    with Recording.open(folder / "many.tlr") as recording:
        report.plain("arms, series, steps", f"32, {len(recording.series()):,}, {recording.last_step + 1:,}")
        drawn = Drawn(panels_of(recording.header))

        report.plain("first frame of a page", f"{took(lambda: page(drawn, recording)):.0f} ms")
        report.plain("first look of the doctor", f"{took(lambda: findings(recording)):.0f} ms")
        fresh, frames, looks, quiet = [], [], [], []
        for _ in range(15):
            run.go_on(PROBE)
            fresh.append(took(recording.refresh))
            frames.append(took(lambda: page(drawn, recording)))
            looks.append(took(lambda: findings(recording)))
            run.go_on(1)
            recording.refresh()
            quiet.append(took(lambda: page(drawn, recording)))
        limit(report, "refresh", fresh, 1)
        limit(report, "frame of a page after a probe", frames, 50)
        limit(report, "frame of a page after a step", quiet, 50)
        limit(report, "look of the doctor after a probe", looks, 50)
    run.writer.close()


def bench_many_steps(report: Report, folder: Path) -> None:
    """An overview of ten million steps, by who has just come and by who has been there."""
    path = folder / "long.tlr"
    run = Run(path, arms=1, layers=4, steps=10_000_000)
    while run.step < 10_000_000:
        run.extend(min(50, 10_000 - run.step // PERIOD))
    with Recording.open(path) as recording:
        bare = folder / "values.f8"
        recording.read(OFTEN)[1].tofile(bare)
        numpy = statistics.median(took(lambda: reduced(bare)) for _ in range(5))
        report.plain("numpy reads and reduces the same values", f"{numpy:.1f} ms")
        overviews(report, "live", recording, numpy)
        drawn = Drawn(panels_of(recording.header))
        looks, frames = [], []
        for _ in range(7):
            run.go_on(PROBE)
            recording.refresh()
            looks.append(took(lambda: findings(recording)))
            frames.append(took(lambda: page(drawn, recording)))
        limit(report, "frame of a page of 10,000,000 steps", frames, 50)
        limit(report, "look of the doctor at 10,000,000 steps", looks, 50)
    run.writer.close()
    with Recording.open(path) as recording:
        overviews(report, "finished", recording, numpy)
    path.unlink()


def overviews(report: Report, state: str, recording: Recording, numpy: float) -> None:
    """The overviews of a series of every step and of one of every probe, at a first look and again."""
    for name in (OFTEN, SELDOM):
        first = took(lambda name=name: recording.overview(name, None, None, 200))
        again = [took(lambda name=name: recording.overview(name, None, None, 200)) for _ in range(9)]
        report.plain(f"first overview of {name}, {state}", f"{first:.1f} ms")
        limit(report, f"overview of {name}, {state}", again, 20)
        if name == OFTEN:
            middle = statistics.median(again)
            report.bar(f"the same against numpy, {state}", f"{middle:.2f} ms", middle / numpy, 1)


def reduced(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """What an overview says, by reading all of it."""
    values = np.fromfile(path)
    starts = np.linspace(0, len(values), 200, endpoint=False).astype(int)
    return np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)


def bench_many_events(report: Report, folder: Path) -> None:
    """Ten thousand events that came one by one, looked at as often as another one comes."""
    path = folder / "events.tlr"
    writer = Writer.create(path, {"arms": ["a"]}, flush_every=1e9)
    for step in range(10_000):
        writer.event(step, "checkpoint", None, kept=step)
        writer.flush()
    lines = [json.dumps(event.data) for event in Recording.open(path).events()]
    parse = statistics.median(took(lambda: [json.loads(line) for line in lines]) for _ in range(5))
    report.plain("json reads what 10,000 events say", f"{parse:.1f} ms")
    with Recording.open(path) as recording:
        report.plain("first look at them", f"{took(recording.events):.1f} ms")
        looks = []
        for step in range(10_000, 10_020):
            writer.event(step, "checkpoint", None, kept=step)
            writer.flush()
            recording.refresh()
            looks.append(took(recording.events))
        assert recording.events()[-1].data == {"kept": 10_019}
        middle = statistics.median(looks)
        report.bar("a look after another one came", f"{middle:.2f} ms", middle / parse, 0.1)
    writer.close()


def bench_many_frames(report: Report, folder: Path) -> None:
    """A ridgeline of forty thousand histograms, live."""
    path = folder / "frames.tlr"
    writer = Writer.create(path, {"arms": ["a"], "steps": 800_000}, flush_every=1e9)
    shares = np.ones((4, 64), np.float32) / 64
    meta = {"kind": "histogram", "low": [0.0] * 4, "high": [1.0] * 4, "layers": ["1", "2", "3", "4"]}
    for place in range(40_000):
        writer.frame("a/activation.histogram", place * PROBE, shares, meta)
        if place % 5 == 0:
            writer.flush()
    writer.flush()
    [panel] = panels_of({"panels": [{"type": "ridgeline"}]})
    with Recording.open(path) as recording:
        view = View(recording.last_step, live=True)
        panel.draw(recording, view, 100, 20)
        limit(
            report,
            "ridgeline of 40,000 frames",
            [took(lambda: panel.draw(recording, view, 100, 20)) for _ in range(9)],
            20,
        )
    writer.close()


def limit(report: Report, name: str, measures: list[float], most: float) -> None:
    """Milliseconds that may be at most so many."""
    middle = statistics.median(measures)
    report.bar(name, f"{middle:.2f} ms (worst {max(measures):.2f})", middle / most, 1)


def main() -> int:
    """Runs every measure; 1 if a bar was missed."""
    print(machine(), flush=True)
    report = Report()
    for bench in (bench_many_events, bench_many_frames, bench_many_arms, bench_many_steps):
        with tempfile.TemporaryDirectory() as folder:
            bench(report, Path(folder))
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
