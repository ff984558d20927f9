"""How weights are updated: by torch's optimiser where it has the rule, else by the lesson's own rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from tuilab.experiments.state import alike
from tuilab.parts.optimizers import OPTIMIZERS, asks_surface, rule_of
from tuilab.scenario.strict import Strict

Look = Callable[[], Tensor]
"""Finds loss and gradients of the batch looked at anew, with the weights as they are now."""
Rates = Sequence[tuple[Sequence[Tensor], float]]
"""Weights in groups, each with its learning rate as a multiple of the optimiser's. Weight decay is divided
by that, so that weights shrink at one rate everywhere."""

_TORCH = {
    "sgd": torch.optim.SGD,
    "momentum": torch.optim.SGD,
    "nesterov": torch.optim.SGD,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
}
_REMEMBERED = {
    torch.optim.SGD: {"momentum_buffer"},
    torch.optim.Adam: {"step", "exp_avg", "exp_avg_sq"},
    torch.optim.AdamW: {"step", "exp_avg", "exp_avg_sq"},
}
"""What torch's optimisers keep of each parameter, from their first step on."""


class Updater(Protocol):
    """An optimiser over all the weights of one network, and what it remembers of the way that they went."""

    @property
    def settings(self) -> Strict:
        """Those of the scenario's optimiser. Others count from the next step on; what is remembered stays."""

    @settings.setter
    def settings(self, settings: Strict) -> None: ...

    def step(self, lr: float, look: Look) -> None:
        """Update every weight from its gradient with this learning rate.

        Args:
            lr: the learning rate.
            look: for rules that want to know loss and gradients elsewhere.
        """

    def state(self) -> dict[str, Any]:
        """What is remembered, by the parameter's number where each has its own."""

    def load(self, state: Mapping[str, Any]) -> None:
        """Remember what `state` gave instead: copies, of the weights' types and where the weights lie.

        Raises:
            KeyError, ValueError, RuntimeError, IndexError: it is another optimiser's.
        """

    def to(self, device: torch.device) -> None:
        """Take what is remembered to a device that the weights have been taken to."""


def updater(rates: Rates, optimizer: Strict) -> Updater:
    """The one that a scenario's optimiser wants."""
    name = optimizer.model_dump()["name"]
    if asks_surface(OPTIMIZERS[name]):
        return WholeVector(rates, optimizer)
    return ByRule(rates, optimizer) if _as_torch(optimizer) is None else ByTorch(rates, optimizer)


class ByTorch:
    """One of torch's optimisers."""

    def __init__(self, rates: Rates, optimizer: Strict) -> None:
        self._factors = [factor for _, factor in rates]
        self._parameters = [parameter for group, _ in rates for parameter in group]
        make = _TORCH[optimizer.model_dump()["name"]]
        self._optimizer = make([{"params": list(group)} for group, _ in rates], lr=0.0, foreach=True)
        self.settings = optimizer

    @property
    def settings(self) -> Strict:
        """See `Updater`."""
        return self._settings

    @settings.setter
    def settings(self, settings: Strict) -> None:
        self._settings = settings
        for group, factor in zip(self._optimizer.param_groups, self._factors, strict=True):
            group.update(_as_torch(settings) or {})
            group["weight_decay"] /= factor

    def step(self, lr: float, look: Look) -> None:
        """See `Updater`."""
        for group, factor in zip(self._optimizer.param_groups, self._factors, strict=True):
            group["lr"] = lr * factor
        self._optimizer.step()

    def state(self) -> dict[str, Any]:
        """See `Updater`. Nothing before the first step."""
        return {str(number): kept for number, kept in self._optimizer.state_dict()["state"].items()}

    def load(self, state: Mapping[str, Any]) -> None:
        """See `Updater`."""
        loaded = {}
        for number, kept in state.items():
            parameter = self._parameters[int(number)]
            if kept and set(kept) != _REMEMBERED[type(self._optimizer)]:
                raise ValueError(f"{', '.join(kept)} is not what {type(self._optimizer).__name__} remembers")
            # The count of steps is one number, and stays on the CPU; all else is like the parameter.
            loaded[int(number)] = {
                name: tensor.clone() if name == "step" else alike(parameter.detach(), tensor)
                for name, tensor in kept.items()
            }
        groups = self._optimizer.state_dict()["param_groups"]
        self._optimizer.load_state_dict({"state": loaded, "param_groups": groups})

    def to(self, device: torch.device) -> None:
        """See `Updater`."""
        self.load(self.state())


