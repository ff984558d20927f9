"""How weights are updated: by torch's optimiser where it has the rule, else by the lesson's own rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from tuilab.parts.optimizers import GRADIENT_RULES
from tuilab.scenario.strict import Strict

_TORCH = {
    "sgd": torch.optim.SGD,
    "momentum": torch.optim.SGD,
    "nesterov": torch.optim.SGD,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "lbfgs": torch.optim.LBFGS,
}


class Updates:
    """An optimiser over all the weights of one network.

    Args:
        parameters: what it updates.
        optimizer: the scenario's: a name and settings.
    """

    def __init__(self, parameters: Iterable[Tensor], optimizer: Strict) -> None:
        self._parameters = list(parameters)
        settings = optimizer.model_dump()
        name = settings.pop("name")
        as_torch = _as_torch(name, settings)
        self._by_hand = as_torch is None
        self._rule = (
            _ByHand(self._parameters, name, settings)
            if as_torch is None
            else _TORCH[name](self._parameters, **as_torch)
        )

    def clear(self) -> None:
        """Forget the gradients."""
        self._rule.zero_grad()

    def step(self, lr: float, look: Callable[[], Tensor]) -> None:
        """Update every weight with this learning rate.

        Args:
            lr: the learning rate.
            look: finds loss and gradients of the same batch anew, for rules that want to know them elsewhere.
        """
        for group in self._rule.param_groups:
            group["lr"] = lr
        if isinstance(self._rule, torch.optim.LBFGS):
            self._rule.step(look)  # type: ignore[no-untyped-call]
        else:
            self._rule.step()

    def tune(self, optimizer: Strict) -> None:
        """Other settings from the next update on; what the optimiser remembers is kept."""
        settings = optimizer.model_dump()
        name = settings.pop("name")
        for group in self._rule.param_groups:
            group.update(settings if self._by_hand else _as_torch(name, settings) or {})

    def memory(self) -> dict[str, Tensor]:
        """What the optimiser remembers, by names such as `3.exp_avg`: weight 3's first moment."""
        found = {}
        for number, parameter in enumerate(self._parameters):
            for key, value in self._rule.state.get(parameter, {}).items():
                if value is not None:
                    found[f"{number}.{key}"] = torch.as_tensor(value)
        return found

    @torch.no_grad()
    def remember(self, memory: dict[str, Tensor]) -> None:
        """Take over what `memory` gave."""
        for name, value in memory.items():
            number, _, key = name.partition(".")
            self._rule.state[self._parameters[int(number)]][key] = value.clone()


class _ByHand:
    """A rule of `parts.optimizers` behind the few methods of torch's that are used here."""

    def __init__(self, parameters: list[Tensor], name: str, settings: dict[str, Any]) -> None:
        self._build = GRADIENT_RULES[name]
        self.param_groups: list[dict[str, Any]] = [dict(settings)]
        self._parameters = parameters
        first = self._build(**settings)
        self.state: dict[Tensor, dict[str, Tensor]] = {
            parameter: {str(k): value for k, value in enumerate(first.start(parameter.detach()))}
            for parameter in parameters
        }

    def zero_grad(self) -> None:
        for parameter in self._parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        rule = self._build(**self.param_groups[0])
        for parameter in self._parameters:
            if parameter.grad is not None:
                state = tuple(self.state[parameter].values())
                moved, state = rule.step(parameter.detach(), parameter.grad, state)
                parameter.copy_(moved)
                self.state[parameter] = {str(k): value for k, value in enumerate(state)}


def _as_torch(name: str, settings: dict[str, Any]) -> dict[str, Any] | None:
    """The settings as torch's optimiser of that name calls them; None where it has no such rule."""
    settings = dict(settings)
    if name not in _TORCH or not settings.pop("bias_correction", True):
        return None
    if name in ("adam", "adamw"):
        settings["betas"] = (settings.pop("beta1"), settings.pop("beta2"))
    if name == "nesterov":
        settings["nesterov"] = True
    if name == "lbfgs":
        search = "strong_wolfe" if settings["line_search"] else None
        one_step = {"max_iter": 1, "tolerance_grad": 0.0, "tolerance_change": 0.0}
        return {
            "history_size": settings["history"],
            "line_search_fn": search,
            **one_step,
            "lr": settings["lr"],
        }
    return {**settings, "foreach": True}
