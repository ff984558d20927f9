"""`tuilab.watch`: from a model and its optimisers to a loop that is watched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from tuilab.runs import RunError
from tuilab.watching import anatomy, opening
from tuilab.watching.session import Session
from tuilab.watching.watch import Watch
from tuilab.watching.writing import say, sentence


def begin(
    model: Any,
    optimizer: Any,
    *,
    name: str | None,
    config: Any,
    runs: str | Path | None,
    control: bool,
    every: int,
    sample: int,
    bins: int,
    steps: int | None,
) -> Watch:
    """See `tuilab.watch`."""
    models = opening.named(model)
    given = optimizer if isinstance(optimizer, list | tuple) else [] if optimizer is None else [optimizer]
    optimizers = [anatomy.unwrapped(each) for each in given]
    session = _session(models, optimizers, name, config, runs, control) if opening.rank() == 0 else None
    return Watch(
        models,
        optimizers,
        session=session,
        every=max(every, 0),
        sample=max(sample, 0),
        bins=max(bins, 1),
        control=control,
        steps=steps,
    )


def _session(
    models: dict[str, nn.Module | None],
    optimizers: list[Optimizer],
    name: str | None,
    config: Any,
    runs: str | Path | None,
    control: bool,
) -> Session | None:
    """A run that is being written; None where that can't be, which keeps no training from beginning."""
    source = opening.source_name(name, models)
    try:
        described = {next(iter(models)): {"name": type(o).__name__, **o.defaults} for o in optimizers[:1]}
        scenario = opening.scenario(source, models, described, config)
        run = opening.make(source, scenario, runs, control, _device(models))
        return Session(run, run.claim()).__enter__()
    except (RunError, OSError) as error:
        say(f"this training is not watched: {error if isinstance(error, RunError) else sentence(error)}")
        return None


def _device(models: dict[str, nn.Module | None]) -> str:
    for model in models.values():
        for parameter in model.parameters() if model is not None else ():
            return str(parameter.device)
    return str(torch.get_default_device())
