"""Activation functions that a scenario can name."""

from __future__ import annotations

from typing import Literal

ActivationName = Literal["identity", "tanh", "relu", "sigmoid"]
