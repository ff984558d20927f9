"""Activation functions: x = φ(h), and what a unit passes back, φ'(h).

`ACTIVATIONS["tanh"]` has its default settings, `activation("leaky_relu", slope=0.1)` has settings of its own,
and `activation_of` takes either as a scenario writes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tuilab.parts.activations.base import Activation
from tuilab.parts.activations.exponential import ELU, SELU
from tuilab.parts.activations.gated import GELU, GELUTanh, QuickGELU, SiLU
from tuilab.parts.activations.gaussian_poincare import GPN
from tuilab.parts.activations.rectifiers import LeakyReLU, Maxout, PReLU, ReLU
from tuilab.parts.activations.squashing import Identity, Sigmoid, Tanh

__all__ = ["ACTIVATIONS", "KINDS", "Activation", "activation", "activation_of"]

KINDS: dict[str, Callable[..., Activation]] = {
    "identity": Identity,
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "relu": ReLU,
    "leaky_relu": LeakyReLU,
    "prelu": PReLU,
    "elu": ELU,
    "selu": SELU,
    "gelu": GELU,
    "gelu_tanh": GELUTanh,
    "quick_gelu": QuickGELU,
    "silu": SiLU,
    "maxout": Maxout,
}
"""What makes each activation, by the name scenarios use; settings are keyword arguments."""

ACTIVATIONS: dict[str, Activation] = {name: kind() for name, kind in KINDS.items()}
"""Every activation with its default settings, by the name scenarios use."""


def activation(name: str, **settings: Any) -> Activation:
    """The activation of that name with these settings, as `KINDS` takes them.

    The name "gpn" makes the Gaussian–Poincaré-normalised form of another: `of` is that one's name or table.

    Raises:
        KeyError: there is no activation of that name.
        TypeError: it has no such setting.
    """
    if name == "gpn":
        return GPN(activation_of(settings.pop("of")), **settings)
    return KINDS[name](**settings) if settings or name not in ACTIVATIONS else ACTIVATIONS[name]


def activation_of(spec: str | Mapping[str, Any]) -> Activation:
    """An activation as scenarios write it: a name, or a table of a name and settings."""
    return ACTIVATIONS[spec] if isinstance(spec, str) else activation(**spec)
