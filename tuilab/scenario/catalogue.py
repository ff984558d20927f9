"""Which scenarios there are: the shipped ones, those in `$TUILAB_SCENARIOS` and the working folder's.

Light on purpose (`tuilab list` and the library's first paint come through here): files are parsed,
not checked.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tuilab.scenario.errors import ScenarioError, shortened
from tuilab.scenario.read import parse, read_text

KINDS = ("functions", "data", "normalization", "propagation", "descent", "slice", "costs", "training")
"""The kinds of experiment, as `tuilab.scenario.schema.KINDS` has them."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a scenario asks to predict; the answer stays in the file."""

    ask: str
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One scenario file at a glance; `error` says why it can't be used, None when it parsed."""

    name: str
    path: Path
    origin: str
    """`shipped`, `$TUILAB_SCENARIOS` or `working folder`."""
    kind: str = ""
    title: str = ""
    question: str = ""
    chapter: str = "Your scenarios"
    lecture: tuple[str, ...] = ()
    notes: str = ""
    error: str | None = None

    @property
    def predict(self) -> tuple[Question, ...]:
        """What it asks beforehand; reads the file."""
        try:
            return _questions(parse(read_text(self.path), self.path).get("predict"))
        except ScenarioError:
            return ()


def shipped_folder() -> Path:
    """Where the shipped scenarios lie: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent.parent
    inside = package / "scenarios"
    return inside if inside.is_dir() else package.parent / "scenarios"


def entries() -> list[Entry]:
    """Every scenario, in the order of chapters; of two with one name the nearer to the user is kept."""
    found: dict[str, Entry] = {}
    for path, origin in _files():
        entry = _entry(path, origin)
        if entry is not None:
            found[entry.name] = entry
    return sorted(found.values(), key=_place)


def find(source: str | Path) -> Path:
    """The file of a scenario given as its name or as a path.

    Raises:
        ScenarioError: neither; suggests the nearest names.
    """
    text = str(source)
    if text.endswith(".toml") or os.sep in text:
        return Path(source)
    known = {path.stem: path for path, _ in _files()}
    if text in known:
        return known[text]
    if Path(text).exists():
        return Path(text)
    near = difflib.get_close_matches(text, known, n=2, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(sorted(known))}"
    raise ScenarioError(text, [f"there is no scenario of that name; {hint}"])


def _files() -> Iterator[tuple[Path, str]]:
    """All candidate files, the shipped first and the working folder's last."""
    folders = [(shipped_folder(), "shipped")]
    folders += [
        (Path(f), "$TUILAB_SCENARIOS") for f in os.environ.get("TUILAB_SCENARIOS", "").split(os.pathsep) if f
    ]
    folders.append((Path(), "working folder"))
    for folder, origin in folders:
        try:
            paths = sorted(folder.rglob("*.toml") if origin == "shipped" else folder.glob("*.toml"))
        except OSError:
            continue
        for path in paths:
            if origin != "working folder" or _looks_like_one(path):
                yield path, origin


def _looks_like_one(path: Path) -> bool:
    """Whether a TOML file of the working folder means to be a scenario: it sets `kind` before any table."""
    try:
        if not path.is_file():  # opening a pipe would wait for whoever writes into it
            return False
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError:
        return False
    return re.search(rb"^kind\s*=", start.split(b"\n[")[0], re.MULTILINE) is not None


def _entry(path: Path, origin: str) -> Entry | None:
    try:
        text = read_text(path)
        # Of the shipped files, which tests check, only what comes before the first table: a third of the time
        raw = parse(_head(text) if origin == "shipped" else text, path)
    except ScenarioError as error:
        return Entry(path.stem, path, origin, title=path.stem, error=str(error))
    words = {key: str(raw.get(key, "")) for key in ("kind", "title", "question", "notes")}
    lecture = raw.get("lecture", [])
    return Entry(
        path.stem,
        path,
        origin,
        **words,
        chapter=str(raw.get("chapter", "Your scenarios")),
        lecture=tuple(str(row) for row in lecture) if isinstance(lecture, list) else (),
        error=None
        if words["kind"] in KINDS
        else f"{path}: kind: found {shortened(words['kind'])!r}; wanted {', '.join(KINDS)}",
    )


def _head(text: str) -> str:
    """The text before the first table: before the first line with a bracket outside of long strings."""
    place = text.find("\n[")
    while place >= 0 and text.count('"""', 0, place) % 2:
        place = text.find("\n[", place + 1)
    return text if place < 0 else text[: place + 1]


def _questions(raw: object) -> tuple[Question, ...]:
    """The well-formed ones; the check before a run speaks of the others."""
    return tuple(
        Question(str(table["ask"]), tuple(str(choice) for choice in table["choices"]))
        for table in (raw if isinstance(raw, list) else [])
        if isinstance(table, dict) and "ask" in table and isinstance(table.get("choices"), list)
    )


def _place(entry: Entry) -> tuple[list[int], str, list[int], str]:
    return _numbers(entry.chapter), entry.chapter, _numbers("".join(entry.lecture[:1])), entry.name


def _numbers(text: str) -> list[int]:
    """The numbers that a chapter or row begins with, so that 6.10 comes after 6.9; late without any."""
    match = re.match(r"[\d.]+", text)
    return [int(number) for number in match[0][:20].split(".") if number] if match else [1_000]
