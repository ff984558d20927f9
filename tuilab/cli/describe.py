"""`tuilab describe`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tuilab.cli.output import AsJson, heading, print_json


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
    print(heading(checked.title))
    print(checked.question)
    rows = ", ".join(checked.lecture) or "–"
    print(f"\nkind {checked.kind}, chapter {checked.chapter!r}, rows {rows}, {find(scenario)}")
    if checked.notes:
        print(f"\n{checked.notes.strip()}")
    print(f"\n{heading('Arms')}")
    for name, arm in checked.setups.items():
        print(f"  {name}: {_settings(arm.model_dump(exclude_none=True, exclude_defaults=True))}")
    print(f"\n{heading('Panels')}")
    for panel in checked.shown_panels:
        print(f"  {panel['type']}: {panel.get('title') or '–'}")
    if checked.predict:
        print(f"\n{heading('Predict')}")
        for question in checked.predict:
            print(f"  {question.ask} {' / '.join(question.choices)}")
    if checked.expect:
        print(f"\n{heading('Expectations')}")
        for expectation in checked.expect:
            claims = _settings(
                expectation.model_dump(exclude_none=True, exclude_defaults=True, exclude={"because"})
            )
            print(f"  {claims}" + (f"  ({expectation.because})" if expectation.because else ""))


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
