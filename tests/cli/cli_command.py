"""A command of the command line, run in the tests' own process."""

from __future__ import annotations

import io
import os
import signal
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import NamedTuple

import pytest

from tuilab.cli import main


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


def tuilab(*words: str) -> Done:
    """The command in this process, which saves the import of torch."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["tuilab", *words])
        patch.setattr(os, "isatty", lambda stream: False)
        with pytest.raises(SystemExit) as left:
            main()
    for number, handler in before.items():
        signal.signal(number, handler)
    texts = [stream.buffer.getvalue().decode() for stream in (out, err)]  # type: ignore[attr-defined]
    return Done(int(left.value.code or 0), *texts)
