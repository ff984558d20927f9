"""L-BFGS over all weights of a network at once, as one vector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from tuilab.parts.optimizers import LBFGS


class Together:
    """The rule of `parts.optimizers` behind the few methods of torch's that are used here.

    `torch.optim.LBFGS` taken a step at a time comes to rest early where this does not.

    Args:
        parameters: the weights.
        settings: of L-BFGS.
    """

    def __init__(self, parameters: list[Tensor], settings: dict[str, Any]) -> None:
        self.param_groups: list[dict[str, Any]] = [dict(settings)]
        self._parameters = parameters
        self._state = LBFGS(**settings).start(parameters_to_vector(parameters).detach())

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self._parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self, look: Callable[[], Tensor]) -> None:
        """One step from where the weights and their gradients are; `look` finds both anew elsewhere."""
        rule = LBFGS(**self.param_groups[0])
        x, g = parameters_to_vector(self._parameters), _slope(self._parameters)
        seen = _Seen(self._parameters, look)
        there, self._state = rule.step(x, g, self._state, seen)
        vector_to_parameters(there, self._parameters)

    def state_dict(self) -> dict[str, Any]:
        """As torch's."""
        kept = {str(k): tensor for k, tensor in enumerate(self._state)}
        return {"state": {0: kept}, "param_groups": self.param_groups}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """As torch's."""
        self._state = tuple(state["state"][0].values())


class _Seen:
    """A batch's loss as a function of all weights, for as long as that batch is looked at."""

    def __init__(self, parameters: list[Tensor], look: Callable[[], Tensor]) -> None:
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
            vector_to_parameters(p, self._parameters)
            loss = self._look().detach()
            self._place, self._found = p, (loss, _slope(self._parameters))
        return self._found


def _slope(parameters: list[Tensor]) -> Tensor:
    return torch.cat([(p.grad if p.grad is not None else torch.zeros_like(p)).flatten() for p in parameters])
