"""The commands, put together."""

from __future__ import annotations

from typing import Annotated

import typer

from tuilab import __version__
from tuilab.cli import (
    check,
    compare,
    data,
    describe,
    diagnose,
    exercise,
    export,
    fork,
    import_,
    inspect,
    listing,
    new,
    replay,
    resume,
    run,
    runs,
    schema,
    show,
    steer,
    stop,
    sweep,
    watch,
    watch_script,
)
from tuilab.cli.output import say, say_lines

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
    trust: Annotated[
        bool, typer.Option("--trust", help="Without a command: the lab runs own parts (FILE.py:NAME).")
    ] = False,
) -> None:
    """Without a command, tuilab opens the lab; without a terminal, it prints this help."""
    if version:
        say(f"tuilab {__version__}")
        raise typer.Exit
    if trust and context.invoked_subcommand is None:
        from tuilab.tui import open_library

        open_library(trust)
    elif trust:
        command = context.invoked_subcommand
        raise typer.BadParameter(f"--trust before a command is the lab's: tuilab {command} … --trust")
    elif context.invoked_subcommand is None:
        say_lines(context.get_help())


app.command("list")(listing.list_scenarios)
app.command("describe")(describe.describe)
app.command("run")(run.run)
app.command("watch")(watch.watch)
app.command(
    "watch-script",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)(watch_script.watch_script)
app.command("replay")(replay.replay)
app.command("runs")(runs.list_runs)
app.command("rename")(runs.rename)
app.command("delete")(runs.delete)
app.command("inspect")(inspect.inspect)
app.command("import")(import_.import_)
app.command("export")(export.export)
app.command("check")(check.check)
app.command("compare")(compare.compare)
app.command("sweep")(sweep.sweep)
app.command("diagnose")(diagnose.diagnose)
app.command("explain")(diagnose.explain)
app.command("exercise")(exercise.exercise)
app.command("set")(steer.set_)
app.command("pause")(steer.pause)
app.command("continue")(steer.continue_)
app.command("step")(steer.step)
app.command("stop")(stop.stop)
app.command("resume")(resume.resume)
app.command("fork")(fork.fork)
app.command("rerun")(fork.rerun)
app.command("new")(new.new)
app.command("schema")(schema.schema)
app.add_typer(data.app, name="data")
app.add_typer(show.app, name="show")
