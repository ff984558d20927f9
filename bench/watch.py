"""What `tuilab.watch` costs a loop: watched and not, in turns in one process, on one network and optimiser.

A turn is as many steps as lie between a few looks inside, so each pays its share; opening and closing a run
are left out. Each watched turn is compared with the unwatched ones before and after it, in the process's own
time, the writing thread's included, on one thread. Beside it, on the same loop and where they are installed,
what others do at the same steps: `wandb.watch` offline (gradients and weights) and TensorBoard histograms of
activations, gradients and weights.
"""

from __future__ import annotations

import importlib.util
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import tuilab

BAR = 1.03
EVERY = 50
"""As `tuilab.watch` does by itself."""
Log = Callable[[int, Tensor], None]


class Loop:
    """Somebody's training: a network, an optimiser, and steps."""

    def __init__(self, model: nn.Module, batch: tuple[int, ...], turn: int, pairs: int) -> None:
        self.model, self.turn, self.pairs = model, turn, pairs
        self.optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
        self.x, self.y = torch.randn(*batch), torch.randint(10, batch[:1])
        self.done = 0

    def steps(self, count: int, log: Log = lambda step, loss: None) -> float:
        """Take them; returns the process's seconds."""
        began = time.process_time()
        for _ in range(count):
            self.optimizer.zero_grad()
            loss = nn.functional.cross_entropy(self.model(self.x), self.y)
            loss.backward()
            self.optimizer.step()
            self.done += 1
            log(self.done, loss)
        return time.process_time() - began


def dense() -> Loop:
    layers = [part for _ in range(7) for part in (nn.Linear(512, 512), nn.Tanh())]
    return Loop(nn.Sequential(*layers, nn.Linear(512, 10)), (64, 512), 2 * EVERY, 14)


def convolutional() -> Loop:
    layers: list[nn.Module] = []
    for ins, outs in ((3, 32), (32, 64), (64, 128)):
        layers += [nn.Conv2d(ins, outs, 3, padding=1), nn.BatchNorm2d(outs), nn.ReLU(), nn.MaxPool2d(2)]
    return Loop(nn.Sequential(*layers, nn.Flatten(), nn.Linear(128 * 16, 10)), (128, 3, 32, 32), EVERY, 3)


@contextmanager
def by_tuilab(loop: Loop) -> Iterator[Log]:
    with tuilab.watch(loop.model, loop.optimizer, every=EVERY) as w:
        yield lambda step, loss: w.log(loss=loss)


@contextmanager
def by_wandb(loop: Loop) -> Iterator[Log]:
    import wandb

    run = wandb.init(mode="offline", settings=wandb.Settings(silent=True))
    wandb.watch(loop.model, log="all", log_freq=EVERY)
    yield lambda step, loss: run.log({"loss": loss.item()})
    wandb.unwatch(loop.model)
    run.finish()


@contextmanager
def by_tensorboard(loop: Loop) -> Iterator[Log]:
    from torch.utils.tensorboard import SummaryWriter

    writer, outputs = SummaryWriter(tempfile.mkdtemp()), {}

    def keep(name: str) -> Any:
        return lambda module, inputs, output: outputs.update({name: output.detach()})

    leaves = [(name, m) for name, m in loop.model.named_modules() if name]
    handles = [module.register_forward_hook(keep(name)) for name, module in leaves]

    def log(step: int, loss: Tensor) -> None:
        writer.add_scalar("loss", loss.item(), step)
        if step % EVERY == 0:
            for name, output in outputs.items():
                writer.add_histogram(f"activations/{name}", output, step)
            for name, parameter in loop.model.named_parameters():
                writer.add_histogram(f"weights/{name}", parameter, step)
                writer.add_histogram(f"gradients/{name}", parameter.grad, step)

    yield log
    for handle in handles:
        handle.remove()
    writer.close()


def ratio(loop: Loop, watcher: Callable[[Loop], Any]) -> float:
    """The median of the watched turns' seconds over those of the turns around them."""
    loop.steps(3)
    plain, watched = [loop.steps(loop.turn)], []
    for _ in range(loop.pairs):
        with watcher(loop) as log:
            loop.steps(-loop.done % EVERY + 3, log)  # the first looks, of which a run has few
            watched.append(loop.steps(loop.turn, log))
        plain.append(loop.steps(loop.turn))
    around = [(before + after) / 2 for before, after in pairwise(plain)]
    found = statistics.median(w / p for w, p in zip(watched, around, strict=True))
    step = statistics.median(plain) / loop.turn
    print(f"  {found:.3f}  {watcher.__name__.removeprefix('by_')}  ({1e3 * step:.1f} ms a step without)")
    return found


def main() -> int:
    """Print the ratios; 1 where tuilab misses its bar."""
    torch.set_num_threads(1)
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"TUILAB_RUNS": str(Path(folder) / "runs"), "WANDB_DIR": folder}
        for made in (dense, convolutional):
            print(f"{made.__name__}:")
            torch.manual_seed(0)
            worst = max(worst, ratio(made(), by_tuilab))
            for name, other in (("wandb", by_wandb), ("tensorboard", by_tensorboard)):
                if importlib.util.find_spec(name):
                    ratio(made(), other)
                else:
                    print(f"  –      {name} is not installed")
    print(f"ratio: {worst:.3f} (bar {BAR})")
    return worst > BAR


if __name__ == "__main__":
    sys.exit(main())
