"""Tables with a step column: CSV (Lightning's CSVLogger, Keras', anybody's) and JSON lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tuilab.exchange.importers.lines import Lines
from tuilab.exchange.items import Config, Damage, Item, Note
from tuilab.exchange.names import arm_name
from tuilab.exchange.rows import Rows, whole

STEPS = ("step", "_step", "global_step", "steps", "iteration", "iter", "batch", "epoch")
"""Columns that count the steps, the first that is there; in any case."""

ARMS = ("arm", "run", "run_name", "experiment")
"""Columns that name an arm."""

_HEAD = 1 << 16
Row = dict[str, Any]


def recognised(path: Path) -> str:
    """`csv`, `jsonl`, or nothing for a file that is no table with a column of steps."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return ""
    line = head.split(b"\n", 1)[0].strip()
    if b"\0" in head or not line:
        return ""
    if line.startswith(b"{"):
        row = _object(line)
        return "jsonl" if row is not None and step_column(list(row)) else ""
    try:
        columns = split(line.decode("utf-8-sig"))
    except (UnicodeDecodeError, csv.Error):
        return ""
    return "csv" if len(columns) > 1 and step_column(columns) else ""


def step_column(columns: list[str]) -> str | None:
    """The column that counts the steps."""
    return _first(columns, STEPS)


def _first(columns: list[str], wanted: tuple[str, ...]) -> str | None:
    return next((column for name in wanted for column in columns if column.strip().lower() == name), None)


def split(line: str) -> list[str]:
    """The fields of a line of CSV, by comma, semicolon or tab."""
    mark = max(",;\t", key=line.count)
    return next(csv.reader([line], delimiter=mark, strict=True), [])


def _object(line: bytes) -> Row | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


class Table:
    """One file; a row that can't be read is damage and the next one is taken."""

    def __init__(self, path: Path, arm: str) -> None:
        self._lines = Lines(path)
        self._arm = arm
        self._columns: list[str] = []
        self._parse: Callable[[bytes], Row]
        if recognised(path) == "jsonl":
            self.kind, self._parse = "JSON lines", self._json
        else:
            self.kind, self._parse = "CSV", self._csv
        self._configured = False

    @property
    def done(self) -> int:
        """Bytes read so far."""
        return self._lines.done

    def size(self) -> int:
        """Bytes there are now."""
        return self._lines.size()

    def read(self) -> Iterator[Item]:
        """See `Log.read`."""
        if not self._configured:
            self._configured = True
            yield from settings_beside(self._lines.path, self._arm)
        rows = Rows()
        for at, line in self._lines.read():
            yield from self._line(at, line, rows)
            yield from rows.full()
        yield from rows.flush()

    def rest(self) -> Iterator[Item]:
        """A last line without an end is taken if it is one, as many programs write none."""
        last = self._lines.last()
        if last is not None:
            rows = Rows()
            yield from self._line(*last, rows, "the file ends within a line")
            yield from rows.flush()

    def _line(self, at: int, line: bytes, rows: Rows, why: str = "") -> Iterator[Item]:
        if not line.strip():
            return
        try:
            row = self._parse(line)
            if not row:
                return
            step_name = step_column(list(row))
            step = whole(row[step_name]) if step_name else None
            if step is None:
                raise ValueError("a row without a step")
        except (ValueError, csv.Error, RecursionError) as error:
            said = (
                str(error) if not isinstance(error, UnicodeDecodeError | RecursionError) else "it is no text"
            )
            yield Damage(self._lines.path, at, len(line), f"{why}: {said}" if why else said)
            return
        arm_column = _first(list(row), ARMS)
        named = row.get(arm_column) if arm_column else None
        arm = arm_name(named) if isinstance(named, str) and named else self._arm
        if isinstance(happened := row.get("event"), str):  # as our own export writes it
            data = row.get("data")
            whose = arm if named else None
            yield Note(whose, step, happened, data if isinstance(data, dict) else {})
            return
        yield from rows.row(arm, step, {key: value for key, value in row.items() if key != step_name})

    def _json(self, line: bytes) -> Row:
        row = _object(line)
        if row is None:
            raise ValueError("it is no JSON object")
        return row

    def _csv(self, line: bytes) -> Row:
        cells = split(line.decode("utf-8-sig"))
        if not self._columns:
            self._columns = cells
            return {}
        if len(cells) != len(self._columns):
            raise ValueError(f"{len(cells)} fields for {len(self._columns)} columns")
        row: Row = {}
        arm_column = _first(self._columns, ARMS)
        for column, cell in zip(self._columns, cells, strict=True):
            if column == arm_column:
                row[column] = cell
            elif cell.strip():
                row[column] = figure(cell)
        return row


def figure(cell: str) -> float | str:
    """A cell as a number if it is one."""
    try:
        return float(cell)
    except ValueError:
        return cell


def settings_beside(path: Path, arm: str) -> Iterator[Config]:
    """Lightning's hparams.yaml beside a log: its flat `key: value` lines, the rest left out."""
    beside = path.parent / "hparams.yaml"
    try:
        text = beside.read_text(errors="replace")
    except OSError:
        return
    found: dict[str, Any] = {}
    for line in text.splitlines()[:1000]:
        key, colon, value = line.partition(": ")
        if colon and key and not key.startswith((" ", "-", "#")):
            plain = figure(value.strip())
            found[key] = plain.strip("'\"") if isinstance(plain, str) else plain
    if found:
        yield Config(arm, found)
