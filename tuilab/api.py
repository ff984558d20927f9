"""What `import tuilab` offers: each loads what it needs when it is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer

    from tuilab.doctor import Finding
    from tuilab.recording import Readable
    from tuilab.watching.watch import Watch


def watch(
    model: nn.Module | Sequence[nn.Module] | Mapping[str, nn.Module] | None = None,
    optimizer: Optimizer | Sequence[Optimizer] | None = None,
    *,
    name: str | None = None,
    config: Any = None,
    runs: str | Path | None = None,
    control: bool = False,
    every: int = 50,
    sample: int = 4096,
    bins: int = 64,
    steps: int | None = None,
) -> Watch:
    """Record a training loop of your own, live: `tuilab watch` shows it, `tuilab replay` plays it again.

    The numbers of the training stay what they are, bit for bit, and nothing that goes wrong here reaches it:
    the watching ends with a line on standard error, and the training goes on. Under torchrun the first
    process records.

    Args:
        model: the network; several as a list, or by name. None for a loop without torch: see
            `Watch.log_layer`.
        optimizer: whose steps are counted; without it, those of every optimiser that updates the model.
        name: of the run; its program's file name otherwise.
        config: settings to keep with it: a dict, an argparse namespace or a dataclass.
        runs: the folder of runs, if not the usual one.
        control: whether others may pause the loop, let it take single steps, change its learning rate and
            stop it.
        every: steps between two looks inside the network; fewer are taken where they would cost over 2 % of
            the time. 0 never looks inside.
        sample: values taken of each layer's outputs, and of its weights; 0 takes all.
        bins: of the histograms.
        steps: how many there will be, where that is known.

    Returns:
        A `Watch`: `log` figures with it, and close it, or use it as a context manager.

    Raises:
        TypeError: the model is none, or an optimizer.
    """
    from tuilab.watching.beginning import begin

    return begin(
        model,
        optimizer,
        name=name,
        config=config,
        runs=runs,
        control=control,
        every=every,
        sample=sample,
        bins=bins,
        steps=steps,
    )


def open_run(name: str | None = None, *, runs: str | Path | None = None) -> Readable:
    """The recording of a run: its series, frames and events, while it is written as well as afterwards.

    Args:
        name: the run's name, its path, or what it was run from (the newest such); by none, the newest of all.
        runs: the folder of runs, if not the usual one.

    Raises:
        tuilab.runs.RunError: there is no such run, or nothing is recorded of it.
        tuilab.recording.RecordingError: it can't be read.
    """
    from tuilab.runs import find, runs_folder

    return find(runs_folder(None if runs is None else Path(runs)), name).open()


def findings(run: Readable | str, step: int | None = None) -> list[Finding]:
    """What is wrong with a run, the most urgent first; an empty list where nothing is found.

    Args:
        run: a recording, or what `open_run` would find.
        step: look at it as it was then; by none, at all of it.

    Raises:
        tuilab.runs.RunError: there is no such run, or nothing is recorded of it.
        tuilab.recording.RecordingError: it can't be read.
    """
    from tuilab.doctor import findings as found

    if not isinstance(run, str):
        return found(run, step)
    recording = open_run(run)
    try:
        return found(recording, step)
    finally:
        recording.close()


def compare(*names: str, runs: str | Path | None = None) -> Readable:
    """Several runs read as one: every arm of each beside the others'; of several seeds their means.

    Args:
        names: of two runs at least, as `open_run` takes them.
        runs: the folder of runs, if not the usual one.

    Raises:
        RunError: there are fewer, one is not there, or has recorded nothing yet.
        RecordingError: one can't be read.
    """
    from tuilab.runs import find, runs_folder
    from tuilab.studies.compared import Compared

    root = runs_folder(None if runs is None else Path(runs))
    return Compared([find(root, name) for name in names]).open()
