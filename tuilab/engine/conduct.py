"""One run from its folder to its end: claim it, set up, loop, obey, record."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

import torch

from tuilab.engine import checkpoints, forks, lineage
from tuilab.engine.errors import EngineError
from tuilab.engine.loop import Loop
from tuilab.engine.setup import Ready, set_up
from tuilab.experiments import ALONE, DistributedError, World
from tuilab.experiments.memory import lacks_memory
from tuilab.parts.own import said
from tuilab.printable import printable
from tuilab.recording import Writer
from tuilab.runs import Command, Lock, Run, State
from tuilab.scenario.metrics import ENGINE_METRICS, SAMPLED_FRAMES
from tuilab.watching.recorder import NO_ROOM
from tuilab.watching.session import Session, about_here
from tuilab.watching.steering import Steering

OnStep = Callable[[int, int, str], None]
"""Told after every step: the step, the last step, and what the engine waits for ("" when it runs)."""


def conduct(
    run: Run,
    on_step: OnStep | None = None,
    resume: bool = False,
    world: World = ALONE,
    lock: Lock | None = None,
    trust: bool = False,
) -> State:
    """Run the experiment of a prepared run folder to its end and record it.

    Args:
        run: the folder.
        on_step: told about every step.
        resume: go on from the newest checkpoint, or from the start where there is none, in a recording of its
            own that continues the run's.
        world: the processes that do this together, each with a recording of its own in the folder.
        lock: the run's, where the caller has claimed it; released at the end.
        trust: whether the code of the user's own parts, if the scenario names some, may run.

    SIGINT, SIGTERM and, where it is not ignored, SIGHUP stop it cleanly between two steps.

    Raises:
        RunError: another engine is at work on the run.
        EngineError: the device, the data or a usable checkpoint are not there, memory ran out, or the
            experiment failed. What was recorded until then stays; when nothing was recorded there is no
            recording.
        DistributedError: another process could not start, or has gone before anything was recorded.
    """
    claimed = world.all_or_none(lambda: (lock or run.claim(resume)) if world.leader else None)
    with _private(), Session(run, claimed, world.rank) as session:
        if world.leader:
            checkpoints.sweep(run.path / "checkpoints")
        told = on_step or (lambda step, steps, waiting: None)
        ready = world.all_or_none(lambda: set_up(run, resume, world, trust, told))
        place = _place(run, ready, world)
        begun = ready.restored is not None
        loop = Loop(session, ready.experiment, told, place.seconds, world, _scheduled(run, ready), begun)
        with _stopping_on_signals(loop.steering):
            session.begin(
                _begin(run, ready, place, world),
                loop.steering.wait_for_room,
                step=ready.step,
                steps=ready.experiment.steps,
                device=str(ready.device),
            )
            for note in ready.notes if world.leader else []:
                print(f"{run.name}: {printable(note)}", file=sys.stderr, flush=True)
            if resume:
                differing: dict[str, Any] = {"notes": ready.notes} if ready.notes else {}
                session.recorder.event(ready.step, "resumed-from", **differing)
            if ready.forked:
                session.recorder.event(ready.step, "forked", **_fork(run))
            return _record(loop, session)


def _scheduled(run: Run, ready: Ready) -> list[tuple[int, Command]]:
    """What is to be turned as it once was, after the step that the run goes on from.

    What was turned at that step is in a fork's beginning, and may be in a checkpoint: twice does no harm.
    """
    first = ready.step + 1 if ready.forked else ready.step
    return [each for each in forks.commands(run) if each[0] >= first]


def _fork(run: Run) -> dict[str, Any]:
    """What the event says of it."""
    about = run.facts["parent"]
    return {
        "parent": str(about.get("name")),
        "settings": [str(each) for each in about.get("settings", [])][:50],
    }


@dataclass(frozen=True)
class _Place:
    """Where a recording stands in its run's history: what the first process found, which holds for all."""

    sequence: int
    continues: dict[str, Any] | None
    seconds: float
    """What the run had taken before."""
    step: int
    device: str


