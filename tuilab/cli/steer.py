"""`tuilab set`, `pause`, `continue`, `step`: ask an engine, or a watched program, and say what it answers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuilab.cli.output import RunsFolder, print_table, say, typed

if TYPE_CHECKING:
    from tuilab.recording import Event
    from tuilab.runs import Run

Name = Annotated[str, typer.Argument(help="A run's name, its path, or its scenario's name (the newest).")]
Wait = Annotated[float, typer.Option(help="Seconds to wait for the answer, which comes between two steps.")]


def set_(
    run: Name,
    settings: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KEY=VALUE]…",
            help="Such as lr=0.01 (of every arm) or sgd/optimizer.lr=0.01 [default: list what there is].",
        ),
    ] = None,
    runs: RunsFolder = None,
    wait: Wait = 60.0,
) -> None:
    """Change numbers of a run while it goes on, such as its learning rate; velocities and moments stay."""
    from tuilab.runs import find, meant, runs_folder, tunables, turned

    found = find(runs_folder(runs), run)
    with found.open() as recording:
        known = tunables(recording)
    if not settings:
        if not known:
            say(f"{found.name}: it has no numbers that can be changed while it runs")
        else:
            print_table(((key, f"{value:g}") for key, value in known.items()), ("KEY", "VALUE"))
        return
    wanted = [_assignment(text) for text in settings]
    asked = [{"key": name, "value": value} for key, value in wanted for name in meant(known, key)]
    for event in _ask_all(found, wait, "set", asked):
        for key, value in turned(event).items():
            say(f"{found.name}: {key} is {value:g} from step {event.step + 1} on (was {known[key]:g})")


def pause(run: Name, runs: RunsFolder = None, wait: Wait = 60.0) -> None:
    """Have a run rest after its step."""
    found = _find(run, runs)
    event = _ask(found, wait, "pause")
    say(f"{found.name}: paused at step {event.step}; `{typed('continue', found.name)}` lets it go on")


def continue_(
    run: Name,
    to: Annotated[int | None, typer.Option(min=0, help="Pause again after this step.")] = None,
    until: Annotated[
        str | None, typer.Option(help="Pause again once this holds, such as 'loss < 0.5'.")
    ] = None,
    runs: RunsFolder = None,
    wait: Wait = 60.0,
) -> None:
    """Let a paused run go on: to its end, to a step, or until something is true of its figures."""
    from tuilab.runs import State

    found = _find(run, runs)
    if to is not None and until is not None:
        raise typer.BadParameter("either --to or --until")
    condition = until if to is None else f"step >= {to}"
    rests = found.state() is State.PAUSED
    if condition is not None:
        _ask(found, wait, "until", condition=condition)
    then = f"; it pauses once {condition}" if condition else ""
    if rests or condition is None:
        event = _ask(found, wait, "resume")
        say(f"{found.name}: goes on from step {event.step}{then}")
    else:
        say(f"{found.name}: goes on{then}")


def step(
    run: Name,
    count: Annotated[int, typer.Argument(min=1, max=1000, help="How many.")] = 1,
    runs: RunsFolder = None,
    wait: Wait = 60.0,
) -> None:
    """Let a paused run take single steps."""
    found = _find(run, runs)
    for _ in range(count):
        event = _ask(found, wait, "step")
    say(f"{found.name}: takes step {event.step + 1}")


def _find(run: str, runs: Any) -> Run:
    from tuilab.runs import find, runs_folder

    return find(runs_folder(runs), run)


def _assignment(text: str) -> tuple[str, float]:
    key, sign, value = text.rpartition("=")
    try:
        return key.strip(), float(value) if sign and key.strip() else float("x")
    except ValueError:
        raise typer.BadParameter(f"{text!r}: wanted KEY=NUMBER, such as lr=0.01") from None


def _ask(run: Run, wait: float, do: str, **arguments: Any) -> Event:
    return next(_ask_all(run, wait, do, [arguments]))


def _ask_all(run: Run, wait: float, do: str, asked: list[dict[str, Any]]) -> Iterator[Event]:
    """Ask for something, all between two steps, and wait for the events that answer.

    Raises:
        RunError: it is refused, or there is no answer.
    """
    from tuilab.runs import RunError

    if not (state := run.state()).alive:
        raise RunError(f"{run.name}: nobody is at work on it: it is {state}")
    with run.open() as recording:
        waiting = [run.send(do, **arguments) for arguments in asked]
        deadline = time.monotonic() + wait
        while waiting:
            alive = run.state().alive
            recording.refresh()
            answers = {event.data.get("id"): event for event in recording.events()}
            for event in [answers[identity] for identity in waiting if identity in answers]:
                if event.kind == "refused":
                    raise RunError(f"{run.name}: {event.data.get('why')}")
                waiting.remove(event.data["id"])
                yield event
            if waiting and not alive:
                raise RunError(f"{run.name}: it ended before it could answer: it is {run.state()}")
            if waiting and time.monotonic() > deadline:
                raise RunError(
                    f"{run.name}: its step has not ended within {wait:g} s; it will answer after that"
                )
            time.sleep(0.02)
