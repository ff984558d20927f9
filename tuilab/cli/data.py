"""`tuilab data`: the data sets on this machine."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from tuilab.cli.output import AsJson, print_json, print_table, say

app = typer.Typer(help="Fetch data sets and see where they lie.", rich_markup_mode=None, no_args_is_help=True)


@app.command("list")
def list_data(as_json: AsJson = False) -> None:
    """What is there, what is missing and how to get it, and how a scenario names it."""
    from tuilab.data import folder
    from tuilab.data.inventory import inventory

    found = inventory()
    if as_json:
        print_json({"folder": str(folder()), "data": [asdict(holding) for holding in found]})
        return
    rows = [(holding.name, holding.state, holding.says, holding.data) for holding in found]
    print_table(rows, ("name", "state", "what", "in a scenario: data ="))
    say()
    say(f"They lie in {folder()} ($TUILAB_DATA moves it). `tuilab run NAME -s 'data=…'` trains on one.")
    for holding in found:
        if holding.problem:
            say(f"{holding.name}: {holding.problem}")


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="The data set: cifar10, cifar100, mnist or fashion-mnist.")],
    source: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE_OR_FOLDER", help="Take it from here instead of the network."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Get a data set: resumable, verified, with progress."""
    from tuilab.cli.progress import ByteProgress
    from tuilab.data import SOURCES, DataError, fetch

    if name not in SOURCES:
        raise DataError(
            f"{name!r} is no data set to fetch; there are {', '.join(SOURCES)} (shapes10 is built in)"
        )
    wanted = SOURCES[name]
    with ByteProgress() as progress:
        fetched = fetch(wanted, source, progress.update)
    if as_json:
        print_json({"data": name, "path": str(fetched.path), "official": fetched.official})
        return
    how = "" if name == "cifar10" else f" -s 'data={wanted.data}'"
    say(f"{wanted.title} lies in {fetched.path}; `tuilab run cifar10{how}` trains on it")
    if not fetched.official:
        say("It came from a folder, so its official checksum was not checked; counts and sizes are right.")
