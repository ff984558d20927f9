"""How fast TensorBoard's event files are read, against TensorBoard's own EventAccumulator.

A file of 100 figures x 30,000 steps is written by us and read by both into memory, in the same process one
after the other; ours several times, theirs once, as it takes minutes. Both check all checksums, and every
value is compared.

Also, without a bar: the import of that file as a run, and the greatest memory it takes.
"""

from __future__ import annotations

import argparse
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tuilab.exchange import open_log
from tuilab.exchange.items import Scalars
from tuilab.exchange.protobuf import put_bytes, put_double, put_number
from tuilab.exchange.tensorboard.records import framed

BAR = 20.0
ROUNDS = 5

IMPORT = """
import re, sys, time
from pathlib import Path
from tuilab.exchange import import_log
began = time.perf_counter()
import_log(Path(sys.argv[1]), Path(sys.argv[2]))
took = time.perf_counter() - began
# Not ru_maxrss: a child's begins with that of the process that started it.
print(took, int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024)
"""


def messages(series: int, steps: int) -> Iterator[list[bytes]]:
    """The events of one step after the other, as torch's SummaryWriter has them."""
    heads = [put_bytes(1, f"layer{number:02d}/figure".encode()) + b"\x15" for number in range(series)]
    rng = np.random.default_rng(0)
    yield [put_double(1, 1e9) + put_bytes(3, b"brain.Event:2")]
    for step in range(steps):
        at = put_number(2, step) if step else b""
        figures = rng.normal(size=series).tolist()
        yield [
            put_double(1, 1e9 + step) + at + put_bytes(5, put_bytes(1, head + struct.pack("<f", figure)))
            for head, figure in zip(heads, figures, strict=True)
        ]


def write(folder: Path, series: int, steps: int) -> int:
    """The event file; its size."""
    path = folder / "events.out.tfevents.1000000000.bench"
    with path.open("wb") as file:
        waiting: list[bytes] = []
        for some in messages(series, steps):
            waiting += some
            if len(waiting) > 50_000:
                file.writelines(framed(waiting))
                waiting = []
        file.writelines(framed(waiting))
    return path.stat().st_size


def ours(folder: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Every series' steps and values."""
    parts: dict[str, list[Scalars]] = {}
    for item in open_log(folder).read():
        if isinstance(item, Scalars):
            parts.setdefault(item.tag, []).append(item)
    return {
        tag: (np.concatenate([each.steps for each in found]), np.concatenate([each.values for each in found]))
        for tag, found in parts.items()
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=100)
    parser.add_argument("--steps", type=int, default=30_000)
    asked = parser.parse_args()
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "log")
        folder.mkdir()
        size = write(folder, asked.series, asked.steps)
        print(f"{asked.series} figures x {asked.steps} steps, {size / 1e6:.0f} MB")
        times = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            found = ours(folder)
            times.append(time.perf_counter() - began)
        mine = float(np.median(times))
        began = time.perf_counter()
        accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0})
        accumulator.Reload()
        theirs = time.perf_counter() - began
        tags = accumulator.Tags()["scalars"]
        assert found.keys() == set(tags)
        for tag in tags:
            events = accumulator.Scalars(tag)
            assert np.array_equal(found[tag][0], [event.step for event in events])
            assert np.array_equal(found[tag][1], [event.value for event in events])
        records = asked.series * asked.steps
        print(f"tuilab {mine:.2f} s ({1e6 * mine / records:.2f} us a record), median of {ROUNDS}")
        print(f"EventAccumulator {theirs:.2f} s ({1e6 * theirs / records:.2f} us a record)")
        del accumulator, found
        done = subprocess.run(
            [sys.executable, "-c", IMPORT, str(folder), str(Path(place, "runs"))],
            capture_output=True,
            text=True,
            check=True,
        )
        took, memory = map(float, done.stdout.split())
        print(f"import as a run {took:.1f} s, {memory:.0f} MB of memory at most")
    print(f"ratio: {theirs / mine:.1f} (bar {BAR:.0f}, more is better)")
    return int(theirs / mine < BAR)


if __name__ == "__main__":
    sys.exit(main())
