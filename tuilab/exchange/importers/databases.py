"""SQLite databases, opened read-only: trackio's and MLflow's."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from tuilab.exchange.errors import ExchangeError
from tuilab.exchange.items import Config, Damage, Item
from tuilab.exchange.names import arm_name
from tuilab.exchange.rows import Rows, number, whole

MAGIC = b"SQLite format 3\0"
_LARGEST = 1.7976931348623157e308
_SKIPS = 40
"""How often a distance to skip is doubled before the rest is given up."""

_TRACKIO = "SELECT id, run_name, {run}, step, timestamp, metrics FROM metrics WHERE id > ? ORDER BY id"
_MLFLOW = (
    "SELECT rowid, run_uuid, key, step, timestamp, value, is_nan FROM metrics WHERE rowid > ? ORDER BY rowid"
)


def recognised(path: Path) -> str:
    """`trackio`, `mlflow`, or nothing for any other file."""
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                return ""
        with _opened(path) as database:
            columns = _columns(database, "metrics")
    except (OSError, sqlite3.Error, ExchangeError):
        return ""
    if {"run_name", "step", "metrics"} <= columns:
        return "trackio"
    return "mlflow" if {"run_uuid", "key", "value", "step"} <= columns else ""


def _opened(path: Path) -> _Closing:
    return _Closing(path)


class _Closing:
    """A read-only connection for a `with`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> sqlite3.Connection:
        uri = self._path.absolute().as_uri()
        try:
            self._database = sqlite3.connect(f"{uri}?mode=ro", uri=True)
            self._database.execute("SELECT 1 FROM sqlite_master").fetchone()
        except sqlite3.OperationalError:  # a write-ahead log in a folder that can't be written to
            self._database = sqlite3.connect(f"{uri}?mode=ro&immutable=1", uri=True)
        self._database.text_factory = lambda data: data.decode(errors="replace")
        return self._database

    def __exit__(self, *what: object) -> None:
        self._database.close()


def _columns(database: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in database.execute(f"PRAGMA table_info({table})")}


class Database:
    """The runs of a database, an arm each."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._trackio = recognised(path) == "trackio"
        self.kind = "trackio's database" if self._trackio else "MLflow's database"
        self.done = 0
        self._last = 0
        self._parts: dict[str, list[str]] = {}
        self._arms: dict[str, str] = {}
        self._said: set[tuple[str, str]] = set()

    def size(self) -> int:
        """Bytes there are now."""
        return self._path.stat().st_size

    def read(self) -> Iterator[Item]:
        """See `Log.read`."""
        rows = Rows()
        try:
            with _opened(self._path) as database:
                query, take = (_TRACKIO, self._trackio_row) if self._trackio else (_MLFLOW, self._mlflow_row)
                if self._trackio:
                    run = "run_id" if "run_id" in _columns(database, "metrics") else "run_name"
                    query = query.format(run=run)
                for facts in (self._configs(database), self._read(database, query, take, rows)):
                    yield from facts
        except sqlite3.Error as error:
            raise ExchangeError(f"{self._path}: can't be read ({error})") from None
        yield from rows.flush()
        self.done = self.size()

    def rest(self) -> Iterator[Item]:
        """Nothing: a database has no unfinished rows."""
        return iter(())

    def _read(self, database: sqlite3.Connection, query: str, take: Any, rows: Rows) -> Iterator[Item]:
        """Row after row; behind a damaged page it goes on where rows can be read again."""
        skip = 0
        while True:
            begun = self._last
            try:
                for row in database.execute(query, (self._last + skip,)):
                    if skip:
                        lost = f"rows {self._last + 1} to {row[0] - 1} are damaged"
                        yield Damage(self._path, 0, 0, lost)
                        skip = 0
                    self._last = row[0]
                    yield from take(row, rows)
                    yield from rows.full()
                if skip:
                    yield Damage(self._path, 0, 0, f"rows from {self._last + 1} on are damaged")
                return
            except sqlite3.DatabaseError as error:
                if self._last > begun:
                    skip = 0
                skip = max(2 * skip, 1)
                if skip > 1 << _SKIPS:
                    yield Damage(self._path, 0, 0, f"rows from {self._last + 1} on are damaged ({error})")
                    return

    def _trackio_row(self, row: Any, rows: Rows) -> Iterator[Item]:
        number_, run, id_, step, when, metrics = row
        arm = self._arms.setdefault(str(run), arm_name(str(run)))
        starts = self._parts.setdefault(arm, [])
        if id_ not in starts:
            starts.append(id_)
        values, at = _object(metrics), whole(step)
        if values is None or at is None:
            yield Damage(self._path, 0, 0, f"row {number_} of metrics makes no sense")
            return
        yield from rows.row(arm, at, values, starts.index(id_), _seconds(when))

    def _mlflow_row(self, row: Any, rows: Rows) -> Iterator[Item]:
        number_, run, key, step, when, value, is_nan = row
        arm = self._arms.get(run) or self._arms.setdefault(run, arm_name(str(run)[:8]))
        at, found = whole(step), float("nan") if is_nan else number(value)
        if at is None or found is None:
            yield Damage(self._path, 0, 0, f"row {number_} of metrics makes no sense")
            return
        if abs(found) >= _LARGEST:  # how its databases hold infinities
            found = float("inf") if found > 0 else float("-inf")
        rows.add(arm, at, str(key), found, 0, (number(when) or 0.0) / 1000)

    def _configs(self, database: sqlite3.Connection) -> Iterator[Item]:
        found: dict[str, dict[str, Any]] = {}
        if self._trackio:
            if {"run_name", "config"} <= _columns(database, "configs"):
                for run, config in database.execute("SELECT run_name, config FROM configs ORDER BY id"):
                    values = _object(config) or {}
                    found[arm_name(str(run))] = {k: v for k, v in values.items() if not k.startswith("_")}
        else:
            for run, name in database.execute("SELECT run_uuid, name FROM runs"):
                named = arm_name(str(name or run[:8]))
                taken = named in self._arms.values() and self._arms.get(run) != named
                self._arms[run] = f"{named}-{run[:8]}" if taken else named
            for run, key, value in database.execute("SELECT run_uuid, key, value FROM params"):
                found.setdefault(self._arms.get(run, str(run)), {})[str(key)] = value
        for arm, values in found.items():
            if values and (arm, str(values)) not in self._said:
                self._said.add((arm, str(values)))
                yield Config(arm, values)


def _object(text: Any) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _seconds(when: Any) -> float:
    try:
        return datetime.fromisoformat(str(when)).timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0
