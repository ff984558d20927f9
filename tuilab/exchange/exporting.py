"""A recording becomes a file of another program's."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tuilab.exchange.errors import ExchangeError
from tuilab.exchange.exporters import tables
from tuilab.exchange.exporters.tensorboard import write_tensorboard
from tuilab.recording import Readable

Told = Callable[[int, int], None]

FORMATS = {
    "tensorboard": "",
    "csv": ".csv",
    "parquet": ".parquet",
    "jsonl": ".jsonl",
    "svg": ".svg",
    "cast": ".cast",
}
"""What can be written, and how such a file's name ends; a folder has no ending."""

_REPLAY_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Look:
    """How pictures and replays are drawn.

    Attributes:
        panel: number or title of a panel; None for all that fit.
        step: of a picture; None for the last.
        size: columns and rows of cells.
        pace: steps a second of a replay; None for half a minute in all.
        version: of asciicast.
    """

    panel: str | None = None
    step: int | None = None
    size: tuple[int, int] = (100, 30)
    pace: float | None = None
    version: int = 2


def export(
    recording: Readable, to: str, path: Path, look: Look | None = None, told: Told | None = None
) -> None:
    """Write a recording in another format; what is half written when that fails is removed.

    Args:
        recording: what is written.
        to: one of FORMATS.
        path: a file, or a folder for TensorBoard, that is not there yet.
        look: of `svg` and `cast`.
        told: is told how far it is.

    Raises:
        ExchangeError: there is something already, no such format or panel, nothing to write, or no room.
    """
    if to not in FORMATS:
        raise ExchangeError(f"--to {to}: wanted one of {', '.join(FORMATS)}")
    if path.exists():
        raise ExchangeError(f"{path}: there is something already; choose another -o")
    if recording.last_step < 0:
        raise ExchangeError("nothing is recorded yet")
    try:
        _write(recording, to, path, look or Look(), told or (lambda done, total: None))
    except OSError as error:
        _discard(path)
        raise ExchangeError(f"{path}: can't be written ({error.strerror})") from None
    except BaseException:
        _discard(path)
        raise


def _write(recording: Readable, to: str, path: Path, look: Look, told: Told) -> None:
    if to == "tensorboard":
        write_tensorboard(recording, path, told)
    elif to in ("csv", "jsonl", "parquet"):
        write = {"csv": tables.write_csv, "jsonl": tables.write_jsonl, "parquet": tables.write_parquet}[to]
        write(recording, path, told)
    else:
        from tuilab.exchange.exporters.screen import Screen

        screen = Screen.of(recording, look.panel, look.size)
        if to == "svg":
            from tuilab.exchange.exporters.svg import write_svg

            write_svg(recording, path, screen, recording.last_step if look.step is None else look.step)
        else:
            from tuilab.exchange.exporters.cast import write_cast

            steps = recording.last_step - max(recording.first_step, 0)
            pace = look.pace or max(steps, 1) / _REPLAY_SECONDS
            write_cast(recording, path, screen, pace, told, look.version)


def _discard(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()
