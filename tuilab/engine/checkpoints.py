"""Checkpoints: an experiment's whole state as safetensors and JSON, never pickle.

`RUN/checkpoints/000001200/` holds three files:

    state.safetensors   the tensors, by name
    state.json          the step; the facts of whoever makes the checkpoint; the tunable numbers; the data's
                        fingerprint; where it was made (threads, device, versions); and the rest of the state,
                        with a reference where each tensor stands
    SHA256SUMS          of both, as `sha256sum --check` reads it

A checkpoint appears whole or not at all: it is written beside, as `.000001200.PID`, and then renamed.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from tuilab.engine.devices import surroundings
from tuilab.experiments import Experiment
from tuilab.experiments.state import differences, joined, split

FORMAT = 2
KEPT = 2
"""The newest checkpoints, which a run keeps in any case: one more than needed, should one be damaged."""
BUDGET = 2**30
"""Bytes that the older ones may take together, for forks: the further back, the fewer."""
_TENSORS, _PLAIN, _SUMS = "state.safetensors", "state.json", "SHA256SUMS"
_LARGEST = 16 * 2**20
"""Bytes of `state.json`, at most: once read, JSON takes many times as much."""
_SAID = 5
"""Differences between two states that are told one by one."""


class CheckpointError(Exception):
    """A checkpoint that can't be used: one clear sentence."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What an experiment was taken to."""

    step: int
    """The last step observed before the checkpoint was made."""
    facts: dict[str, Any]
    """Those that `save` was given."""
    notes: list[str]
    """What is otherwise than it was then, and which checkpoint was passed over: a sentence each."""


class _About(BaseModel):
    """What `state.json` holds."""

    model_config = ConfigDict(strict=True, extra="forbid")

    format: int = FORMAT
    step: int = Field(ge=0)
    facts: dict[str, Any]
    tunables: dict[str, float]
    data: dict[str, str | int]
    made: dict[str, str | int]
    state: dict[str, Any]


def save(folder: Path, experiment: Experiment, step: int, facts: Mapping[str, Any]) -> Path:
    """Write a checkpoint and let go of the oldest.

    Args:
        folder: the run's `checkpoints`; made when missing.
        experiment: after the observation of `step`.
        step: the last step observed.
        facts: plain JSON, which `restore` gives back.

    Raises:
        OSError: it can't be written.
    """
    tensors, plain = split(experiment.state())
    about = _About(
        step=step,
        facts=dict(facts),
        tunables=experiment.tunables(),
        data=dict(experiment.data),
        made=surroundings(tensors.values()),
        state=plain,
    )
    text = json.dumps(about.model_dump()).encode()
    if len(text) > _LARGEST:
        raise OSError(errno.EFBIG, f"a state of {len(text):,} bytes beside the tensors is too large")
    place, beside = folder / f"{step:09}", folder / f".{step:09}.{os.getpid()}"
    beside.mkdir(parents=True, exist_ok=True)
    try:
        save_file(_whole(tensors), beside / _TENSORS)
        (beside / _PLAIN).write_bytes(text)
        (beside / _SUMS).write_text(_sums(beside))
        for path in beside.iterdir():
            _sync(path)
        shutil.rmtree(place, ignore_errors=True)
        beside.rename(place)
    except SafetensorError as error:
        raise OSError(None, str(error)) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    for old in _superfluous(listing(folder)):
        shutil.rmtree(old, ignore_errors=True)
    return place


def _superfluous(places: list[Path]) -> list[Path]:
    """Of checkpoints, newest first, those to let go of.

    Beside the newest there stays one, the oldest, of those that are 1, 2 to 3, 4 to 7, 8 to 15 … steps back.
    """
    newest, size = int(places[0].name), 0
    oldest = {(newest - int(place.name)).bit_length(): place for place in places}
    found = []
    for place in places[KEPT:]:
        if place in oldest.values():
            size += sum(file.stat().st_size for file in place.iterdir())
        if place not in oldest.values() or size > BUDGET:
            found.append(place)
    return found


def listing(folder: Path) -> list[Path]:
    """The checkpoints of a run, newest first."""
    found = [path for path in folder.glob("*") if path.name.isdecimal() and path.is_dir()]
    return sorted(found, key=lambda path: int(path.name), reverse=True)


def sweep(folder: Path) -> None:
    """Remove what killed engines left half written: for whoever knows that none is at work here."""
    for path in folder.glob(".*"):
        step, _, process = path.name[1:].partition(".")
        if step.isdecimal() and process.isdecimal():
            shutil.rmtree(path, ignore_errors=True)


