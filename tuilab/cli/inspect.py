"""`tuilab inspect`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuilab.cli.output import AsJson, RunsFolder, heading, print_json, print_json_line, say

if TYPE_CHECKING:
    from tuilab.recording import Readable


class InspectError(Exception):
    """A wish that a recording can't fulfil: one clear sentence."""


def inspect(
    run: Annotated[
        str | None, typer.Argument(metavar="RUN_OR_FILE", help="A run or a recording [default: the newest].")
    ] = None,
    series: Annotated[
        str | None, typer.Option(metavar="GLOB", help="Only the series whose names match.")
    ] = None,
    runs: RunsFolder = None,
    as_json: AsJson = False,
) -> None:
    """The facts, events and series of a run.

    With --series and --json, the numbers themselves, one JSON object a line.
    """
    from tuilab.cli.find import run_or_file
    from tuilab.recording import Recording

    found = run_or_file(run, runs)
    with Recording.open(found) if isinstance(found, Path) else found.open() as recording:
        if series is not None:
            _print_series(recording, series, as_json)
        elif as_json:
            print_json(
                _facts(recording)
                | {"state": None if isinstance(found, Path) else str(found.state(recording))}
            )
        else:
            _print_facts(recording)


def _print_series(recording: Readable, glob: str, as_json: bool) -> None:
    names = recording.series(glob)
    if not names:
        raise InspectError(f"--series {glob!r}: no series matches; without --series all are named")
    for name in names:
        steps, values = recording.read(name)
        if as_json:
            print_json_line({"series": name, "steps": steps.tolist(), "values": values.tolist()})
        else:
            say(heading(name))
            for step, value in zip(steps.tolist(), values.tolist(), strict=True):
                say(f"  {step:>9}  {value:.6g}")


def _facts(recording: Readable) -> dict[str, Any]:
    return {
        "header": recording.header,
        "finished": recording.finished,
        "first_step": recording.first_step,
        "last_step": recording.last_step,
        "series": recording.series(),
        "frames": recording.frames(),
        "events": [
            {"step": e.step, "kind": e.kind, "arm": e.arm, "time": e.time, "data": e.data}
            for e in recording.events()
        ],
        "gaps": [
            {"file": g.path.name, "offset": g.offset, "length": g.length, "reason": g.reason}
            for g in recording.gaps
        ],
    }


def _when(created: Any) -> str:
    """A moment that a header gives in seconds since 1970; it may give anything."""
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(created))
    except (TypeError, ValueError, OverflowError, OSError):
        return "?"


def _print_facts(recording: Readable) -> None:
    from tuilab.panels.palette import arms_of, own_of

    header = recording.header
    recorded = header.get("scenario")
    scenario = recorded if isinstance(recorded, dict) else {}
    say(heading(str(scenario.get("title", "a recording"))))
    facts = {key: header.get(key, "?") for key in ("host", "device", "threads", "torch", "tuilab", "steps")}
    threads = f"{facts['threads']} thread{'' if facts['threads'] == 1 else 's'}"
    say(
        f"recorded {_when(header.get('created'))} on {facts['host']}, {facts['device']}, {threads}, "
        f"torch {facts['torch']}, tuilab {facts['tuilab']}, seed {scenario.get('seed', '?')}"
    )
    say(f"arms {', '.join(arms_of(header)) or '–'}")
    if own := own_of(header):
        say(f"own parts {', '.join(own)}")
    closed = "closed" if recording.finished else "not closed"
    say(f"steps {recording.first_step} to {recording.last_step} of {facts['steps']}; {closed}")
    for gap in recording.gaps:
        say(f"gap: {gap.path.name}, {gap.length} bytes from {gap.offset}: {gap.reason}")
    say()
    say(heading("Events"))
    for event in recording.events():
        data = ", ".join(f"{key} {value}" for key, value in event.data.items())
        who = f"{event.arm} " if event.arm else ""
        say(f"  step {event.step}: {who}{event.kind}{f' ({data})' if data else ''}")
    say()
    say(heading("Series"))
    for name in recording.series():
        last = recording.at(name, recording.last_step)
        say(f"  {name}  {'–' if last is None else f'{last:.5g}'}")
    if recording.frames():
        say()
        say(heading("Frames"))
        for name in recording.frames():
            say(f"  {name}  at {len(recording.frame_steps(name))} steps")
