"""From a scenario's name or file, and the user's overrides, to a checked scenario."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tuilab.scenario.catalogue import find
from tuilab.scenario.errors import ScenarioError, shortened
from tuilab.scenario.kinds.base import MOST_ARMS, Scenario
from tuilab.scenario.parts.own import located
from tuilab.scenario.problems import Source, quoted, sentences
from tuilab.scenario.read import key_of, loads, parse, read_text, unfit
from tuilab.scenario.schema import KINDS

Table = dict[str, Any]

_PIECE = re.compile(r"""\s*(?:"([^"]+)"\s*|'([^']+)'\s*|([^.=\s][^.=]*))([.=])""")
"""One piece of an override's key, and what ends it; in quotes where the piece has a dot of its own."""
_MOST_PIECES = 16


def load(source: str | Path, overrides: Sequence[str] = ()) -> Scenario:
    """The checked scenario, every arm complete.

    Args:
        source: a name that `tuilab list` shows, or a path.
        overrides: `KEY=VALUE` each, KEY dotted (`arms.xavier.init.gain`; a name with a dot of its
            own in quotes: `arms."momentum .9".batch`), VALUE as in TOML or a bare word.

    Raises:
        ScenarioError: with all problems found, each one sentence with file, line and key.
    """
    path = find(source)
    text = read_text(path)
    raw = located(parse(text, path), path.parent)
    assignments = [_assignment(text) for text in overrides]
    kind = raw.get("kind")
    for keys, value, _ in assignments:
        if keys == ("kind",):
            kind = value
    model = KINDS.get(kind) if isinstance(kind, str) else None
    if model is None:
        found = "is missing" if kind is None else f"found {quoted(kind)}"
        raise ScenarioError(path, [f"kind: {found}; wanted {', '.join(KINDS)}"])
    changed = [
        ".".join(keys) for keys, value, _ in assignments if _matters(raw, keys) and _found(raw, keys) != value
    ]
    for keys, value, option in assignments:
        _assign(raw, keys, value, option)
    origin = Source(path, text, raw, {keys: option for keys, _, option in assignments})
    for place, problem in unfit(raw):
        raise ScenarioError(path, [": ".join([*filter(None, (origin.where(place), key_of(place))), problem])])
    if isinstance(arms := raw.get("arms"), dict) and len(arms) > MOST_ARMS:
        raise ScenarioError(path, [f"arms: there are {len(arms)}; a scenario has at most {MOST_ARMS}"])
    expanded = expand(raw, model.SETUP.model_fields)
    try:
        scenario = model.model_validate(expanded)
    except ValidationError as error:
        raise ScenarioError(path, sentences(error, model, expanded, origin)) from None
    for keys, value, option in assignments:
        _must_reach_an_arm(expanded, model.SETUP.model_fields, keys, value, option)
    own_promises = any(keys[0] == "expect" for keys, _, _ in assignments)
    return scenario if own_promises else scenario.model_copy(update={"changed": scenario.changed + changed})


def changed(resolved: Table, overrides: Sequence[str]) -> Scenario:
    """A resolved scenario, as a run keeps it, with overrides over it; one of the base is one of every arm.

    Raises:
        ScenarioError: with all problems found.
    """
    named = "the run's scenario"
    model = KINDS.get(str(resolved.get("kind")))
    if model is None:
        raise ScenarioError(named, [f"kind: found {quoted(resolved.get('kind'))}; wanted {', '.join(KINDS)}"])
    table = copy.deepcopy(resolved)
    assignments = [_assignment(text) for text in overrides]
    for keys, value, option in assignments:
        arms = table.get("arms", {})
        each = keys[0] in model.SETUP.model_fields
        having = [arm for arm in arms if _found(arms[arm], keys) is not None] or list(arms)
        for place in [("arms", arm, *keys) for arm in having] if each else [keys]:
            _assign(table, place, value, option)
    origin = Source(Path(named), "", table, {keys: option for keys, _, option in assignments})
    try:
        return model.model_validate(table)
    except ValidationError as error:
        raise ScenarioError(named, sentences(error, model, table, origin)) from None


