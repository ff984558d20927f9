"""Hostile inputs of every kind, made from good ones, and how the command line answers them."""

from __future__ import annotations

import json
import os
import random
import shutil
import struct
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.campaign import toml
from tests.campaign.judge import Case, in_a_process
from tests.campaign.mutate import NASTY, cut_or_flipped, mutated
from tests.campaign.recordings import hostile as hostile_recording

SCENARIOS = Path(__file__).parents[2] / "scenarios"
BATCH = 250
"""Cases that one process meets."""

BOWL = """
kind = "descent"
title = "Bowl"
question = "How fast?"
steps = 12
surface = { name = "quadratic", condition_number = 10, rotation = 30 }
[arms.sgd]
start = [2, 1]
optimizer = { name = "sgd", lr = 0.1 }
[arms."momentum .9"]
start = [2, 1]
optimizer = { name = "momentum", lr = 0.05 }
[[expect]]
arm = "sgd"
metric = "loss"
between = [0, 1]
because = "it falls"
"""

DIGITS = """
kind = "training"
title = "Digits"
question = "Can it be read?"
steps = 2
batch = 4
data = { name = "idx", folder = "mine" }
network = { name = "mlp", widths = [4] }
optimizer = { name = "sgd", lr = 0.1 }
probes = { every = 2 }
"""


@dataclass
class Hostile:
    """What the campaign found."""

    inputs: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class Forge:
    """Makes cases; `templates` has a finished run, a stopped one with a checkpoint, and digits."""

    def __init__(self, templates: Path, scratch: Path, seed: int) -> None:
        self._templates, self._scratch, self._draw = templates, scratch, random.Random(seed)
        self._texts = [path.read_text() for path in sorted(SCENARIOS.glob("*/*.toml"))]
        self._tables = [tomllib.loads(text) for text in self._texts]
        self._recording = (templates / "runs/finished/main.tlr").read_bytes()
        self._made = 0

    def cases(self, kind: str, count: int) -> Iterator[Case]:
        """So many cases of a kind, each in a folder of its own, which is gone when the next one comes."""
        for _ in range(count):
            self._made += 1
            folder = self._scratch / f"{kind}-{os.getpid()}-{self._made}"
            folder.mkdir(parents=True)
            os.chdir(folder)
            os.environ["TUILAB_RUNS"], os.environ["TUILAB_DATA"] = str(folder / "runs"), str(folder / "data")
            try:
                arguments = MAKERS[kind](self, folder)
            except RecursionError:  # nested deeper than it can be written down
                continue
            yield Case(kind, arguments, folder, _size(folder))
            os.chdir("/")
            shutil.rmtree(folder, ignore_errors=True)

    def scenario(self, folder: Path) -> tuple[str, ...]:
        """A shipped scenario with nonsense in it, met by what reads scenarios."""
        draw, number = self._draw, self._draw.randrange(len(self._texts))
        if draw.random() < 0.25:
            data = cut_or_flipped(self._texts[number].encode(), draw)
        else:
            table = mutated(self._tables[number], draw, NASTY[1:])
            data = toml.dumps(table if isinstance(table, dict) else {"x": table}).encode(errors="replace")
        (folder / "x.toml").write_bytes(data)
        return draw.choice((("describe", "x.toml"), ("describe", "x.toml", "--json"), ("list",)))

    def override(self, folder: Path) -> tuple[str, ...]:
        """`-s KEY=VALUE` with keys that are nearly right, on a bowl that ends at once."""
        draw = self._draw
        (folder / "bowl.toml").write_text(BOWL)
        keys = (
            "surface.name",
            "arms.sgd.optimizer.lr",
            "steps",
            "arms",
            "kind",
            'arms."momentum .9".start',
            "seed",
        )
        options: list[str] = []
        for _ in range(draw.choice((1, 2))):
            key = draw.choice((*keys, "", ".", "a.b.c.d", "arms.sgd", "panels", "expect", '"', "x" * 400))
            if draw.random() < 0.3:
                key = cut_or_flipped(key.encode(), draw).decode(errors="replace").replace("\x00", "")
            value = str(draw.choice((*NASTY, "[", "{name=", "[[[[", "1e999", "nan", "'", '"', "{" * 500)))
            options += ["-s", f"{key}={value}".replace("\x00", "")]
        return ("run", "bowl.toml", *options, "-s", "steps=0", "--device", "cpu")

    def recording(self, folder: Path) -> tuple[str, ...]:
        """A recording of right checksums over nonsense, met by all that reads recordings."""
        (folder / "x.tlr").write_bytes(hostile_recording(self._recording, self._draw))
        return self._draw.choice(
            (
                ("inspect", "x.tlr"),
                ("inspect", "x.tlr", "--json"),
                ("inspect", "x.tlr", "--series", "*"),
                ("diagnose", "x.tlr"),
                ("replay", "--plain", "x.tlr"),
            )
        )

    def control(self, folder: Path) -> tuple[str, ...]:
        """Lines that nobody should send, and a wish to stop at the end, met by an engine."""
        draw = self._draw
        run = self._run(folder, "fresh")
        lines = []
        for _ in range(draw.randrange(1, 8)):
            line = json.dumps(
                mutated({"id": "1", "do": "set", "key": "sgd/optimizer.lr", "value": 0.1}, draw)
            ).encode()
            if draw.random() < 0.3:
                line = json.dumps(
                    {"id": draw.choice(NASTY[:6]), "do": draw.choice(("pause", "step", "pace"))}
                ).encode()
            lines.append(cut_or_flipped(line, draw) if draw.random() < 0.3 else line)
        (run / "control").write_bytes(b"\n".join(lines) + b'\n{"id": "last", "do": "stop"}\n')
        return ("@engine", str(run))

    def run(self, folder: Path) -> tuple[str, ...]:
        """A run folder of which one file is not what it should be, beside one that is."""
        draw = self._draw
        self._run(folder, "fresh")
        run = self._run(folder, "finished")
        files = [path for path in run.iterdir() if path.is_file()]
        victim = draw.choice([path for path in files if path.suffix == ".json"] * 3 + files)
        _spoil(victim, draw)
        return draw.choice(
            (
                ("runs",),
                ("runs", "--json"),
                ("inspect", "finished"),
                ("diagnose", "finished"),
                ("stop", "finished", "--wait", "1"),
                ("resume", "finished"),
                ("replay", "--plain", "finished"),
            )
        )

    def checkpoint(self, folder: Path) -> tuple[str, ...]:
        """A checkpoint that is not what it should be, gone on from."""
        run = self._run(folder, "stopped")
        for file in (run / "checkpoints").rglob("*"):
            if file.is_file() and self._draw.random() < 0.7:
                _spoil(file, self._draw)
        return ("resume", "stopped")

    def data(self, folder: Path) -> tuple[str, ...]:
        """Data files that are cut, flipped or claim to be larger than they are, learned from."""
        draw = self._draw
        (folder / "digits.toml").write_text(DIGITS)
        shutil.copytree(self._templates / "data", folder / "data")
        victim = draw.choice([path for path in (folder / "data").rglob("*") if path.is_file()])
        if draw.random() < 0.5:
            data = bytearray(victim.read_bytes())
            at = draw.randrange(min(16, max(len(data) - 4, 1)))
            data[at : at + 4] = struct.pack(">I", draw.choice((0, 1, 2**31, 2**32 - 1, 0x803, 0x801)))
            victim.write_bytes(bytes(data))
        else:
            victim.write_bytes(cut_or_flipped(victim.read_bytes(), draw))
        return draw.choice((("run", "digits.toml", "--device", "cpu", "-s", "steps=0"), ("data", "list")))

    def _run(self, folder: Path, name: str) -> Path:
        place = folder / "runs" / name
        shutil.copytree(self._templates / "runs" / name, place)
        return place


