"""The settings of a watched loop's optimisers, by the places that people name them by."""

from __future__ import annotations

import difflib
import inspect
import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

Group = dict[str, Any]


class Settings:
    """What may be changed while the loop goes on: every parameter group of every optimiser.

    A place is `ARM/optimizer`, or `ARM/optimizer.2` where an arm has several groups; `patch` takes it as
    `arms.ARM.optimizer`, as a scenario has it.

    Attributes:
        optimizers: with the arm that each belongs to.
    """

    def __init__(self) -> None:
        self.optimizers: list[tuple[str, Optimizer]] = []

    def groups(self) -> dict[str, tuple[Optimizer, Group]]:
        """Every group by its place."""
        found: dict[str, tuple[Optimizer, Group]] = {}
        for arm in dict.fromkeys(name for name, _ in self.optimizers):
            own = [(o, group) for name, o in self.optimizers if name == arm for group in o.param_groups]
            for number, pair in enumerate(own, 1):
                found[f"{arm}/optimizer" + (f".{number}" if len(own) > 1 else "")] = pair
        return found

    def rates(self) -> dict[str, Any]:
        """Series name → learning rate, of every group that has one."""
        found = {}
        for place, (_, group) in self.groups().items():
            arm, _, which = place.partition("/optimizer")
            if "lr" in group:
                found[f"{arm}/learning_rate" + which.replace(".", "/")] = group["lr"]
        return found

    def described(self) -> dict[str, Any]:
        """Arm → its first optimiser's name and numbers, as a scenario has them."""
        found: dict[str, Any] = {}
        for arm, optimizer in self.optimizers:
            if arm not in found:
                group = optimizer.param_groups[0]
                plain = {key: value for key, value in group.items() if isinstance(value, int | float | str)}
                found[arm] = {"name": type(optimizer).__name__.lower(), **plain}
        return found

    def tunables(self) -> dict[str, float]:
        """See `Steered`."""
        return {
            f"{place}.{key}": float(value)
            for place, (_, group) in self.groups().items()
            for key, value in group.items()
            if isinstance(value, float | Tensor) and key not in ("params", "initial_lr")
        }

    def tune(self, key: str, value: float) -> None:
        """See `Steered`."""
        place, _, name = key.rpartition(".")
        if key not in self.tunables():
            raise KeyError(f"{key} is not a number that can be changed here; {_hint(key, self.tunables())}")
        self._change(place, {name: value})

    def patch(self, at: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """See `Steered`."""
        places = {f"arms.{place.replace('/', '.')}": place for place in self.groups()}
        if at not in places:
            raise KeyError(f"{at} is no place where something can be changed; {_hint(at, places)}")
        if not changes:
            raise ValueError(f"nothing is to be changed at {at}")
        return self._change(places[at], changes)

    def checkpoint(self) -> tuple[str, dict[str, Any]]:
        """See `Steered`."""
        raise ValueError("the checkpoints of a watched run are its own program's business")

    def _change(self, place: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        optimizer, group = self.groups()[place]
        fitting = {key: _fitting(f"{place}.{key}", group, key, value) for key, value in changes.items()}
        _try(optimizer, {**group, **fitting}, place)
        was = {key: _plain(group[key]) for key in changes}
        for key, value in fitting.items():
            if isinstance(group[key], Tensor):
                group[key].fill_(value)
            else:
                group[key] = value
        return was


def _fitting(name: str, group: Group, key: str, value: Any) -> Any:
    """The value in the type that the group has it in; raises KeyError or ValueError."""
    known = [each for each in group if each != "params"]
    if key not in known:
        raise KeyError(f"{name} is no setting of this optimizer; {_hint(key, known)}")
    was, number = group[key], isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(was, bool):
        fits = isinstance(value, bool)
    elif isinstance(was, tuple | list):
        fits = isinstance(value, list) and len(value) == len(was)
        fits = fits and all(isinstance(each, int | float) for each in value)
        value = type(was)(value) if fits else value
    elif isinstance(was, int | float | Tensor):
        fits = number and math.isfinite(value)
    else:
        fits = isinstance(value, type(was)) and was is not None
    if not fits:
        raise ValueError(f"{name} = {value!r:.60}: wanted something like {_plain(was)!r:.60}")
    return value


def _try(optimizer: Optimizer, settings: Group, place: str) -> None:
    """Let torch itself say whether such an optimiser may be; raises ValueError."""
    known = inspect.signature(type(optimizer).__init__).parameters
    given = {key: value for key, value in settings.items() if key in known and key != "params"}
    try:
        type(optimizer)([torch.zeros(1, requires_grad=True)], **given)
    except TypeError:
        return  # an optimiser that wants more than its settings
    except (ValueError, AssertionError) as error:
        raise ValueError(f"{place}: {str(error) or 'no such optimizer can be'}") from None


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, Tensor) else list(value) if isinstance(value, tuple) else value


def _hint(wanted: str, known: Mapping[str, Any] | Sequence[str]) -> str:
    near = difflib.get_close_matches(wanted, list(known), 1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(known) or 'none'}"
