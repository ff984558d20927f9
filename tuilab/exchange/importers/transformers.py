"""Hugging Face's trainer_state.json: the list `log_history`, object by object."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tuilab.exchange.errors import ExchangeError, RewrittenError
from tuilab.exchange.items import Config, Damage, Item
from tuilab.exchange.rows import Rows, whole

_MOST = 1 << 28
_HEAD = 1 << 14
_SETTINGS = ("max_steps", "num_train_epochs", "train_batch_size", "logging_steps", "eval_steps", "save_steps")


def recognised(path: Path) -> bool:
    """Whether it is a trainer's state."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD).lstrip()
            if not head.startswith(b"{"):
                return False
            if b'"log_history"' in head:
                return True
            return path.name == "trainer_state.json" and b'"global_step"' in head
    except OSError:
        return False


class TrainerState:
    """One state."""

    kind = "Hugging Face trainer state"

    def __init__(self, path: Path, arm: str) -> None:
        self._path = path
        self._arm = arm
        self._stamp: tuple[int, int] | None = None
        self.done = 0

    def size(self) -> int:
        """Bytes there are now."""
        return self._path.stat().st_size

    def read(self) -> Iterator[Item]:
        """See `Log.read`; the trainer writes the whole file anew, so a changed one has to be read again."""
        try:
            stat = self._path.stat()
            stamp = (stat.st_mtime_ns, stat.st_size)
            if self._stamp == stamp:
                return
            if self._stamp is not None:
                raise RewrittenError(f"{self._path}: it was written anew")
            if stat.st_size > _MOST:
                raise ExchangeError(f"{self._path}: {stat.st_size} bytes are too many for a trainer's state")
            self._stamp = stamp
            text = self._path.read_bytes().decode(errors="surrogateescape")
        except OSError as error:
            raise ExchangeError(f"{self._path}: can't be read ({error.strerror})") from None
        yield from self._items(text)
        self.done = self._stamp[1]

    def rest(self) -> Iterator[Item]:
        """Nothing: what is damaged was said."""
        return iter(())

    def _items(self, text: str) -> Iterator[Item]:
        decoder, rows = json.JSONDecoder(), Rows()
        settings = {key: value for key in _SETTINGS if (value := _value_of(text, key)) is not None}
        if settings:
            yield Config(self._arm, settings)
        key = text.find('"log_history"')
        at = text.find("[", key) + 1 if key >= 0 else 0
        if not at:
            yield Damage(self._path, 0, self._bytes(text), "it holds no log_history")
            return
        while True:
            opening, closing = text.find("{", at), text.find("]", at)
            if opening < 0 or 0 <= closing < opening:
                if closing < 0:
                    yield Damage(
                        self._path,
                        self._bytes(text[:at]),
                        self._bytes(text[at:]),
                        "its log_history never ends",
                    )
                break
            try:
                row, end = decoder.raw_decode(text, opening)
                step = whole(row.get("step"))
                if step is None:
                    raise ValueError("no step")
                row.pop("step")
                yield from rows.row(self._arm, step, row)
                at = end
            except (ValueError, RecursionError):
                end = text.find("}", opening)
                end = len(text) if end < 0 else end + 1
                yield Damage(
                    self._path,
                    self._bytes(text[:opening]),
                    self._bytes(text[opening:end]),
                    "a row that can't be read",
                )
                at = end
        yield from rows.flush()

    @staticmethod
    def _bytes(text: str) -> int:
        return len(text.encode(errors="surrogateescape"))


def _value_of(text: str, key: str) -> Any:
    """A plain value of the object, wherever it stands."""
    at = text.find(f'"{key}":')
    if at < 0:
        return None
    try:
        value, _ = json.JSONDecoder().raw_decode(text, at + len(key) + 3 + (text[at + len(key) + 3] == " "))
    except (ValueError, IndexError, RecursionError):
        return None
    return value if isinstance(value, int | float | str) else None


def newest(paths: list[Path]) -> list[Path]:
    """Of each folder of checkpoints the state that came farthest, which holds all the others' rows."""
    farthest: dict[Path, tuple[int, Path]] = {}
    for path in paths:
        of = arm_folder(path)
        try:
            text = path.read_bytes().decode(errors="replace")
        except OSError:
            text = ""
        step = whole(_value_of(text, "global_step")) or 0
        farthest[of] = max(farthest.get(of, (-1, path)), (step, path))
    return [path for _, path in farthest.values()]


def arm_folder(path: Path) -> Path:
    """The folder that a state is of."""
    parent = path.absolute().parent
    return parent.parent if parent.name.startswith("checkpoint-") else parent
