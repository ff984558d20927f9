"""Checkpoints: an experiment's whole state as safetensors and JSON, never pickle.

`RUN/checkpoints/000001200/` holds `state.safetensors`, the tensors by name, and `state.json`: the step, the
tunable numbers, and the rest of the state with a reference where each tensor stands. A checkpoint appears
whole or not at all: it is written beside and then renamed.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from tuilab.experiments import Experiment, Resumable
from tuilab.experiments.state import joined, split

FORMAT = 1
KEPT = 2
"""Checkpoints that a run keeps: one more than needed, should the newest turn out damaged."""


class CheckpointError(Exception):
    """A checkpoint that can't be used: one clear sentence."""


@dataclass(frozen=True)
class Restored:
    """The checkpoint that an experiment was taken to."""

    step: int
    facts: dict[str, Any] = field(default_factory=dict)
    """What the loop gave to keep with it."""
    notes: list[str] = field(default_factory=list)
    """What differs between then and now, a sentence each."""


def save(folder: Path, experiment: Experiment, step: int, facts: Mapping[str, Any]) -> Path | None:
    """Write a checkpoint and let go of the oldest; None for an experiment that has nothing to keep.

    Args:
        folder: the run's `checkpoints`; made when missing.
        experiment: after the observation of `step`.
        step: the last step observed.
        facts: plain data to keep with it, for whoever goes on from here.

    Raises:
        OSError: it can't be written.
    """
    if not isinstance(experiment, Resumable):
        return None
    tensors, plain = split(experiment.state())
    # Tensors that share memory are kept one by one, as safetensors wants them.
    whole = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
    kept = {
        "format": FORMAT,
        "step": step,
        "facts": dict(facts),
        "tunables": experiment.tunables(),
        "state": plain,
    }
    place, beside = folder / f"{step:09}", folder / f".{step:09}.{os.getpid()}"
    beside.mkdir(parents=True, exist_ok=True)
    try:
        save_file(whole, beside / "state.safetensors")
        (beside / "state.json").write_text(json.dumps(kept))
        _sync(beside / "state.safetensors", beside / "state.json")
        shutil.rmtree(place, ignore_errors=True)
        beside.rename(place)
    except SafetensorError as error:
        raise OSError(None, str(error)) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    for old in listing(folder)[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
    return place


def listing(folder: Path) -> list[Path]:
    """The checkpoints of a run, newest first."""
    found = [path for path in folder.glob("*") if path.name.isdecimal() and path.is_dir()]
    return sorted(found, key=lambda path: int(path.name), reverse=True)


def restore(folder: Path, experiment: Experiment) -> Restored | None:
    """Take the experiment to its newest intact checkpoint.

    Returns:
        Which one it was; None where there is no checkpoint, or none is needed because the experiment
        begins anew and comes to the same.

    Raises:
        CheckpointError: there are some and none can be used, or it is of another experiment.
    """
    if not isinstance(experiment, Resumable):
        return None
    damage = ""
    for place in listing(folder):
        try:
            facts = json.loads((place / "state.json").read_text())
            tensors = load_file(place / "state.safetensors")
            state = joined(tensors, facts["state"])
            step, tunables = int(facts["step"]), dict(facts["tunables"])
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            damage = damage or f"{place}: this checkpoint is damaged ({type(error).__name__}: {error})"
            continue
        if facts.get("format") != FORMAT:
            raise CheckpointError(f"{place}: format {facts.get('format')}; this tuilab reads format {FORMAT}")
        _into(experiment, state, tensors, place)
        now = experiment.tunables()
        for key, value in tunables.items():
            if now.get(key) != value:
                experiment.tune(key, value)
        return Restored(step, dict(facts.get("facts", {})))
    if damage:
        raise CheckpointError(damage)
    return None


def _into(experiment: Resumable, state: dict[str, Any], tensors: Mapping[str, Tensor], place: Path) -> None:
    wanted, _ = split(experiment.state())
    differing = _differences({name: tuple(tensor.shape) for name, tensor in wanted.items()}, tensors)
    try:
        if not differing:
            experiment.restore(state)
            return
    except (KeyError, ValueError, RuntimeError) as error:
        differing = [f"{type(error).__name__}: {error}".splitlines()[0]]
    more = f", and {len(differing) - 5} more" if len(differing) > 5 else ""
    raise CheckpointError(
        f"{place}: a checkpoint of another network: {', '.join(differing[:5])}{more}; "
        "resume it with the scenario that it was made with"
    )


def _differences(wanted: Mapping[str, tuple[int, ...]], tensors: Mapping[str, Tensor]) -> list[str]:
    """Which weights are missing, too many or of another shape.

    What an optimiser remembers comes with its first step, so an experiment that has not begun has none of it.
    """
    found = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    said = [f"{name} is missing" for name in wanted.keys() - found.keys()]
    said += [
        f"{name} is {_sizes(found[name])} there and {_sizes(shape)} here"
        for name, shape in wanted.items()
        if name in found and found[name] != shape
    ]
    said += [f"{name} is not in this network" for name in found.keys() - wanted.keys() if "/network/" in name]
    return sorted(said)


def _sizes(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "a number"


def _sync(*paths: Path) -> None:
    """A rename must not overtake what it renames."""
    for path in paths:
        with path.open("rb") as file:
            os.fsync(file.fileno())
