"""Networks that classify, of any width and depth."""

from collections.abc import Callable

from tuilab.parts.models.convnet import convnet
from tuilab.parts.models.mlp import mlp
from tuilab.parts.models.network import Activate, Network

__all__ = ["MODELS", "Activate", "Network", "convnet", "mlp"]

MODELS: dict[str, Callable[..., Network]] = {"mlp": mlp, "convnet": convnet}
"""Every model by the name scenarios use: (input shape, classes, **settings) → network, not yet started."""
