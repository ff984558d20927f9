"""The recording against its peers: the bare write(), TensorBoard, trackio, and numpy reading the same bytes.

The load is that of a training run: 100,000 steps of 40 float32 series, and a histogram of 14 layers by 64
bins every tenth step, handed over one step at a time. CPU time is of the whole process, children included.
What "bare" means: a loop that is handed the same rows and frames one step at a time, keeps their bytes, and
gives them to write() when 50 ms have passed or as many bytes are waiting as this writer lets wait. No index,
no checksums, no columns. What the write() calls alone cost is printed too, without a bar: it swings tenfold
with whether the kernel has to find new pages for the file.

What "those bytes with numpy" means: np.fromfile, opening included, of the two arrays that reading a series
gives, steps and values. Its values alone, in their 4 bytes each, are printed without a bar.
"""

from __future__ import annotations

import contextlib
import gc
import os
import platform
import resource
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import numpy as np

from tuilab.recording import Recording, Writer
from tuilab.recording.output import PENDING_BYTES

STEPS, SERIES, LAYERS, BINS, EVERY = 100_000, 40, 14, 64, 10
NAMES = [f"xavier/activation.std/{layer}" for layer in range(1, SERIES + 1)]
META = {"kind": "histogram", "low": [-1.0] * LAYERS, "high": [1.0] * LAYERS}
HEADER = {"scenario": {"kind": "propagation", "notes": "what to look at " * 64}, "steps": STEPS}
FLUSH = 0.05

Row = np.ndarray


def load() -> tuple[list[Row], list[Row]]:
    """The rows and the frames of the run; frames repeat after a thousand."""
    random = np.random.default_rng(0)
    rows = random.standard_normal((STEPS, SERIES)).astype(np.float32)
    return list(rows), list(random.random((1000, LAYERS, BINS)).astype(np.float32))


