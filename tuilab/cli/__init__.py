"""The command line: a command a file, each importing what it needs when it runs."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from types import FrameType
from typing import TextIO, cast

from tuilab.terminal import Lasting

_NO_READER = (errno.EPIPE, errno.EIO)
"""What a write fails with once nobody reads it any more: a closed pipe, a vanished terminal."""


def main() -> None:
    """The console script: runs the command and ends with its exit code.

    What the project itself raises, and what the system says of a file, is a sentence for the user and exit
    code 2. Ctrl-C, SIGTERM and a lost connection end with 128 and the signal's number.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup wants it
            signal.signal(number, _leave)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started this
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115, PTH123
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    sys.stderr = cast(TextIO, Lasting(sys.stderr))
    code: object
    try:
        code = _run()
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    except SystemExit as leaving:
        code = leaving.code
    except OSError as error:
        if error.errno not in _NO_READER:
            raise
        code = 1
    _let_go()
    sys.exit(code)


asked: list[int] = []
"""The signals that asked to end."""


def _leave(number: int, frame: FrameType | None) -> None:
    """End as a command that came to its end would: what is open is closed, the terminal is given back."""
    asked.append(number)
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(128 + number)


def _run() -> int:
    """The command's exit code; everything is printed when it returns.

    Raises:
        OSError: nobody reads the output any more.
    """
    try:
        if len(sys.argv) == 1 and os.isatty(0) and os.isatty(1):
            # Before typer is imported: the lab's first paint does not wait for it.
            from tuilab.tui import open_library

            open_library()
            return 0
        code = _command()
        sys.stdout.flush()
        return code
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _NO_READER:
            raise
        if asked:  # some libraries make an error of their own of being interrupted
            return 128 + asked[0]
        from tuilab.cli.output import say_lines

        if sentence := _sentence(error):
            say_lines(sentence, error=True)
            return 2
        import traceback

        say_lines(traceback.format_exc().rstrip(), error=True)
        return 1


def _command() -> int:
    """Run the command; typer's own sentences quote what was typed, so they go the way of all text."""
    from typer import TyperException

    from tuilab.cli.app import app
    from tuilab.cli.output import say_lines

    try:
        return app(standalone_mode=False) or 0
    except TyperException as error:
        message = error.format_message()
        command = getattr(getattr(error, "ctx", None), "command_path", "tuilab")
        hint = "" if "--help" in message else f"\n`{command} --help` tells what it takes"
        say_lines(message + hint, error=True)
        return error.exit_code


def _sentence(error: Exception) -> str:
    """What went wrong as a sentence for the user; nothing where only a programmer can make sense of it."""
    if is_own(error):
        return str(error)
    if isinstance(error, RecursionError):
        return "what was read is nested too deeply"
    if isinstance(error, MemoryError):
        return "there is not enough memory for this"
    if isinstance(error, OSError) and error.strerror:
        return ": ".join(str(part) for part in (error.filename, error.strerror) if part is not None)
    return ""


def _let_go() -> None:
    """Whoever read our output may have left, and Python must not complain about it at exit."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def is_own(error: Exception) -> bool:
    """Whether the project itself raised it, so that its text is a sentence for the user."""
    return type(error).__module__.startswith("tuilab.")
