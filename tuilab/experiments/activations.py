"""From an activation as a checked scenario has it to the activation."""

from __future__ import annotations

from tuilab.parts.activations import Activation, activation_of
from tuilab.scenario.parts.activations import ActivationSpec


def activation(spec: ActivationSpec) -> Activation:
    """The activation that a scenario names, or describes in a table."""
    return activation_of(spec if isinstance(spec, str) else spec.model_dump())
