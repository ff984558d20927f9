"""`tuilab new`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tuilab.cli.output import AsJson, print_json, say, typed


class NewError(Exception):
    """A scenario file that can't be made: one clear sentence."""


def new(
    name: Annotated[str, typer.Argument(help="The new scenario's name; the file is ./NAME.toml.")],
    source: Annotated[
        str, typer.Option("--from", metavar="SCENARIO", help="The scenario to copy.")
    ] = "deep-tanh-init",
    as_json: AsJson = False,
) -> None:
    """Copy a scenario to ./NAME.toml to be edited.

    The library then lists it.
    """
    from tuilab.scenario.catalogue import find
    from tuilab.scenario.read import read_text

    target = Path(f"{name.removesuffix('.toml')}.toml")
    if not target.stem or target.parent != Path():
        raise NewError(f"{name!r} can't name a scenario: wanted a file name without slashes")
    text = read_text(find(source))
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise NewError(f"{target}: there is such a file already; choose another name") from None
    except OSError as error:
        raise NewError(f"{target}: can't be written ({error.strerror})") from None
    if as_json:
        print_json({"path": str(target), "from": source})
    else:
        say(f"{target} is a copy of {source}: edit it, then `{typed('run', target.stem)}`")
