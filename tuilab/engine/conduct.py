"""One run from its folder to its end: set up, loop, obey, record."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

import psutil
import torch

import tuilab
from tuilab.data import DataError, MissingDataError
from tuilab.engine import checkpoints
from tuilab.engine.devices import DeviceError, choose
from tuilab.engine.loop import Loop
from tuilab.engine.recorder import NO_ROOM, Recorder
from tuilab.experiments import ALONE, DistributedError, Experiment, World, build
from tuilab.experiments.memory import lacks_memory
from tuilab.recording import Writer
from tuilab.runs import Run, State
from tuilab.scenario.metrics import ENGINE_METRICS, SAMPLED_FRAMES
from tuilab.scenario.schema import KINDS, Scenario

OnStep = Callable[[int, int, str], None]
"""Told after every step: the step, the last step, and what the engine waits for ("" when it runs)."""


class EngineError(Exception):
    """A run that could not start or go on: one clear sentence."""


class NoDataError(EngineError):
    """A run that could not start because its data set has not been fetched."""


def conduct(run: Run, on_step: OnStep | None = None, resume: bool = False, world: World = ALONE) -> State:
    """Run the experiment of a prepared run folder to its end and record it.

    Args:
        run: the folder.
        on_step: told about every step.
        resume: go on from the newest checkpoint, or from the start where there is none, in a recording of its
            own that continues the run's.
        world: the processes that do this together, each with a recording of its own in the folder.

    SIGINT, SIGTERM and, in a terminal, a lost connection stop it cleanly between two steps.

    Raises:
        EngineError: the device, the data or a usable checkpoint are not there, memory ran out, or the
            experiment failed. What was recorded until then stays; when nothing was recorded there is no
            recording.
        DistributedError: another process could not start, or has gone before anything was recorded.
    """
    if world.leader:
        _announce(run)
    scenario = KINDS[run.scenario["kind"]].model_validate(run.scenario)
    experiment, device, step = world.all_or_none(lambda: _set_up(run, scenario, resume, world))
    seconds, number, *where = world.broadcast(
        [_seconds(run, step), len(list(run.path.glob("main*.tlr"))) + 1, step, device.type]
    )
    name = f"rank-{world.rank}" if world.rank else "main"
    file = run.path / (f"{name}.tlr" if number == 1 else f"{name}-{number}.tlr")

    def create() -> Writer:
        try:
            return Writer.create(file, _header(run, scenario, experiment, device, world))
        except OSError as error:
            raise EngineError(f"{run.path}: can't record there ({error.strerror})") from None

    def create_first() -> Writer | None:
        if where != [step, device.type]:
            raise EngineError(
                f"{run.name}: process {world.rank} would go on from step {step} on {device.type}, "
                f"process 0 from {where[0]} on {where[1]}; they need the same folder of runs and --device"
            )
        return create() if world.leader else None

    # The first one's recording is there before the others': the earliest header speaks for all.
    writer = world.all_or_none(create_first) or create()
    told = on_step or (lambda step, steps, waiting: None)
    loop = Loop(run, experiment, told, resumed=resume, step=step, seconds=seconds, world=world)
    recorder = Recorder(writer, loop.wait_for_room, world.rank)
    if resume:
        recorder.event(step, "resumed-from")
    with _stopping_on_signals(loop):
        return _record(loop, recorder, run)


def _set_up(run: Run, scenario: Scenario, resume: bool, world: World) -> tuple[Experiment, torch.device, int]:
    """The experiment, where it runs, and the step that it was taken to."""
    options = run.facts.get("options", {})
    try:
        device = choose(options.get("device", "auto"), options.get("threads"), world.local_rank)
        experiment = build(scenario, device, world)
    except MissingDataError as error:
        raise NoDataError(str(error)) from None
    except (DeviceError, DataError, DistributedError) as error:
        raise EngineError(str(error)) from None
    except (MemoryError, RuntimeError) as error:
        if not lacks_memory(error):
            raise
        raise EngineError(
            f"{run.name}: not enough memory to set this up; make the network or the batch smaller"
        ) from None
    try:
        restored = checkpoints.restore(run.path / "checkpoints", experiment) if resume else None
    except checkpoints.CheckpointError as error:
        raise EngineError(str(error)) from None
    return experiment, device, restored.step if restored else 0


def _seconds(run: Run, step: int) -> float:
    """The time spent until a step that a run goes on from; 0 at the start."""
    if not step:
        return 0.0
    with run.open() as recording:
        clock = recording.series("engine/seconds")
        return (recording.at("engine/seconds", step) or 0.0) if clock else 0.0


def _record(loop: Loop, recorder: Recorder, run: Run) -> State:
    """Run the loop and close the recording with the event that says how it ended."""
    try:
        recorder.event(loop.step, "started")
        state = loop.run(recorder)
        recorder.event(loop.step, str(state), **({"reason": loop.stop_reason} if loop.stop_reason else {}))
        recorder.close()
    except OSError as error:
        if error.errno in NO_ROOM:
            raise EngineError(
                f"{run.name}: stopped while the disk was full; what had been written is intact"
            ) from None
        raise EngineError(f"{run.path}: recording failed ({error.strerror})") from None
    except Exception as error:
        known = isinstance(error, DistributedError) or lacks_memory(error)
        what = str(error) if known else f"{type(error).__name__}: {error}"
        what = what.splitlines()[0] if what else "not enough memory"
        with suppress(OSError):
            recorder.failed(loop.step, what)
        if known:
            raise EngineError(
                f"{run.name}: stopped after step {loop.step}: {what}; what was recorded is intact"
            ) from None
        raise EngineError(f"{run.name}: the experiment failed at step {loop.step} ({what})") from error
    return state


def _header(
    run: Run, scenario: Scenario, experiment: Experiment, device: torch.device, world: World
) -> dict[str, Any]:
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
        "predicted": run.facts.get("options", {}).get("predicted", []),
        "created": time.time(),
        "host": socket.gethostname(),
        "device": str(device),
        "threads": torch.get_num_threads(),
        "processes": world.size,
        "torch": torch.__version__,
        "tuilab": tuilab.__version__,
    }


def _announce(run: Run) -> None:
    """Say who works on this run, so that others can tell whether it still does."""
    process = psutil.Process()
    facts = {"pid": process.pid, "host": socket.gethostname(), "process_started": process.create_time()}
    try:
        (run.path / "engine.json").write_text(json.dumps(facts))
    except OSError as error:
        raise EngineError(f"{run.path}: can't write there ({error.strerror})") from None


@contextmanager
def _stopping_on_signals(loop: Loop) -> Iterator[None]:
    """Ctrl-C, SIGTERM and a closed connection end the run between two steps; a second Ctrl-C at once."""

    def stop(number: int, frame: FrameType | None) -> None:
        if loop.asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        loop.asked = signal.Signals(number).name

    handlers: dict[signal.Signals, Any] = {signal.SIGINT: stop, signal.SIGTERM: stop}
    # An engine of its own session outlives the terminal, and so does one under nohup; another ends with it.
    own_session = os.getpid() == os.getsid(0)
    handlers[signal.SIGHUP] = (
        signal.SIG_IGN if own_session or signal.getsignal(signal.SIGHUP) == signal.SIG_IGN else stop
    )
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
