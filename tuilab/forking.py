"""A run made of another: forked at a step with other settings, or made again with all that was turned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuilab.recording import Recording
    from tuilab.runs import Run


def fork(
    parent: Run, step: int | None, settings: Sequence[str] = (), name: str | None = None, trust: bool = False
) -> Run:
    """A run that is what its parent was until a step, and goes on from there with other settings.

    Its recording holds no copy of the past: it names its parent's.

    Args:
        parent: of which an engine made, or makes, the recording.
        step: after which it parts; None for the last one.
        settings: `KEY=VALUE` each, over the parent's; of every arm, unless the key begins with `arms.NAME`.
        name: the run's name, if not the parent's with `-fork` and a number.
        trust: whether the code of own parts may run.

    Raises:
        RunError: there is no such step, or no engine can go on with the parent.
        ScenarioError: the settings can't be.
    """
    from tuilab.runs import RunError
    from tuilab.scenario.load import changed

    if why := parent.without_engine:
        raise RunError(f"{parent.name}: no engine can go on with it: {why}")
    scenario = changed(parent.scenario, settings).model_dump(mode="json")
    with parent.open() as recording:
        last = recording.last_step
        step = last if step is None else step
        if not 0 <= step <= last:
            raise RunError(f"{parent.name}: step {step:,} is not recorded; there are steps 0 to {last:,}")
        origin = recording.origin(step)
        if origin is None:
            raise RunError(
                f"{parent.name}: its recording, made by tuilab 0.1, does not say which run it is of"
            )
        turned = _turned(recording, step)
    about = origin | {"name": parent.name, "settings": list(settings)}
    return _made(parent, scenario, name or _free(parent, "fork"), trust, turned, parent=about)


def rerun(run: Run, name: str | None = None, trust: bool = False) -> Run:
    """A run as another one was, with all that somebody turned while it went on, at the same steps.

    Raises:
        RunError: no engine made it.
    """
    from tuilab.runs import RunError

    if why := run.without_engine:
        raise RunError(f"{run.name}: no engine can make it again: {why}")
    with run.open() as recording:
        turned = _turned(recording, recording.last_step)
    more = {"parent": run.facts["parent"]} if "parent" in run.facts else {}
    return _made(run, run.scenario, name or _free(run, "again"), trust, turned, **more)


def _turned(recording: Recording, last: int) -> list[dict[str, Any]]:
    """The commands that turned something, with the step after which they were obeyed."""
    commands = []
    for event in recording.events():
        data = event.data
        if event.step > last or event.kind not in ("set", "patched"):
            continue
        what = {key: data.get(key) for key in (("key", "value") if event.kind == "set" else ("at", "with"))}
        do = "set" if event.kind == "set" else "patch"
        commands.append({"step": event.step, "id": str(data.get("id", "")), "do": do, **what})
    return commands


def _made(
    source: Run, scenario: dict[str, Any], name: str, trust: bool, turned: list[dict[str, Any]], **more: Any
) -> Run:
    from tuilab.prepare import fingerprints
    from tuilab.runs import create

    own = fingerprints(source.source, scenario, trust)
    options = {key: value for key, value in source.options.items() if key != "predicted"}
    return create(source.path.parent, source.source, scenario, options, name, own, turned=turned, **more)


def _free(run: Run, suffix: str) -> str:
    number = 1
    while run.path.with_name(f"{run.name}-{suffix}-{number}").exists():
        number += 1
    return f"{run.name}-{suffix}-{number}"