class ByRule:
    """A rule of `parts.optimizers`, parameter by parameter; all at one rate, whatever the groups."""

    def __init__(self, rates: Rates, optimizer: Strict) -> None:
        self._parameters = [parameter for group, _ in rates for parameter in group]
        self.settings = optimizer
        self._memories = [self._rule(0.0).start(parameter.detach()) for parameter in self._parameters]

    def _rule(self, lr: float) -> Any:
        return rule_of({**self.settings.model_dump(), "lr": lr})

    @torch.no_grad()
    def step(self, lr: float, look: Look) -> None:
        """See `Updater`."""
        rule = self._rule(lr)
        for number, parameter in enumerate(self._parameters):
            if parameter.grad is not None:
                moved, self._memories[number] = rule.step(
                    parameter.detach(), parameter.grad, self._memories[number]
                )
                parameter.copy_(moved)

    def state(self) -> dict[str, Any]:
        """See `Updater`."""
        return {str(number): list(memory) for number, memory in enumerate(self._memories)}

    def load(self, state: Mapping[str, Any]) -> None:
        """See `Updater`."""
        self._memories = [
            tuple(alike(mine, kept) for mine, kept in zip(memory, state[str(number)], strict=True))
            for number, memory in enumerate(self._memories)
        ]

    def to(self, device: torch.device) -> None:
        """See `Updater`."""
        self._memories = [tuple(part.to(device) for part in memory) for memory in self._memories]


class WholeVector:
    """A rule of `parts.optimizers` that asks the loss again elsewhere, over all weights as one vector.

    Here that is L-BFGS: `torch.optim.LBFGS` taken a step at a time comes to rest early where ours does not.
    """

    def __init__(self, rates: Rates, optimizer: Strict) -> None:
        self._parameters = [parameter for group, _ in rates for parameter in group]
        self.settings = optimizer
        self._memory = self._rule(0.0).start(_joined(self._parameters))

    def _rule(self, lr: float) -> Any:
        return rule_of({**self.settings.model_dump(), "lr": lr})

    @torch.no_grad()
    def step(self, lr: float, look: Look) -> None:
        """See `Updater`."""
        x, g = _joined(self._parameters), _slope(self._parameters)
        there, self._memory = self._rule(lr).step(x, g, self._memory, _Loss(self._parameters, look))
        _spread(there, self._parameters)

    def state(self) -> dict[str, Any]:
        """See `Updater`. What the rule remembers, in its own order."""
        return {"memory": list(self._memory)}

    def load(self, state: Mapping[str, Any]) -> None:
        """See `Updater`."""
        self._memory = tuple(
            alike(mine, kept) for mine, kept in zip(self._memory, state["memory"], strict=True)
        )

    def to(self, device: torch.device) -> None:
        """See `Updater`."""
        self._memory = tuple(part.to(device) for part in self._memory)


class _Loss:
    """A batch's loss as a function of all weights, for as long as that batch is looked at."""

    def __init__(self, parameters: Sequence[Tensor], look: Look) -> None:
        self._parameters, self._look = parameters, look
        self._place: Tensor | None = None
        self._found: tuple[Tensor, Tensor]

    def value(self, p: Tensor) -> Tensor:
        return self._at(p)[0]

    def gradient(self, p: Tensor) -> Tensor:
        return self._at(p)[1]

    def hessian(self, p: Tensor) -> Tensor:
        raise NotImplementedError("a network's Hessian is not written down")

    def _at(self, p: Tensor) -> tuple[Tensor, Tensor]:
        """Loss and gradient, looked at once for both."""
        if self._place is not p:
            _spread(p, self._parameters)
            loss = self._look().detach()
            self._place, self._found = p, (loss, _slope(self._parameters))
        return self._found


def _as_torch(optimizer: Strict) -> dict[str, Any] | None:
    """The settings as torch's optimiser of that name calls them; None where it has no such rule."""
    settings = optimizer.model_dump()
    name = settings.pop("name")
    if name not in _TORCH or not settings.pop("bias_correction", True):
        return None
    if name in ("adam", "adamw"):
        settings["betas"] = (settings.pop("beta1"), settings.pop("beta2"))
    if name == "nesterov":
        settings["nesterov"] = True
    return settings


def _joined(parts: Iterable[Tensor]) -> Tensor:
    """One vector; a copy, for channels-last weights do not lie in the order in which they are counted."""
    return torch.cat([part.detach().flatten() for part in parts])


def _spread(vector: Tensor, parameters: Sequence[Tensor]) -> None:
    """The vector's numbers as the parameters', in place."""
    parts = vector.split([parameter.numel() for parameter in parameters])  # type: ignore[no-untyped-call]
    for parameter, part in zip(parameters, parts, strict=True):
        parameter.copy_(part.view(parameter.shape))


def _slope(parameters: Sequence[Tensor]) -> Tensor:
    return _joined(p.grad if p.grad is not None else torch.zeros_like(p) for p in parameters)