MAKERS: dict[str, Callable[[Forge, Path], tuple[str, ...]]] = {
    "scenario": Forge.scenario,
    "override": Forge.override,
    "recording": Forge.recording,
    "control": Forge.control,
    "run": Forge.run,
    "checkpoint": Forge.checkpoint,
    "data": Forge.data,
}

SHARES = {
    "scenario": 0.40,
    "recording": 0.25,
    "run": 0.13,
    "override": 0.10,
    "control": 0.05,
    "checkpoint": 0.05,
    "data": 0.02,
}
"""How many of the inputs are of each kind."""


def meet(root: Path, inputs: int, seed: int, progress: Callable[[int], None] = lambda count: None) -> Hostile:
    """Let the command line meet so many hostile inputs; those it fails on are kept in `root/kept`."""
    found, keep = Hostile(), root / "kept"
    keep.mkdir(parents=True, exist_ok=True)
    templates = root / "templates"
    _prepare(templates)
    _warm_up()
    done = 0
    for kind, share in SHARES.items():
        left, number = round(inputs * share), 0
        while left > 0:
            forge = Forge(templates, root / "scratch", seed * 1_000_003 + len(kind) * 10_007 + number)
            count, problems = in_a_process(forge.cases(kind, min(BATCH, left)), keep)
            found.inputs[kind] = found.inputs.get(kind, 0) + count
            found.problems += problems
            left, number, done = left - BATCH, number + 1, done + count
            progress(done)
    return found


def _prepare(place: Path) -> None:
    """The good runs and data that the hostile ones are made from."""
    from tuilab.engine import conduct
    from tuilab.runs import create
    from tuilab.scenario.load import load

    place.mkdir(parents=True)
    (place / "bowl.toml").write_text(BOWL)
    scenario = load(place / "bowl.toml").model_dump(mode="json")
    options = {"device": "cpu", "threads": 1, "checkpoint": 60}
    for name in ("finished", "stopped", "fresh"):
        run = create(place / "runs", "bowl", scenario, options, name)
        if name == "finished":
            conduct(run)
        elif name == "stopped":
            run.send("stop")
            conduct(run)
    digits = place / "data" / "mine"
    digits.mkdir(parents=True)
    for split, count in (("train", 40), ("t10k", 12)):
        pixels = bytes(7 * k % 256 for k in range(count * 64))
        (digits / f"{split}-images-idx3-ubyte").write_bytes(struct.pack(">4I", 0x803, count, 8, 8) + pixels)
        labels = bytes(k % 3 for k in range(count))
        (digits / f"{split}-labels-idx1-ubyte").write_bytes(struct.pack(">2I", 0x801, count) + labels)


def _warm_up() -> None:
    """What every case would import is imported once, before the processes are forked."""
    import torch

    torch.set_num_threads(1)


def _spoil(file: Path, draw: random.Random) -> None:
    data = file.read_bytes()
    if file.suffix == ".json" and draw.random() < 0.7:
        data = json.dumps(mutated(json.loads(data), draw)).encode()
    elif file.suffix == ".safetensors" and draw.random() < 0.6 and len(data) > 8:
        length = int.from_bytes(data[:8], "little")
        header = json.dumps(mutated(json.loads(data[8 : 8 + length]), draw)).encode()
        data = len(header).to_bytes(8, "little") + header + data[8 + length :]
    else:
        data = cut_or_flipped(data, draw)
    file.write_bytes(data)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
