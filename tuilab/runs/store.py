"""The folder that runs lie in: make one there, find one, list them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tuilab
from tuilab.runs import control
from tuilab.runs.errors import RunError
from tuilab.runs.files import replace
from tuilab.runs.folder import MADE, Run
from tuilab.runs.lock import Lock

CHECKPOINTS = "checkpoints"
"""The folder in a run's that its engine keeps its state in."""
_RECORDING = re.compile(r"\.?[^/]+\.tlr(\.[0-9a-f]+\.tmp)?")
"""Recordings, and what is left of one that was never finished."""
_UNFIT = "{name!r} can't name a run: wanted printable text, at most 200 bytes, no slash, no dash in front"


def runs_folder(given: Path | None = None) -> Path:
    """Where runs lie: the folder given, else `$TUILAB_RUNS`, else the user's data folder."""
    if given is not None:
        return given
    if named := os.environ.get("TUILAB_RUNS"):
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_data_dir("tuilab")) / "runs"


def create(
    root: Path,
    source: str,
    scenario: dict[str, Any],
    options: dict[str, Any],
    name: str | None = None,
    own: Mapping[str, str] | None = None,
    **more: Any,
) -> Run:
    """A new run's folder, ready for an engine; only its owner may look into it.

    Args:
        root: the folder of runs; made when missing.
        source: the scenario's name, which also names the run unless `name` does.
        scenario: the resolved scenario as plain data.
        options: `device`, `threads`, `pace`.
        name: the folder's name.
        own: the SHA-256 of each file of the user's code that the scenario names.
        more: of a fork its `parent`; `turned`, what is to be turned at which step.

    Raises:
        RunError: the name is taken or unfit, or the folder can't be written.
    """
    facts = {
        "id": uuid.uuid4().hex,
        "source": source,
        "scenario": scenario,
        "options": options,
        "created": time.time(),
        "tuilab": tuilab.__version__,
        **({"own": dict(own)} if own else {}),
        **more,
    }
    with _written(root):
        run = Run(new_folder(root, source, name))
        try:
            control.create(run.path / "control")
            replace(run.path / "run.json", json.dumps(facts, indent=1).encode())
        except BaseException:
            run.discard()
            raise
    return run


def new_folder(root: Path, stem: str, name: str | None = None) -> Path:
    """Make a folder among the runs into which only its owner may look.

    Args:
        root: the folder of runs; made when missing.
        stem: names it, with the time, unless `name` does.
        name: the folder's name.

    Raises:
        RunError: the name is taken or unfit, or the folder can't be written.
    """
    if name is not None and _unfit(name):
        raise RunError(_UNFIT.format(name=name))
    wanted = name or f"{stem}-{time.strftime('%Y%m%d-%H%M%S')}"
    with _written(root):
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = root / wanted
        for attempt in range(2, 1_000):
            try:
                path.mkdir(mode=0o700)
                return path
            except FileExistsError:
                if name is not None:
                    raise RunError(
                        f"{root}: there is a run named {name!r} already; choose another --name"
                    ) from None
                path = root / f"{wanted}-{attempt}"
    raise RunError(f"{root}: there are too many runs named {wanted}; choose a --name")


def listing(root: Path) -> list[Run]:
    """The runs in a folder, newest first; an absent folder has none.

    Raises:
        RunError: the folder can't be listed.
    """
    found: list[tuple[float, Path]] = []
    try:
        for path in root.iterdir():
            with contextlib.suppress(OSError):  # no run, or gone by now: never in the way of the others
                found.append((-(path / "run.json").stat().st_mtime, path))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunError(f"{root}: can't list the runs there ({error.strerror})") from None
    return [Run(path) for _, path in sorted(found)]


def find(root: Path, name: str | None = None) -> Run:
    """A run by its name, its path or its scenario's name (the newest such); by none, the newest of all.

    Raises:
        RunError: there is none.
    """
    if name is not None:
        for path in (root / name, Path(name)):
            if (path / "run.json").is_file():
                return Run(path)
    for run in listing(root):
        with contextlib.suppress(RunError):
            if name is None or run.source == name:
                return run
    wanted = "are no runs" if name is None else f"is no run {name!r}"
    raise RunError(f"{root}: there {wanted} here; `tuilab runs` lists them, `tuilab run SCENARIO` makes one")


def rename(run: Run, name: str) -> Run:
    """Call a run something else, while nobody works on it.

    Raises:
        RunError: the name is taken or unfit, an engine is at work, or the folder can't be written.
    """
    if _unfit(name):
        raise RunError(_UNFIT.format(name=name))
    path = run.path.with_name(name)
    with _idle(run), _written(run.path.parent):
        if path.exists():
            raise RunError(f"{path.parent}: there is a run named {name!r} already; choose another")
        run.path.rename(path)
    return Run(path)


def delete(run: Run) -> list[Path]:
    """Remove a run on which nobody works.

    Returns:
        What lies in its folder that no engine made, and which therefore stays there.

    Raises:
        RunError: it is no run, an engine is at work on it, or it can't be removed.
    """
    identity = run.facts.get("id")  # or it is no run, and nothing of it ours
    for other in listing(run.path.parent):
        if identity is not None and _forked_from(other) == identity:
            raise RunError(
                f"{run.name}: {other.name} was forked from it and needs its past; delete that first"
            )
    with _idle(run), _written(run.path):
        for path in run.path.iterdir():
            if path.name == CHECKPOINTS and path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name in MADE or _RECORDING.fullmatch(path.name):
                path.unlink()
        if not (left := sorted(run.path.iterdir())):
            run.path.rmdir()
    return left


def _forked_from(run: Run) -> Any:
    try:
        about = run.facts.get("parent")
    except RunError:
        return None
    return about.get("run") if isinstance(about, dict) else None


@contextlib.contextmanager
def _idle(run: Run) -> Iterator[None]:
    try:
        lock = Lock.acquire(run.path / "lock")
    except OSError as error:
        raise RunError(f"{run.path}: can't lock the run there ({error.strerror})") from None
    if lock is None:
        raise RunError(f"{run.name}: its engine is at work; `tuilab stop {shlex.quote(run.name)}` ends it")
    with lock:
        yield


def _unfit(name: str) -> bool:
    """Whether a name is none for a folder here, or could not be typed again."""
    return (
        name in ("", ".", "..")
        or name.startswith("-")
        or "/" in name
        or not name.isprintable()
        or len(os.fsencode(name)) > 200
    )


@contextlib.contextmanager
def _written(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RunError(
            f"{root}: can't write runs there ({error.strerror}); choose another folder with --runs"
        ) from None
