"""Commands run one after the other in a process of their own, and what was wrong with how they answered."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import resource
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

SECONDS = 5.0
"""Processor time that an answer may take."""
PATIENCE = 60.0
"""Time that it may take by the clock, on a machine that is busy otherwise."""
MEMORY = 200 * 2**20
PER_BYTE = 10
"""Memory that a command may take: so many bytes, and so many more for each byte of the file."""

_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Hang(BaseException):
    """The time is over."""


@dataclass(frozen=True)
class Case:
    """One hostile input and the command that meets it, to be run in `folder`."""

    kind: str
    arguments: tuple[str, ...]
    folder: Path
    size: int


def judge(case: Case) -> str:
    """What was wrong with how the command line answered; empty when nothing was."""
    out, err = io.StringIO(), io.StringIO()
    before, began = _peak(), time.monotonic()
    problem, code = "", 0
    try:
        with _within(SECONDS), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = _run(case.arguments)
    except Hang:
        problem = f"no answer within {SECONDS:g} s"
    except BaseException:
        problem = "traceback: " + " | ".join(traceback.format_exc().strip().splitlines()[-3:])
    took = _peak() - before
    said = out.getvalue() + err.getvalue()
    if not problem and code not in (0, 1, 2):
        problem = f"exit code {code}"
    if not problem and "Traceback" in said:
        problem = "a traceback was printed"
    if not problem and code == 2 and not err.getvalue().strip():
        problem = "exit code 2 without a word"
    if not problem and took > MEMORY + PER_BYTE * case.size:
        problem = f"{took / 2**20:.0f} MiB for a file of {case.size} bytes"
    if not problem and (bad := _UNSAFE.search(said)):
        problem = f"{bad.group()!r} reached the terminal"
    return problem and f"{problem} ({time.monotonic() - began:.1f} s)"


def in_a_process(cases: Iterator[Case], keep: Path) -> tuple[int, list[str]]:
    """Judge cases in a forked process; how many there were, and what was wrong, each with the kept folder."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        with os.fdopen(reader) as told:
            lines = [json.loads(line) for line in told]
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        problems = [line["problem"] for line in lines if line["problem"]]
        if code:
            problems.append(f"the process ended with {code} after {len(lines)} cases")
        return len(lines), problems
    try:
        os.close(reader)
        os.environ |= {"NO_COLOR": "1", "COLUMNS": "100", "TERM": "dumb"}
        with os.fdopen(writer, "w") as tell:
            for case in cases:
                problem = judge(case)
                if problem:
                    kept = keep / f"{case.kind}-{os.getpid()}-{time.monotonic_ns()}"
                    os.chdir("/")
                    case.folder.rename(kept)
                    problem = (
                        f"{case.kind}: tuilab {' '.join(case.arguments)[:200]} in {kept.name}: {problem}"
                    )
                tell.write(json.dumps({"problem": problem}) + "\n")
        os._exit(0)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def _run(arguments: tuple[str, ...]) -> int:
    """The console script, or with `@engine` an engine as viewers launch it, in this process."""
    if arguments[0] == "@engine":
        from tuilab.engine.__main__ import main as main_of_engine

        sys.argv = ["tuilab.engine", *arguments[1:]]
        return main_of_engine()
    from tuilab.cli import main

    sys.argv = ["tuilab", *arguments]
    try:
        main()
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    return 0


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@contextlib.contextmanager
def _within(seconds: float) -> Iterator[None]:
    """Interrupt what takes longer, of the processor's time."""

    def over(number: int, frame: FrameType | None) -> None:
        raise Hang

    timers = {signal.SIGPROF: (signal.ITIMER_PROF, seconds), signal.SIGALRM: (signal.ITIMER_REAL, PATIENCE)}
    before = {number: signal.signal(number, over) for number in timers}
    for timer, after in timers.values():
        signal.setitimer(timer, after)
    try:
        yield
    finally:
        for number, (timer, _) in timers.items():
            signal.setitimer(timer, 0)
            signal.signal(number, before[number])