def cpu() -> float:
    """CPU seconds of this process and the children it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


class Report:
    """Prints measures and remembers the worst of them relative to its bar."""

    def __init__(self) -> None:
        self.worst = (0.0, 0.0, 1.0)
        self.missed = False

    def bar(self, name: str, value: str, ratio: float, bar: float) -> None:
        """A measure that has a bar: `ratio` must not be above it."""
        missed = not ratio <= bar
        self.missed |= missed
        self.worst = max(self.worst, (ratio / bar, ratio, bar))
        print(f"{name}: {value} ratio: {ratio:.3g} (bar {bar:.3g}){'  MISSED' if missed else ''}", flush=True)

    def absent(self, name: str, why: object) -> None:
        """A measure that could not be taken, which counts as missed."""
        self.missed = True
        print(f"{name}: not measured ({why})  MISSED", flush=True)

    def plain(self, name: str, value: str) -> None:
        """A measure for information."""
        print(f"{name}: {value}", flush=True)

    def end(self) -> int:
        """Prints the verdict; the exit code."""
        print(f"ratio: {self.worst[1]:.3g} (bar {self.worst[2]:.3g})")
        return int(self.missed)


def write_ours(path: Path, rows: list[Row], frames: list[Row], per: int = 0) -> tuple[Writer, float]:
    """Records the run, flushing every `per` steps or, with 0, every 50 ms; CPU seconds of it."""
    writer = Writer.create(path, HEADER, FLUSH if not per else 1e9)
    table = writer.table(NAMES, "float32")
    append, frame, flush = table.append, writer.frame, writer.flush
    began = cpu()
    for step, row in enumerate(rows):
        append(step, row)
        if step % EVERY == 0:
            frame("xavier/activation.histogram", step, frames[step // EVERY % 1000], META)
        if per and step % per == 0:
            flush()
    flush()
    return writer, cpu() - began


def write_bare(path: Path, rows: list[Row], frames: list[Row], per: int = 0) -> float:
    """Writes the same bytes with nothing around them, at the same moments."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    kept: list[bytes] = []
    waiting, due = 0, monotonic() + FLUSH
    began = cpu()
    for step, row in enumerate(rows):
        data = row.tobytes()
        kept.append(data)
        waiting += len(data)
        if step % EVERY == 0:
            data = frames[step // EVERY % 1000].tobytes()
            kept.append(data)
            waiting += len(data)
        if (step % per == 0) if per else (waiting > PENDING_BYTES or monotonic() >= due):
            os.write(fd, b"".join(kept))
            kept, waiting, due = [], 0, monotonic() + FLUSH
    os.write(fd, b"".join(kept))
    used = cpu() - began
    os.close(fd)
    return used


def write_calls(path: Path, size: int) -> float:
    """The write() calls alone, of a megabyte each."""
    piece = bytes(PENDING_BYTES)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    began = cpu()
    for _ in range(size // len(piece)):
        os.write(fd, piece)
    used = cpu() - began
    os.close(fd)
    return used


def bench_writer(report: Report, folder: Path, rows: list[Row], frames: list[Row]) -> float:
    """The writer against the bare write(), taking turns; µs a step of ours, close included."""
    cost = 0.0
    for per, label in ((0, "50 ms"), (50, "50 steps"), (5, "5 steps"), (1, "1 step")):
        ours, bare, calls, close = [], [], [], []
        for _ in range(7 if not per else 3):
            names = [folder / f"{kind}.{per}" for kind in ("ours", "bare", "calls")]
            writer, used = write_ours(names[0], rows, frames, per)
            size = names[0].stat().st_size
            ours.append(used)
            bare.append(write_bare(names[1], rows, frames, per))
            calls.append(write_calls(names[2], size))
            began = cpu()
            writer.close()
            close.append(cpu() - began)
            for name in names:
                name.unlink()
        scale = 1e6 / STEPS
        value = f"{min(ours) * scale:.2f} µs/step, bare {min(bare) * scale:.2f} µs/step"
        value += f", {size / STEPS:.0f} B/step"
        ratio = statistics.median(mine / other for mine, other in zip(ours, bare, strict=True))
        if not per:
            cost = (statistics.median(ours) + statistics.median(close)) * scale
            report.bar(f"writer, a flush each {label}", value, ratio, 2)
            calls_alone = f"{min(calls) * scale:.2f} to {max(calls) * scale:.2f} µs/step"
            report.plain("write() calls alone", calls_alone)
            report.plain("close, which compacts", f"{statistics.median(close) * scale:.2f} µs/step")
        else:
            report.plain(f"writer, a flush each {label}", f"{value} ratio: {ratio:.3g}")
    return cost


def timed(work: Callable[[], object], rounds: int = 30) -> float:
    """Median wall seconds of a call."""
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def record(path: Path, steps: int) -> None:
    """A finished recording of so many steps."""
    random = np.random.default_rng(1)
    writer = Writer.create(path, HEADER)
    table = writer.table(NAMES, "float32")
    frames = random.random((100, LAYERS, BINS)).astype(np.float32)
    many = 10_000
    for start in range(0, steps, many):
        block = random.standard_normal((many, SERIES)).cumsum(0).astype(np.float32)
        table.extend(np.arange(start, start + many), block)
        for step in range(start, start + many, EVERY):
            writer.frame("xavier/activation.histogram", step, frames[step // EVERY % 100], META)
    writer.close()


def bench_read(report: Report, folder: Path, path: Path) -> None:
    """Opening a recording and reading one series against numpy reading the same from files of its own."""
    with Recording.open(path) as recording:
        steps, values = recording.read(NAMES[7])
    plain, narrow = folder / "series.i8f8", folder / "series.f4"
    with plain.open("wb") as file:
        steps.tofile(file)
        values.tofile(file)
    values.astype(np.float32).tofile(narrow)

    def ours() -> object:
        with Recording.open(path) as recording:
            return recording.read(NAMES[7])

    def numpy() -> object:
        with plain.open("rb") as file:
            return np.fromfile(file, np.int64, len(steps)), np.fromfile(file, np.float64, len(steps))

    pairs = [
        (timed(ours, 10), timed(numpy, 10), timed(lambda: np.fromfile(narrow, np.float32), 10))
        for _ in range(7)
    ]
    mine, other, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
    value = f"{mine * 1e3:.3f} ms, numpy reading the same steps and values {other * 1e3:.3f} ms"
    report.bar("open, read one series of 100,000", value, statistics.median(a / b for a, b, _ in pairs), 4)
    ratio = statistics.median(a / c for a, _, c in pairs)
    report.plain("numpy reading its values only, as float32", f"{bare * 1e3:.3f} ms ratio: {ratio:.3g}")


def memory(path: Path) -> int:
    """Bytes a reader holds after it has looked at the recording all over, and nothing of what it returned."""
    gc.collect()
    tracemalloc.start()
    with Recording.open(path) as recording:
        for name in NAMES[:8]:
            recording.overview(name, None, None, 200)
        for step in np.linspace(0, recording.last_step, 500).astype(int).tolist():
            recording.at(NAMES[3], step)
            recording.frame("xavier/activation.histogram", step)
        gc.collect()
        held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return held


def bench_million(report: Report, small: Path, large: Path) -> None:
    """An overview and single steps of a million steps, and what the reader holds for them."""
    random = np.random.default_rng(2)
    with Recording.open(large) as recording:
        names = iter(NAMES)
        first = timed(lambda: recording.overview(next(names), None, None, 200), len(NAMES)) * 1e3
        again = timed(lambda: recording.overview(NAMES[0], None, None, 200)) * 1e3
        report.bar("overview of 1,000,000 steps at 200 columns, first look", f"{first:.2f} ms", first / 20, 1)
        report.bar("the same again", f"{again:.2f} ms", again / 20, 1)
    steps = random.integers(0, 1_000_000, 300).tolist()
    with Recording.open(large) as recording:
        took = []
        for step in steps:
            began = time.perf_counter()
            recording.at(NAMES[step % SERIES], step)
            took.append((time.perf_counter() - began) * 1e3)
        slow = float(np.percentile(took, 95))
        value = f"{slow:.3f} ms (95 of 100 are faster), median {statistics.median(took):.3f} ms"
        report.bar("value at a random step", value, slow, 1)
        seek = timed(lambda: recording.frame("xavier/activation.histogram", steps.pop()), 200) * 1e3
        report.plain("frame at a random step", f"{seek:.3f} ms")
    held, more = memory(small), memory(large)
    grown = (more - held) / (large.stat().st_size - small.stat().st_size)
    value = f"{held / 1024:.0f} KiB at 100,000 steps, {more / 1024:.0f} KiB at 1,000,000"
    report.bar("reader memory gained a byte of recording", value, grown, 0.001)


def bench_live(report: Report, folder: Path, rows: list[Row], frames: list[Row]) -> None:
    """The same of a recording its writer has not closed, or was killed before it could."""
    path = folder / "live.tlr"
    write_ours(path, rows, frames, 50)
    took = timed(lambda: Recording.open(path).close(), 5)
    report.plain("open 100,000 steps not closed, 50 steps a flush", f"{took * 1e3:.1f} ms")
    with Recording.open(path) as recording:
        report.plain("read one series of it", f"{timed(lambda: recording.read(NAMES[7])) * 1e3:.2f} ms")
        took = timed(lambda: recording.overview(NAMES[7], None, None, 200))
        report.plain("overview of it", f"{took * 1e3:.2f} ms")
        report.plain("refresh when nothing is new", f"{timed(recording.refresh) * 1e6:.1f} µs")


def tensorboard(folder: Path, rows: list[Row], steps: int) -> float:
    """CPU seconds a step of TensorBoard's SummaryWriter, given only the scalars."""
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(str(folder / "tensorboard"), flush_secs=1)
    began = cpu()
    for step, row in enumerate(rows[:steps]):
        for name, value in zip(NAMES, row, strict=True):
            writer.add_scalar(name, value, step)
    writer.close()
    return (cpu() - began) / steps


def trackio(folder: Path, rows: list[Row], steps: int) -> float:
    """CPU seconds a step of trackio, given only the scalars."""
    os.environ |= {"TRACKIO_DIR": str(folder / "trackio"), "HF_HUB_OFFLINE": "1"}
    import trackio

    with contextlib.redirect_stdout(sys.stderr):
        trackio.init(project="bench", name="bench", auto_log_cpu=False, auto_log_gpu=False)
        plain = [row.tolist() for row in rows[:steps]]
        began = cpu()
        for step, row in enumerate(plain):
            trackio.log(dict(zip(NAMES, row, strict=True)), step=step)
        trackio.finish()
        return (cpu() - began) / steps


def bench_peers(report: Report, folder: Path, rows: list[Row], ours: float) -> None:
    """The whole of our writer, closing included, against the loggers people use."""
    for peer, steps, bar in ((tensorboard, 300, 1 / 50), (trackio, 2000, 1 / 10)):
        name = f"writer and close against {peer.__name__}"
        try:
            theirs = statistics.median(peer(folder / str(turn), rows, steps) for turn in range(3)) * 1e6
        except ImportError as error:
            report.absent(name, f"{error}; install tuilab[bench]")
            continue
        report.bar(name, f"{ours:.2f} µs/step, {peer.__name__} {theirs:.0f} µs/step", ours / theirs, bar)


def machine() -> str:
    """What this ran on."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "")
    return (
        f"machine: {model or platform.processor()}, {os.cpu_count()} cores, {platform.platform()}, "
        f"Python {platform.python_version()}, numpy {np.__version__}"
    )


def main() -> int:
    """Runs every measure; 1 if a bar was missed."""
    print(machine(), flush=True)
    report = Report()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows, frames = load()
        cost = bench_writer(report, folder, rows, frames)
        bench_peers(report, folder, rows, cost)
        small, large = folder / "small.tlr", folder / "large.tlr"
        record(small, STEPS)
        record(large, 10 * STEPS)
        bench_read(report, folder, small)
        bench_million(report, small, large)
        bench_live(report, folder, rows, frames)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
