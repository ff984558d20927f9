"""Whose log a file or folder is, by what is in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tuilab.exchange.errors import ExchangeError
from tuilab.exchange.importers import databases, mlflow, tables, tensorboard, transformers, wandb
from tuilab.exchange.importers.folders import walk
from tuilab.exchange.items import Item, Log
from tuilab.exchange.names import arm_name

KNOWN = (
    "TensorBoard event files, W&B offline runs, trackio's and MLflow's databases, MLflow's file store, "
    "Hugging Face's trainer_state.json, and CSV or JSON lines with a column of steps"
)


def open_log(path: Path) -> Log:
    """The log at a path.

    Raises:
        ExchangeError: there is nothing, or nothing that is known.
    """
    if not path.exists():
        raise ExchangeError(f"{path}: there is no such file or folder")
    files = list(walk(path))
    if any(map(tensorboard.recognised, files)):
        return tensorboard.EventFiles(path)
    if any(map(wandb.recognised, files)):
        return wandb.OfflineRuns(path)
    if any(file.name == "meta.yaml" and mlflow.recognised(file.parent) for file in files):
        return mlflow.FileStore(path)
    logs: list[Log] = [databases.Database(file) for file in files if databases.recognised(file)]
    if not logs:
        states = transformers.newest([file for file in files if transformers.recognised(file)])
        arms = _arms(path, [(state, transformers.arm_folder(state)) for state in states])
        logs = [transformers.TrainerState(state, arms[state]) for state in states]
    if not logs:
        found = [file for file in files if tables.recognised(file)]
        arms = _arms(path, [(f, f.parent if f.stem == "metrics" else f.with_suffix("")) for f in found])
        logs = [tables.Table(file, arms[file]) for file in found]
    if not logs:
        raise ExchangeError(f"{path}: no log that tuilab knows; it reads {KNOWN}")
    return logs[0] if len(logs) == 1 else Several(logs)


def _arms(root: Path, places: list[tuple[Path, Path]]) -> dict[Path, str]:
    """Arms named after where files lie: by the last part, or from the root on where that is not enough."""
    short = {file: arm_name(place.absolute().name) for file, place in places}
    if len(set(short.values())) == len(places):
        return short
    top = root.absolute()
    return {file: arm_name(str(place.absolute().relative_to(top))) for file, place in places}


class Several:
    """Logs of one kind as one."""

    def __init__(self, logs: list[Log]) -> None:
        self._logs = logs
        self.kind = logs[0].kind

    @property
    def done(self) -> int:
        """Bytes read so far."""
        return sum(log.done for log in self._logs)

    def size(self) -> int:
        """Bytes there are now."""
        return sum(log.size() for log in self._logs)

    def read(self) -> Iterator[Item]:
        """See `Log.read`."""
        for log in self._logs:
            yield from log.read()

    def rest(self) -> Iterator[Item]:
        """See `Log.rest`."""
        for log in self._logs:
            yield from log.rest()
