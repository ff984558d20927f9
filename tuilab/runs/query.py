"""Which runs are meant: `lr>0.01 and accuracy>=0.8 and not state:failed`.

    query  = both {"or" both}
    both   = one {["and"] one}
    one    = "not" one | "(" query ")" | NAME op VALUE | NAME:TEXT | WORD
    op     = < <= > >= = !=

A WORD is looked for in the run's name, its scenario, title and state. A NAME is a fact (`name`, `scenario`,
`state`, `step`, `steps`), a figure (`accuracy`, `validation.loss`) or a setting (`lr`, `optimizer.lr`), by
its whole dotted name or its end; of several arms one is enough.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from typing import Any

from tuilab.runs.errors import RunError
from tuilab.runs.folder import Run
from tuilab.runs.summary import Summary

Test = Callable[[Run, Summary], bool]
"""Whether a run is meant."""
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
    ":": lambda value, text: str(text).lower() in str(value).lower(),
}
_TOKEN = re.compile(r"""\s*(?:([()])|"([^"]*)"|(<=|>=|!=|[<>=:])|([^\s()<>=!:"]+))""")
_DEEPEST = 50
"""Brackets within brackets."""


def query(text: str) -> Test:
    """The test that a query stands for; every run passes the empty one.

    Raises:
        RunError: it can't be read.
    """
    return _Reader(text).whole()


def values(run: Run, about: Summary, name: str) -> Iterator[Any]:
    """All that a run has by a name: facts, figures of its arms, settings of its scenario."""
    facts = {"name": run.name, "scenario": about.source, "state": str(about.state)}
    numbers = {"step": about.step, "steps": about.steps}
    if name in facts or name in numbers:
        yield {**facts, **numbers}[name]
        return
    for figures in about.figures.values():
        yield from (value for metric, value in figures.items() if _named(metric, name))
    try:
        yield from (value for setting, value in _settings(run.scenario) if _named(setting, name))
    except RunError:
        return  # it can't be read, and has no settings


class _Reader:
    def __init__(self, text: str) -> None:
        self._text, self._tokens = text, list(_tokens(text))
        self._depth = 0

    def whole(self) -> Test:
        if not self._tokens:
            return lambda run, about: True
        test = self._either()
        if self._tokens:
            raise self._wrong(f"{self._tokens[0][1]!r} has nothing before it to belong to")
        return test

    def _either(self) -> Test:
        tests = [self._both()]
        while self._takes("or"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda run, about: any(test(run, about) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._tokens and self._tokens[0] not in (("mark", ")"), ("word", "or")):
            self._takes("and")
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda run, about: all(test(run, about) for test in tests)

    def _one(self) -> Test:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._wrong("too many brackets")
        try:
            return self._deeper()
        finally:
            self._depth -= 1

    def _deeper(self) -> Test:
        if self._takes("not"):
            test = self._one()
            return lambda run, about: not test(run, about)
        if not self._tokens:
            raise self._wrong("something is missing at its end")
        kind, text = self._tokens.pop(0)
        if (kind, text) == ("mark", "("):
            test = self._either()
            if not self._tokens or self._tokens.pop(0) != ("mark", ")"):
                raise self._wrong("a bracket is not closed")
            return test
        if kind == "operator" or kind == "mark":
            raise self._wrong(f"{text!r} has nothing before it to belong to")
        if not self._tokens or self._tokens[0][0] != "operator":
            return _word(text)
        sign = self._tokens.pop(0)[1]
        if not self._tokens or self._tokens[0][0] not in ("word", "quoted"):
            raise self._wrong(f"{text}{sign} wants a value after it")
        return _comparison(text, sign, self._tokens.pop(0)[1])

    def _takes(self, word: str) -> bool:
        if self._tokens and self._tokens[0][0] == "word" and self._tokens[0][1].lower() == word:
            self._tokens.pop(0)
            return True
        return False

    def _wrong(self, why: str) -> RunError:
        return RunError(
            f"the query {self._text!r} can't be read: {why}; wanted something like "
            f"`lr>0.01 and accuracy>=0.8 and not state:failed`"
        )


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while found := _TOKEN.match(text, at):
        at = found.end()
        for kind, value in zip(("mark", "quoted", "operator", "word"), found.groups(), strict=True):
            if value is not None:
                yield kind, value
    if text[at:].strip():
        raise RunError(f"the query {text!r} can't be read from {text[at:].strip()!r} on")


def _word(word: str) -> Test:
    wanted = word.lower()
    return lambda run, about: wanted in f"{run.name}\n{about.source}\n{about.title}\n{about.state}".lower()


def _comparison(name: str, sign: str, wanted: str) -> Test:
    compare = _OPERATORS[sign]
    number = _number(wanted)

    def fits(value: Any) -> bool:
        if sign == ":":
            return compare(value, wanted)
        if number is not None and isinstance(value, int | float) and not isinstance(value, bool):
            return compare(value, number)
        return sign in ("=", "!=") and compare(str(value).lower(), wanted.lower())

    return lambda run, about: any(fits(value) for value in values(run, about, name))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _named(whole: str, name: str) -> bool:
    return whole == name or whole.endswith(f".{name}")


def _settings(table: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(table, dict):
        for key, value in table.items():
            yield from _settings(value, f"{path}.{key}" if path else str(key))
    elif isinstance(table, str | int | float | bool):
        yield path, table
