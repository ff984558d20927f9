"""MLflow's file store: a folder a run, a file a metric, a line a figure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tuilab.exchange.importers.folders import walk
from tuilab.exchange.importers.lines import Lines
from tuilab.exchange.importers.tables import figure
from tuilab.exchange.items import Config, Damage, Item
from tuilab.exchange.names import arm_name
from tuilab.exchange.rows import Rows, whole


def recognised(folder: Path) -> bool:
    """Whether a folder is a run's."""
    try:
        return (folder / "metrics").is_dir() and "run_id:" in (folder / "meta.yaml").read_text(
            errors="replace"
        )
    except OSError:
        return False


class FileStore:
    """All runs below a folder, an arm each."""

    kind = "MLflow's file store"

    def __init__(self, path: Path) -> None:
        self._root = path
        self._arms: dict[Path, str] = {}
        self._files: dict[Path, Lines] = {}

    @property
    def done(self) -> int:
        """Bytes read so far."""
        return sum(lines.done for lines in self._files.values())

    def size(self) -> int:
        """Bytes there are now."""
        for _ in self._look():
            pass
        return sum(lines.size() for lines in self._files.values())

    def read(self) -> Iterator[Item]:
        """See `Log.read`."""
        list(self._look())
        for folder, arm in self._arms.items():
            params = {
                str(path.relative_to(folder / "params")): figure(path.read_text(errors="replace").strip())
                for path in walk(folder / "params")
            }
            if params:
                yield Config(arm, params)
        rows = Rows()
        for path, lines in self._files.items():
            for at, line in lines.read():
                yield from self._line(path, at, line, rows)
                yield from rows.full()
        yield from rows.flush()

    def rest(self) -> Iterator[Item]:
        """Last lines without an end."""
        for path, lines in self._files.items():
            if (last := lines.last()) is not None:
                yield Damage(path, last[0], len(last[1]), "the file ends within a line")

    def _look(self) -> Iterator[Path]:
        """The runs and metrics there are now."""
        for path in walk(self._root):
            folder = path.parent
            if path.name == "meta.yaml" and folder not in self._arms and recognised(folder):
                self._arms[folder] = self._named(folder)
        for folder in self._arms:
            for path in walk(folder / "metrics"):
                if path not in self._files:
                    self._files[path] = Lines(path)
                    yield path

    def _named(self, folder: Path) -> str:
        try:
            name = (folder / "tags" / "mlflow.runName").read_text(errors="replace").strip()
        except OSError:
            name = ""
        named = arm_name(name or folder.name[:8])
        return f"{named}-{folder.name[:8]}" if named in self._arms.values() else named

    def _line(self, path: Path, at: int, line: bytes, rows: Rows) -> Iterator[Item]:
        parts = line.decode(errors="replace").split()
        value = figure(parts[1]) if len(parts) > 1 else ""
        step = whole(parts[2]) if len(parts) > 2 else 0
        when = figure(parts[0]) if parts else ""
        if isinstance(value, str) or isinstance(when, str) or step is None:
            yield Damage(path, at, len(line), "no line of time, value and step")
            return
        folder = next(each for each in self._arms if path.is_relative_to(each))
        rows.add(
            self._arms[folder], step, path.relative_to(folder / "metrics").as_posix(), value, 0, when / 1000
        )
