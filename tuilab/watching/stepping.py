"""The optimisers of a watched loop: which network each updates, how often it did, and at what rate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from tuilab.watching.arm import Arm
from tuilab.watching.optimizers import Settings

Hook = Callable[[Optimizer, Any, Any], None]


class Stepping:
    """Hooks at the steps of optimisers.

    Args:
        arms: the networks.
        optimizers: those whose steps count; none: all that update one of the networks, by global hooks.
        before: called before each step.
        after: called after it.

    Attributes:
        settings: of all optimisers that have been met.
    """

    def __init__(
        self, arms: Sequence[Arm], optimizers: Sequence[Optimizer], before: Hook, after: Hook
    ) -> None:
        self.settings = Settings()
        self._arms, self._given = arms, bool(optimizers)
        self._counts: WeakKeyDictionary[Optimizer, int] = WeakKeyDictionary()
        self._of: WeakKeyDictionary[Optimizer, list[Arm]] = WeakKeyDictionary()
        self._rates: list[tuple[str, dict[str, Any]]] = []
        self._owners: dict[int, str] = {}
        self._handles: list[Any] = []
        for optimizer in optimizers:
            self.meet(optimizer, 0)
            self._handles.append(optimizer.register_step_pre_hook(before))
            self._handles.append(optimizer.register_step_post_hook(after))
        if not optimizers and any(arm.root is not None for arm in arms):
            self._handles = [
                register_optimizer_step_pre_hook(before),
                register_optimizer_step_post_hook(after),
            ]

    def meet(self, optimizer: Optimizer, step: int) -> list[Arm]:
        """The arms whose weights it updates; its steps are counted from `step` if it is new."""
        found = self._of.get(optimizer)
        if found is None:
            found = [arm for arm in self._arms if arm.owns(optimizer)]
            if not found and self._given:
                found = list(self._arms[:1])
            self._of[optimizer] = found
            self._counts[optimizer] = step
            for arm in found[:1]:
                self.settings.optimizers.append((arm.name, optimizer))
            self.learn_names()
        return found

    def count(self, optimizer: Optimizer) -> int:
        """How many steps it has made."""
        return self._counts[optimizer]

    def stepped(self, optimizer: Optimizer) -> int:
        """It has made one more; returns how many these are."""
        self._counts[optimizer] += 1
        return self._counts[optimizer]

    def learn_names(self) -> None:
        """What is looked up at every step, looked up once: rates by series, arms by parameters."""
        groups = [group for _, group in self.settings.groups().values() if "lr" in group]
        self._rates = list(zip(self.settings.rates(), groups, strict=True))
        roots = [(arm.name, arm.root) for arm in self._arms if arm.root is not None]
        self._owners = {id(p): name for name, root in roots for p in root.parameters()}

    def owner(self, parameter: Tensor) -> str | None:
        """The arm that a parameter is of."""
        return self._owners.get(id(parameter))

    def rates(self, all_of_them: bool) -> dict[str, float]:
        """Series name → learning rate; of those that are tensors, and may be waited for, when asked for."""
        return {
            name: float(group["lr"])
            for name, group in self._rates
            if all_of_them or not isinstance(group["lr"], Tensor)
        }

    def close(self) -> None:
        """Take the hooks away."""
        for handle in self._handles:
            handle.remove()
        self._handles = []
