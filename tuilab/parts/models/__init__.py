"""Networks that classify, of any width and depth."""

from collections.abc import Callable

from tuilab.parts.models.convnet import convnet
from tuilab.parts.models.mlp import mlp
from tuilab.parts.models.network import Activate, Network
from tuilab.parts.models.resnet import resnet
from tuilab.parts.models.speedrun import speedrun

__all__ = ["MODELS", "Activate", "Network", "convnet", "mlp", "resnet", "speedrun"]

MODELS: dict[str, Callable[..., Network]] = {
    "mlp": mlp,
    "convnet": convnet,
    "resnet": resnet,
    "speedrun": speedrun,
}
"""Every model by the name scenarios use: (input shape, classes, **settings) → network, not yet started."""
