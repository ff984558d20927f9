"""Small runs of every kind of scenario, for engines that are going to be killed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tuilab.runs import Run, create
from tuilab.scenario.load import load

NOISY = """
kind = "training"
title = "Everything that draws"
question = "Does it come out the same?"
seed = 5
batch = 16
steps = 60
evaluate = 1
data = { name = "spirals", classes = 2, train = 96, validation = 50 }
network = { name = "mlp", widths = [16, 16], norm = "batch", dropout = 0.3 }
probes = { every = 3, budget = 1.0, gap = 32 }
[tests.passes]
mode = "sampled"
passes = 2
[arms.adam]
optimizer = { name = "adam", lr = 0.01 }
average = { name = "ema", decay = 0.9 }
[arms.swa]
optimizer = { name = "momentum", lr = 0.05 }
average = { name = "swa", start = 0.3, every = 5 }
members = 2
[arms."name with space"]
optimizer = { name = "rmsprop", lr = 0.005 }
early_stopping = { patience = 3 }
[arms.network]
optimizer = { name = "lbfgs" }
"""

PICTURES = """
kind = "training"
title = "Pictures that are turned, mixed and cut"
question = "Does it come out the same?"
seed = 9
batch = 16
steps = 24
evaluate = 1
data = { name = "shapes10", train = 96, validation = 40 }
network = { name = "convnet", channels = [4, 8], norm = "batch" }
probes = { every = 4, budget = 1.0 }
optimizer = { name = "nesterov", lr = 0.02 }
[arms.plain]
[arms.augmented]
augment = { flip = true, translate = 2, cutout = 4, mixup = 0.2, rotate = 10 }
"""


@dataclass(frozen=True)
class Subject:
    """What to run: a shipped scenario's name, or the text of one, and what is changed of it."""

    name: str
    overrides: tuple[str, ...] = ()
    text: str = ""

    def prepare(self, root: Path, run: str, checkpoint: float) -> Run:
        """A run folder ready for an engine; `checkpoint` is seconds between two, 0 for none."""
        place = self.name
        if self.text:
            file = root / f"{self.name}.toml"
            file.write_text(self.text)
            place = str(file)
        scenario = load(place, self.overrides).model_dump(mode="json")
        options = {"device": "cpu", "threads": 1, "checkpoint": checkpoint}
        return create(root / "runs", self.name, scenario, options, run)


SUBJECTS = (
    Subject("activation-curves"),
    Subject("preprocessing", ("steps=10",)),
    Subject("batch-norm"),
    Subject("init-forms"),
    Subject("why-not-newton", ("steps=6",)),
    Subject("saddle", ("steps=1200",)),
    Subject("gradient-noise", ("steps=120",)),
    Subject("network-loss", ("steps=150",)),
    Subject("noisy", text=NOISY),
    Subject("pictures", text=PICTURES),
)
"""One or two of every kind."""