def _place(run: Run, ready: Ready, world: World) -> _Place:
    sequence = lineage.next_sequence(run)
    continues = None if ready.forked else lineage.continues(sequence, ready.restored)
    return _Place(*world.broadcast([sequence, continues, ready.seconds, ready.step, ready.device.type]))


def _begin(run: Run, ready: Ready, place: _Place, world: World) -> Writer:
    """This process's recording."""
    header = _header(run, ready, world) | lineage.header(run, world.rank, place.sequence, place.continues)

    def create() -> Writer:
        try:
            return Writer.create(run.path / lineage.file_name(world.rank, place.sequence), header)
        except OSError as error:
            raise EngineError(f"{run.path}: can't record there ({error.strerror})") from None

    def create_first() -> Writer | None:
        step, device = ready.step, ready.device.type
        if (step, device) != (place.step, place.device):
            raise EngineError(
                f"{run.name}: process {world.rank} would go on from step {step} on {device}, process 0 from "
                f"{place.step} on {place.device}; they need the same folder of runs and --device"
            )
        return create() if world.leader else None

    # The first one's recording is there before the others': nobody sees a run without a leader.
    return world.all_or_none(create_first) or create()


def _record(loop: Loop, session: Session) -> State:
    """Run the loop and close the recording with the event that says how it ended."""
    run = session.run
    try:
        session.recorder.event(session.step, "started")
        state = loop.run()
        session.finish(state, **loop.steering.ending)
    except OSError as error:
        if error.errno in NO_ROOM:
            session.heartbeat.say(State.STOPPED)
            raise EngineError(
                f"{run.name}: stopped while the disk was full; what had been written is intact"
            ) from None
        session.heartbeat.say(State.FAILED, problem=f"recording failed ({error.strerror})")
        raise EngineError(f"{run.path}: recording failed ({error.strerror})") from None
    except (Exception, SystemExit) as error:
        known = isinstance(error, DistributedError) or lacks_memory(error) or bool(said(error))
        what = said(error) or (str(error) if known else f"{type(error).__name__}: {error}")
        what = what.splitlines()[0] if what else "not enough memory"
        session.fail(what)
        if known:
            raise EngineError(
                f"{run.name}: stopped after step {session.step}: {what}; what was recorded is intact"
            ) from None
        raise EngineError(f"{run.name}: the experiment failed at step {session.step} ({what})") from error
    return state


def _header(run: Run, ready: Ready, world: World) -> dict[str, Any]:
    scenario, experiment = ready.scenario, ready.experiment
    metrics = {
        **scenario.metrics,
        **{f"engine/{name}": metric for name, metric in ENGINE_METRICS.items()},
    }
    sampled = [*(name for name, metric in metrics.items() if metric.sampled), *SAMPLED_FRAMES]
    return {
        "scenario": scenario.model_dump(mode="json"),
        "panels": scenario.shown_panels,
        "arms": scenario.arm_names,
        "steps": experiment.steps,
        "metrics": {
            name: {"meaning": metric.meaning, "unit": metric.unit, "per_layer": metric.per_layer}
            for name, metric in metrics.items()
        },
        "sampled": dict.fromkeys(sampled, experiment.sampled),
        "tunables": experiment.tunables(),
        "predicted": run.options.get("predicted", []),
        **({"own": ready.own.facts} if ready.own.facts else {}),
        "device": str(ready.device),
        "threads": torch.get_num_threads(),
        "processes": world.size,
        "torch": torch.__version__,
    } | about_here()


@contextmanager
def _private() -> Iterator[None]:
    """What an engine writes only its owner may read."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def _stopping_on_signals(steering: Steering) -> Iterator[None]:
    """Ctrl-C, SIGTERM and a closed connection end the run between two steps; a second Ctrl-C at once."""

    def stop(number: int, frame: FrameType | None) -> None:
        if steering.asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        steering.asked = signal.Signals(number).name

    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # under nohup, and detached, it goes on
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
