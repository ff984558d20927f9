"""The command line: a command a file, each importing what it needs when it runs."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from tuilab import __version__
from tuilab.cli import check, data, describe, inspect, listing, new, replay, run, runs, schema, stop, watch

app = typer.Typer(
    name="tuilab",
    help="A training lab for the terminal: see why a network does not train.",
    epilog="Without a command, tuilab opens the lab itself.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


@app.callback(invoke_without_command=True)
def lab(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", is_eager=True)
    ] = False,
) -> None:
    """Open the lab; without a terminal, print this help."""
    if version:
        print(f"tuilab {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            print(context.get_help())
            raise typer.Exit
        from tuilab.tui import open_library

        open_library()


app.command("list")(listing.list_scenarios)
app.command("describe")(describe.describe)
app.command("run")(run.run)
app.command("watch")(watch.watch)
app.command("replay")(replay.replay)
app.command("runs")(runs.list_runs)
app.command("inspect")(inspect.inspect)
app.command("check")(check.check)
app.command("stop")(stop.stop)
app.command("new")(new.new)
app.command("schema")(schema.schema)
app.add_typer(data.app, name="data")


def main() -> None:
    """The console script: what the project itself raises is a sentence for the user, and exit code 2."""
    try:
        app()
    except BrokenPipeError:
        # Whoever read our output has left (`tuilab list | head`); Python must not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if not type(error).__module__.startswith("tuilab."):
            raise
        print(error, file=sys.stderr)
        sys.exit(2)
