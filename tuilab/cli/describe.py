"""`tuilab describe`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from tuilab.cli.output import AsJson, heading, print_json, say, say_lines


def describe(
    scenario: Annotated[
        str, typer.Argument(help="A name that `tuilab list` shows, or a path to a TOML file.")
    ],
    as_json: AsJson = False,
) -> None:
    """One scenario in full."""
    from tuilab.scenario.catalogue import find
    from tuilab.scenario.load import load

    checked = load(scenario)
    if as_json:
        print_json(checked.model_dump(mode="json") | {"path": str(find(scenario))})
        return
    say(heading(checked.title))
    say(checked.question)
    rows = ", ".join(checked.lecture) or "–"
    say()
    say(f"kind {checked.kind}, chapter {checked.chapter!r}, rows {rows}, {find(scenario)}")
    if checked.notes:
        say()
        say_lines(checked.notes.strip())
    _section("Arms")
    # What one arm sets is told of all: the others' defaults are what it differs from.
    told = {
        path
        for arm in checked.setups.values()
        for path in _paths(arm.model_dump(exclude_none=True, exclude_defaults=True))
    }
    for name, arm in checked.setups.items():
        say(f"  {name}: {_settings(_only(arm.model_dump(exclude_none=True), told))}")
    _section("Panels")
    for panel in checked.shown_panels:
        say(f"  {panel['type']}: {panel.get('title') or '–'}")
    if checked.predict:
        _section("Predict")
        for question in checked.predict:
            say(f"  {question.ask} {' / '.join(question.choices)}")
    if checked.expect:
        _section("Expectations")
        for expectation in checked.expect:
            claims = _settings(
                expectation.model_dump(exclude_none=True, exclude_defaults=True, exclude={"because"})
            )
            say(f"  {claims}" + (f"  ({expectation.because})" if expectation.because else ""))


def _section(title: str) -> None:
    say()
    say(heading(title))


def _paths(table: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The keys of a table and of the tables in it."""
    for key, value in table.items():
        yield (*above, key)
        if isinstance(value, dict):
            yield from _paths(value, (*above, key))


def _only(table: dict[str, Any], told: set[tuple[str, ...]], above: tuple[str, ...] = ()) -> dict[str, Any]:
    """What of a table is told, at any depth; parts keep their names."""
    return {
        key: _only(value, told, (*above, key)) if isinstance(value, dict) else value
        for key, value in table.items()
        if (*above, key) in told or (above and key == "name")
    }


def _settings(table: dict[str, Any]) -> str:
    """`lr 0.1, momentum 0.9`; nested tables in brackets after their name."""
    return ", ".join(
        f"{key} {table_name(value)}" if isinstance(value, dict) else f"{key} {value}"
        for key, value in table.items()
    )


def table_name(table: dict[str, Any]) -> str:
    """A part by its name and its own settings."""
    rest = _settings({key: value for key, value in table.items() if key != "name"})
    name = str(table.get("name", ""))
    return f"{name} ({rest})".strip() if rest else name