def expand(raw: Table, setup_keys: Iterable[str]) -> Table:
    """The file with every arm laid over the base: setup keys leave the top level and complete each arm."""
    keys = set(setup_keys)
    base = {key: value for key, value in raw.items() if key in keys}
    arms = raw.get("arms", {"base": {}})
    expanded = {key: value for key, value in raw.items() if key not in keys}
    if isinstance(arms, dict):
        arms = {name: merge(base, arm) if isinstance(arm, dict) else arm for name, arm in arms.items()}
    return {**expanded, "arms": arms}


def merge(base: Table, patch: Table) -> Table:
    """`patch` over `base`, table by table; a table naming another part replaces the whole of the base's."""
    merged = copy.deepcopy(base)
    for key, value in patch.items():
        under = merged.get(key)
        same_part = (
            isinstance(under, dict)
            and isinstance(value, dict)
            and value.get("name", under.get("name")) == under.get("name")
        )
        merged[key] = merge(under, value) if same_part and isinstance(under, dict) else copy.deepcopy(value)
    return merged


def _assignment(option: str) -> tuple[tuple[str, ...], Any, str]:
    """`a.b=1` as (("a", "b"), 1, "a.b=1")."""
    keys: tuple[str, ...] = ()
    at, end = 0, "."
    named = f"-s {shortened(option, 100)}"
    while end == ".":
        piece = _PIECE.match(option, at)
        if piece is None or len(keys) == _MOST_PIECES:
            raise ScenarioError(named, ["wanted KEY=VALUE, such as -s optimizer.lr=0.1"])
        keys += (piece[1] or piece[2] or piece[3].strip(),)
        at, end = piece.end(), piece[4]
    text = option[at:]
    try:
        value = loads(f"value = {text}")["value"]
    except ValueError:
        value = text.strip()
    return keys, _located(keys, value), named


def _located(keys: tuple[str, ...], value: Any) -> Any:
    """The value of an override, own parts in it seen from the working folder."""
    if keys[-1] != "name":
        return located({keys[-1]: value}, Path())[keys[-1]]
    return located({keys[-2]: {"name": value}}, Path())[keys[-2]]["name"] if len(keys) > 1 else value


_FREE = {"seed", "pace", "probes", "panels", "predict", "title", "question", "chapter", "lecture", "notes"}
"""Keys that change what is seen, or the draw, and nothing that an expectation speaks of."""


def _matters(raw: Table, keys: tuple[str, ...]) -> bool:
    """Whether the file's expectations were written for what it has there: see `Scenario.holds_under`."""
    inside = keys[2:] if keys[0] == "arms" else keys
    free = raw.get("holds_under", [])
    ways = {".".join(inside[:n]) for n in range(1, len(inside) + 1)}
    return not ways & (_FREE | set(free if isinstance(free, list) else []))


def _found(raw: Table, keys: tuple[str, ...]) -> Any:
    """What the file has there; None for nothing."""
    found: Any = raw
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _assign(raw: Table, keys: tuple[str, ...], value: Any, option: str) -> None:
    """Set the value in the raw tables; the check that follows says whether the key means anything."""
    arms = raw.get("arms", {})
    if keys[0] == "arms" and (len(keys) < 3 or not isinstance(arms, dict) or keys[1] not in arms):
        raise ScenarioError(
            option, [f"wanted arms.NAME.KEY, NAME one of {', '.join(arms) or 'none: this file has no arms'}"]
        )
    table = raw
    for depth, key in enumerate(keys[:-1], 1):
        below = table.setdefault(key, {})
        if not isinstance(below, dict):
            raise ScenarioError(
                option,
                [f"{'.'.join(keys[:depth])} is {quoted(below)}, not a table, so it has no {keys[depth]}"],
            )
        table = below
    table[keys[-1]] = value


def _must_reach_an_arm(
    expanded: Table, setup_keys: Iterable[str], keys: tuple[str, ...], value: Any, option: str
) -> None:
    """An override of the base that every arm overrides again would silently do nothing."""
    if keys[0] not in set(setup_keys):
        return
    for arm in expanded["arms"].values():
        below: Any = arm
        for key in keys:
            below = below.get(key) if isinstance(below, dict) else None
        if below == value:
            return
    first = next(iter(expanded["arms"]))
    raise ScenarioError(
        option, [f"every arm sets its own {keys[0]}; say it of an arm, such as arms.{first}.{'.'.join(keys)}"]
    )
