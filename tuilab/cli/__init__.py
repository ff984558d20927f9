"""The command line: a command a file, each importing what it needs when it runs."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """The console script: what the project itself raises is a sentence for the user, and exit code 2."""
    try:
        if len(sys.argv) == 1 and sys.stdin.isatty() and sys.stdout.isatty():
            # Before typer is imported: the lab's first paint does not wait for it.
            from tuilab.tui import open_library

            open_library()
        else:
            from tuilab.cli.app import app

            app()
    except BrokenPipeError:
        # Whoever read our output has left (`tuilab list | head`); Python must not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if not is_own(error):
            raise
        print(error, file=sys.stderr)
        sys.exit(2)


def is_own(error: Exception) -> bool:
    """Whether the project itself raised it, so that its text is a sentence for the user."""
    return type(error).__module__.startswith("tuilab.")
