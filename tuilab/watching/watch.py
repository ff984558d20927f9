"""A loop of the user's own, watched: hooks at its optimisers' steps, and a thread that writes."""

from __future__ import annotations

import atexit
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self, TypeVar

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from tuilab.probes.cost import ProbeSchedule, Stopwatch
from tuilab.probes.observation import Observation
from tuilab.watching import anatomy, clipping, opening
from tuilab.watching.arm import Arm, array_seen
from tuilab.watching.harmless import Stop, harmless
from tuilab.watching.looking import Looking, Seen
from tuilab.watching.session import Session
from tuilab.watching.steering import Steering
from tuilab.watching.stepping import Stepping
from tuilab.watching.writing import Writing, number_of, say, sentence

BUDGET = 0.02
"""Share of the time that looking inside may take; above it is done half as often."""
WINDOW = 5
"""Looks after which that is judged; a loop of quick steps is not to be held up for long."""
_ONLY_WATCHES = "this run only watches: its program has to say control=True for others to steer it"

Batch = TypeVar("Batch")


class Watch:
    """What `tuilab.watch` returns: a context manager, closed by its end, an exception, or the program's end.

    Steps are the optimiser's; of several optimisers, those of the one that has made most. Without any, every
    `log` is a step.

    Attributes:
        asleep: nothing is recorded: in processes beside the first one, after `close`, and after an error of
            the watcher's own.
        raises: whether a loop that is asked to stop hears of it by an exception, which is `Stop`.
        stopping: it was asked to.
    """

    raises = True
    stopping = _counting_logs = False

    def __init__(
        self,
        models: Mapping[str, nn.Module | None],
        optimizers: Sequence[Optimizer],
        *,
        session: Session | None,
        every: int,
        sample: int,
        bins: int,
        control: bool,
        steps: int | None,
    ) -> None:
        """Use `tuilab.watch`."""
        self.asleep = self._closed = session is None
        self._process = os.getpid()
        if session is None:
            return
        self._writing = Writing(session, lambda: self._steering.state)
        self._steps, self._sample = steps, sample
        self._models, self._timed = models, Stopwatch(torch.device("cpu"))
        self._looking = Looking(self._blind)
        self._arms = {
            name: Arm(name, model, sample, bins, self._timed, self._blind) for name, model in models.items()
        }
        self._schedule = ProbeSchedule(every, -1, BUDGET, WINDOW)
        self._now = Observation(0, {})
        self._seen: dict[str, float] = {}
        self._clips: dict[str, Tensor] = {}
        self._arrays: dict[str, Seen] = {}
        self._logged: dict[str, None] = {}
        self._counting_logs = models == {"network": None} and not optimizers
        self._wont_look = ""
        self._batching = 0
        self._epoch = self._batches = 0
        self._written = -1
        self._total: int | None = None
        self._began = time.perf_counter()
        self._last = self._speed_since = self._began
        self._speed_step = 0
        self._ended_before = getattr(sys, "last_value", None)
        self._stepping = Stepping(list(self._arms.values()), optimizers, self._before_step, self._after_step)
        self._steering = Steering(
            session.run.path / "control",
            self._stepping.settings,
            session.heartbeat.say,
            told=lambda waiting: self._begin(),
            refuses="" if control else _ONLY_WATCHES,
        )
        clipping.listen(self._clipped)
        atexit.register(self._at_exit)

    @property
    def name(self) -> str:
        """The run's name, "" where nothing is recorded."""
        return self._writing.session.run.name if hasattr(self, "_writing") else ""

    def log(self, **figures: Any) -> None:
        """Record figures of the step at hand: numbers, or tensors or arrays of one element.

        The last value counts where a name is logged twice in a step. `train/loss` becomes `train.loss`, as
        slashes part arms and layers from metrics. Of several networks the first one is meant, unless a
        network's name is given: `log(generator={"loss": 0.7}, discriminator={"loss": 0.3})`.
        """
        self._log(figures)
        if self._counting_logs:
            self._stop_if_asked()

    @harmless
    def _log(self, figures: Mapping[str, Any]) -> None:
        if self._counting_logs:
            if self._now.values:
                self._hand_over(self._now.step)
            self._now.step = self._written = self._now.step + 1
        first = next(iter(self._arms))
        for name, value in figures.items():
            if name in self._arms and isinstance(value, Mapping):
                for metric, each in value.items():
                    self._note(name, str(metric), each)
            else:
                self._note(first, name, value)
        if self._counting_logs:
            step = self._now.step
            self._take_arrays()
            self._account(step, self._due(step))
            self._hand_over(step)
            self._steer()
        elif self._now.step:
            self._begin()

    @harmless
    def log_at(self, step: int, figures: Mapping[str, Any]) -> None:
        """Record figures of a step that somebody else counts; those of a watched optimiser go before.

        A step may come again; what lies behind the newest belongs to that.
        """
        step = max(step, self._written + 1)
        if self._counting_logs and step > self._now.step:
            self._hand_over(step)
            self._take_arrays()
            self._account(step, self._due(step))
            self._steer()
        for name, value in figures.items():
            self._note(next(iter(self._arms)), name, value)

    @harmless
    def log_layer(self, name: str, array: Any) -> None:
        """Record a layer's outputs, for networks that torch knows nothing of.

        Args:
            name: the layer's.
            array: (batch, units) or (batch, channels, …), as NumPy or torch has it. Looked at when that is
                due, which costs nothing else.
        """
        if self._due(self._now.step + 1):
            with self._timed:
                self._arrays[name] = array_seen(name, array, self._sample)

    def batches(self, loader: Iterable[Batch], epochs: int = 1) -> Iterator[Batch]:
        """The loader's batches, as often as there are epochs; ends when somebody asks the loop to stop.

        Args:
            loader: what `for batch in loader` would be written with.
            epochs: how often to go through it. With more than one the run knows how long it will take.
        """
        if self._closed:
            for _ in range(epochs):
                yield from loader
            return
        size = len(loader) if isinstance(loader, Sized) else 0
        self._total = size * epochs if size and epochs > 1 else None
        self._batching += 1
        try:
            for _ in range(epochs):
                for batch in loader if not self.stopping else ():
                    self._batches += 1
                    yield batch
                    if self.stopping:
                        return
                self._end_epoch()
        finally:
            self._batching -= 1

    def close(self, error: BaseException | None = None) -> None:
        """Stop watching: the run is finished, or failed with the error. Safe to call twice."""
        if self._closed or os.getpid() != self._process:
            return
        self._closed = True
        try:
            self._let_go()
            if not self.asleep:
                self._hand_over(self._now.step)
                self._begin()
            self._steering.close(self._writing, self._now.step)
        except Exception as wrong:
            self._harm(wrong)
        self.asleep = True
        self._writing.close(self._now.step, error, self._steering.ending)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.close(error)
        return isinstance(error, Stop)

    # At the optimiser's step

    @harmless
    def _before_step(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        arms = self._stepping.meet(optimizer, self._now.step)
        if arms and self._due(self._stepping.count(optimizer) + 1):
            with self._inside():
                for arm in arms:
                    arm.before(optimizer)

    def _after_step(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        self._updated(optimizer)
        self._stop_if_asked()

    def _stop_if_asked(self) -> None:
        if self.stopping and self.raises and not self._batching and not self.asleep:
            raise Stop("asked to stop")

    @harmless
    def _updated(self, optimizer: Optimizer) -> None:
        arms = self._stepping.meet(optimizer, self._now.step)
        if not arms:
            return
        count = self._stepping.stepped(optimizer)
        forward = count > self._now.step
        if forward:
            self._hand_over(count)
        values = self._now.values
        for arm_name, norm in self._clips.items():
            values[f"{arm_name}/gradient.global_norm"] = number_of(norm)
        self._clips.clear()
        due = self._due(count)
        if due:
            with self._inside():
                for arm in arms:
                    arm.after(self._now)
                    if arm.eye is not None and arm.root is not None:
                        arm.eye.training = arm.root.training
                self._take_arrays()
        values.update(self._stepping.rates(due))
        if forward:
            self._account(count, due)
        if self._due(count + 1):
            self._look(arms)
        if forward:
            self._steer()

    def _due(self, step: int) -> bool:
        """Whether to look inside at this step: at the first two, and when the schedule says so."""
        return step > 0 and (self._schedule.due(step) or (step <= 2 and self._schedule.every > 0))

    def _look(self, arms: Sequence[Arm]) -> None:
        """Have the next pass looked at; but a hook in compiled code would have it compiled anew."""
        if self._wont_look:
            return
        if anatomy.anything_compiled() or any(
            arm.model is not None and anatomy.is_compiled(arm.model) for arm in arms
        ):
            self._wont_look = "torch.compile is at work, in whose code no hook belongs"
            self._looking.close()
            self._writing.event(self._now.step, "activations-not-seen", why=self._wont_look)
            return
        with self._inside():
            self._looking.open([arm.eye for arm in arms if arm.eye is not None])
            self._stepping.learn_names()

    def _clipped(self, parameters: list[Tensor], norm: Tensor) -> None:
        """Gradients were clipped; this was their norm before."""
        if not self.asleep and parameters and (name := self._stepping.owner(parameters[0])):
            self._clips[name] = norm.detach()

    def _take_arrays(self) -> None:
        if self._arrays:
            next(iter(self._arms.values())).layers(self._now, list(self._arrays.values()))
            self._arrays = {}

    def _account(self, step: int, due: bool) -> None:
        """What watching costs, and how fast it goes; a schedule that costs too much is thinned."""
        now = time.perf_counter()
        measuring = self._timed.read() if due else None
        broken = self._schedule.spent(measuring if step > 2 else None, now - self._last)
        self._last = now
        if due:
            values = self._now.values
            values["engine/probe_share"] = self._schedule.share
            values["engine/steps_per_second"] = (step - self._speed_step) / max(now - self._speed_since, 1e-9)
            self._speed_step, self._speed_since = step, now
        if broken is not None:
            thinned = {"every": self._schedule.every, "share": broken}
            self._now.events.append(("probes-thinned", None, thinned))

    def _steer(self) -> None:
        """Do what others ask, and rest while they want that."""
        rested = self._steering.rested
        if not self._steering.between_steps(self._writing, self._now.step, self._seen):
            self.stopping = True
        waited = self._steering.rested - rested
        self._last += waited
        self._speed_since += waited
        if self._writing.trouble is not None:
            raise self._writing.trouble

    # Towards the recording

    def _note(self, arm: str, name: str, value: Any) -> None:
        metric = name.replace("/", ".")
        try:
            number = number_of(value)
        except (TypeError, ValueError, RuntimeError):
            raise TypeError(f"log({name}=…) wants a number, not {type(value).__name__}") from None
        self._logged[metric] = None
        self._now.values[f"{arm}/{metric}"] = number

    def _hand_over(self, step: int) -> None:
        """The step at hand is complete; the next one is `step`."""
        now, self._now = self._now, Observation(step, {})
        self._seen = now.values
        self._writing.add(now, time.perf_counter() - self._began - self._steering.rested)
        if now.step:
            self._begin()

    def _begin(self) -> None:
        """Have the recording begun, once it is known what is logged."""
        if self._writing.begun:
            return
        inside = self._schedule.every > 0 and (not self._counting_logs or bool(self._now.frames))
        steps = self._steps
        if steps is None and self._total is not None and self._batches and self._now.step:
            steps = round(self._total * self._now.step / self._batches)
        run = self._writing.session.run
        header = opening.header(run, self._models, list(self._logged), inside, self._sample, steps)
        header["tunables"] = dict(self._stepping.settings.tunables())
        self._writing.begin(header, self._logged)

    @harmless
    def _end_epoch(self) -> None:
        self._epoch += 1
        self._writing.event(self._now.step, "epoch", number=self._epoch)

    # The end

    @contextmanager
    def _inside(self) -> Iterator[None]:
        """Around all that looks into a network: what goes wrong there ends the looking, not the recording."""
        try:
            with self._timed:
                yield
        except Exception as error:
            self._blind(error)

    def _blind(self, error: Exception) -> None:
        """Say once that looking has gone wrong, and do it no more."""
        if not self._wont_look:
            self._wont_look = sentence(error)
            self._schedule.every = 0
            self._writing.event(self._now.step, "looking-ended", why=self._wont_look)
            say(f"looking into the network has ended ({self._wont_look}); what is logged is still recorded")
        self._looking.close()

    def _harm(self, error: Exception) -> None:
        """Say once what has gone wrong, and leave the training alone from now on."""
        if not self.asleep:
            self.asleep = True
            self._writing.trouble = error
            self._looking.close()
            say(f"watching has ended ({sentence(error)}); the training goes on without it")

    def _let_go(self) -> None:
        """Leave torch as it was."""
        self._looking.close()
        clipping.unlisten(self._clipped)
        self._stepping.close()
        atexit.unregister(self._at_exit)

    def _at_exit(self) -> None:
        """The program ends without having closed, by itself or by an exception that Python has shown."""
        error = getattr(sys, "last_value", None)
        self.close(error if error is not self._ended_before and not hasattr(sys, "ps1") else None)