def restore(folder: Path, experiment: Experiment, most: int | None = None) -> Restored | None:
    """Take an experiment that has not begun to the run's newest intact checkpoint, its tunables first.

    Args:
        folder: the run's `checkpoints`.
        experiment: not begun.
        most: the last step that the checkpoint may be of.

    Returns:
        What it was taken to; None where there is no checkpoint.

    Raises:
        CheckpointError: there are some and none can be used, or it is of another experiment or other data.
    """
    damage: list[str] = []
    for place in listing(folder):
        if most is not None and int(place.name) > most:
            continue
        try:
            about, state = _read(place)
        except (OSError, SafetensorError, ArithmeticError, LookupError, RuntimeError, ValueError) as error:
            damage.append(f"{place}: this checkpoint is damaged ({_said(error)})")
            continue
        notes = [f"{said}, so the one before it was taken" for said in damage]
        return Restored(about.step, about.facts, notes + _into(experiment, about, state, place))
    if damage:
        raise CheckpointError(damage[0])
    return None


def _read(place: Path) -> tuple[_About, dict[str, Any]]:
    """A checkpoint's two files, neither believed before its sum was found right."""
    if not all((place / name).is_file() for name in (_TENSORS, _PLAIN, _SUMS)):
        raise ValueError("a file of it is missing, or an older tuilab made it")
    if (place / _PLAIN).stat().st_size > _LARGEST or (place / _SUMS).stat().st_size > _LARGEST:
        raise ValueError("its JSON is too large")
    if (place / _SUMS).read_text() != _sums(place):
        raise ValueError("its files are not those that SHA256SUMS speaks of")
    about = _About.model_validate(json.loads((place / _PLAIN).read_bytes()))
    if about.format != FORMAT:
        raise ValueError(f"it has format {about.format}, and this tuilab reads format {FORMAT}")
    return about, joined(load_file(place / _TENSORS), about.state)


def _into(experiment: Experiment, about: _About, state: dict[str, Any], place: Path) -> list[str]:
    """Give an experiment the checkpoint's tunables and state; returns what has changed around it."""
    if about.data != dict(experiment.data):
        raise CheckpointError(
            f"{place}: the run began with {_told(about.data)}, and here is {_told(experiment.data)}, which "
            "would be another run: give it its data again (TUILAB_DATA says where they lie), or start anew"
        )
    here = experiment.state()
    try:
        wrong = differences(here, state)
        if not wrong:
            now = experiment.tunables()
            for key, value in about.tunables.items():
                if now.get(key) != value:
                    experiment.tune(key, value)
            experiment.restore(state)
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        wrong = [_said(error)]
    if wrong:
        more = f", and {len(wrong) - _SAID} more" if len(wrong) > _SAID else ""
        raise CheckpointError(
            f"{place}: a checkpoint of another experiment: {', '.join(wrong[:_SAID])}{more}; "
            "resume it with the scenario that it was made with"
        )
    made = surroundings(split(here)[0].values())
    return [
        f"{key}: {then} when the checkpoint was made, {made.get(key)} now; the last digits of what follows "
        "may be others"
        for key, then in about.made.items()
        if made.get(key) != then
    ]


def _told(data: Mapping[str, str | int]) -> str:
    """A fingerprint in a few words, the hash last, which may be all that differs."""
    hashed = f"{data.get('sha256', '')}"[:8]
    return (
        f"{data.get('name')} of {data.get('examples')} examples ({hashed})" if data else "no data of its own"
    )


def _said(error: Exception) -> str:
    """What an error says, in a line."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    words = str(error.args[0]) if error.args else type(error).__name__
    return words.splitlines()[0] if words else type(error).__name__


def _whole(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors as safetensors wants them: on the CPU, contiguous, no two in the same memory."""
    seen: set[int] = set()
    found = {}
    for name, tensor in tensors.items():
        kept = tensor.detach().cpu().contiguous()
        memory = kept.untyped_storage().data_ptr()
        found[name] = kept.clone() if memory in seen else kept
        seen.add(memory)
    return found


def _sums(place: Path) -> str:
    """What `sha256sum` says of a checkpoint's two files."""
    lines = []
    for name in (_TENSORS, _PLAIN):
        with (place / name).open("rb") as file:
            lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {name}\n")
    return "".join(lines)


def _sync(path: Path) -> None:
    """A rename must not overtake what it renames."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
