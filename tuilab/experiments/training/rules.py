"""How weights are updated: by torch's optimiser where it has the rule, else by the lesson's own rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from tuilab.experiments.training.together import Together
from tuilab.parts.optimizers import GRADIENT_RULES
from tuilab.scenario.strict import Strict

_TORCH = {
    "sgd": torch.optim.SGD,
    "momentum": torch.optim.SGD,
    "nesterov": torch.optim.SGD,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
}


class Updates:
    """An optimiser over all the weights of one network.

    Args:
        rates: what it updates, in groups, each with its learning rate as a multiple of the optimiser's; its
            weight decay is divided by that, so that weights shrink at one rate everywhere.
        optimizer: the scenario's: a name and settings.
    """

    def __init__(self, rates: Sequence[tuple[Sequence[Tensor], float]], optimizer: Strict) -> None:
        parameters = [parameter for group, _ in rates for parameter in group]
        self._factors = [factor for _, factor in rates]
        settings = optimizer.model_dump()
        name = settings.pop("name")
        as_torch = _as_torch(name, settings)
        self._by_hand = as_torch is None
        self._rule: Any
        if name == "lbfgs":
            self._rule = Together(parameters, settings)
        elif as_torch is None:
            self._rule = _ByHand(parameters, name, settings)
        else:
            self._rule = _TORCH[name]([{"params": list(group)} for group, _ in rates], **as_torch)
            self._share_decay()

    def clear(self) -> None:
        """Forget the gradients."""
        self._rule.zero_grad()

    def step(self, lr: float, look: Callable[[], Tensor]) -> None:
        """Update every weight with this learning rate.

        Args:
            lr: the learning rate.
            look: finds loss and gradients of the same batch anew, for rules that want to know them elsewhere.
        """
        # Rules by hand have one group, whatever the rates: they are there to be compared, not to be fast.
        for group, factor in zip(self._rule.param_groups, self._factors, strict=False):
            group["lr"] = lr * factor
        if isinstance(self._rule, Together):
            self._rule.step(look)
        else:
            self._rule.step()

    def tune(self, optimizer: Strict) -> None:
        """Other settings from the next update on; what the optimiser remembers is kept."""
        settings = optimizer.model_dump()
        name = settings.pop("name")
        for group in self._rule.param_groups:
            group.update(settings if self._by_hand else _as_torch(name, settings) or {})
        self._share_decay()

    def _share_decay(self) -> None:
        for group, factor in zip(self._rule.param_groups, self._factors, strict=False):
            if factor != 1:
                group["weight_decay"] = group.get("weight_decay", 0.0) / factor

    def state(self) -> dict[str, Any]:
        """What the optimiser remembers of each parameter, by the parameter's number."""
        return {str(number): kept for number, kept in self._rule.state_dict()["state"].items()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` gave."""
        groups = self._rule.state_dict()["param_groups"]
        self._rule.load_state_dict(
            {"state": {int(number): kept for number, kept in state.items()}, "param_groups": groups}
        )


class _ByHand:
    """A rule of `parts.optimizers` behind the few methods of torch's that are used here."""

    def __init__(self, parameters: list[Tensor], name: str, settings: dict[str, Any]) -> None:
        self._build = GRADIENT_RULES[name]
        self.param_groups: list[dict[str, Any]] = [dict(settings)]
        self._parameters = parameters
        first = self._build(**settings)
        self._states = [first.start(parameter.detach()) for parameter in parameters]

    def zero_grad(self) -> None:
        for parameter in self._parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        rule = self._build(**self.param_groups[0])
        for number, parameter in enumerate(self._parameters):
            if parameter.grad is not None:
                state = self._states[number]
                moved, self._states[number] = rule.step(parameter.detach(), parameter.grad, state)
                parameter.copy_(moved)

    def state_dict(self) -> dict[str, Any]:
        """As torch's."""
        kept = {number: {str(k): t for k, t in enumerate(state)} for number, state in enumerate(self._states)}
        return {"state": kept, "param_groups": self.param_groups}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """As torch's."""
        for number, kept in state["state"].items():
            self._states[number] = tuple(kept.values())


def _as_torch(name: str, settings: dict[str, Any]) -> dict[str, Any] | None:
    """The settings as torch's optimiser of that name calls them; None where it has no such rule."""
    settings = dict(settings)
    if name not in _TORCH or not settings.pop("bias_correction", True):
        return None
    if name in ("adam", "adamw"):
        settings["betas"] = (settings.pop("beta1"), settings.pop("beta2"))
    if name == "nesterov":
        settings["nesterov"] = True
    return {**settings, "foreach": True}
