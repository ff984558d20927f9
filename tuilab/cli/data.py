"""`tuilab data`: the data sets on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tuilab.cli.output import AsJson, print_json

app = typer.Typer(help="Fetch data sets and see where they lie.", rich_markup_mode=None, no_args_is_help=True)


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="The data set: cifar10.")],
    source: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE_OR_FOLDER", help="Take it from here instead of the network."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Get a data set: resumable, verified, with progress."""
    from tuilab.cli.progress import ByteProgress
    from tuilab.data import DataError, fetch_cifar10

    if name != "cifar10":
        raise DataError(f"{name!r} is no data set to fetch; there is cifar10 (shapes10 is built in)")
    with ByteProgress() as progress:
        fetched = fetch_cifar10(source, progress.update)
    if as_json:
        print_json({"data": name, "path": str(fetched.path), "official": fetched.official})
        return
    print(f"CIFAR-10 lies in {fetched.path}; `tuilab run cifar10` trains on it")
    if not fetched.official:
        print("It came from a folder, so its official checksum was not checked; counts and sizes are right.")
