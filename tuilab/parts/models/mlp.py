"""The multilayer perceptron."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from tuilab.parts.activations import activation_of
from tuilab.parts.dropout import Dropout
from tuilab.parts.models.layers import linear
from tuilab.parts.models.network import Activate, Network, Spec, normalization, normalizes


def mlp(
    shape: Sequence[int],
    classes: int,
    width: int = 512,
    depth: int = 2,
    widths: Sequence[int] | None = None,
    activation: Spec = "relu",
    norm: Spec = "none",
    bias: bool = True,
    dropout: float = 0.0,
) -> Network:
    """Hidden layers of a linear map, a normalisation, the activation and dropout, on flattened inputs.

    Args:
        shape: of one input.
        classes: how many scores.
        width: units in each hidden layer.
        depth: hidden layers.
        widths: every hidden layer's units; replaces width and depth.
        activation: φ.
        norm: the normalisation between linear map and φ; it makes a bias of its own.
        bias: whether hidden layers without normalisation have one.
        dropout: probability that a hidden unit is dropped.
    """
    sizes = [math.prod(shape), *(widths or [width] * depth)]
    hidden: list[nn.Module] = [nn.Flatten()] if len(sizes) > 1 else []
    for fan_in, fan_out in pairwise(sizes):
        parts: OrderedDict[str, nn.Module] = OrderedDict()
        maps = fan_out * activation_of(activation).pieces
        parts["linear"] = linear(fan_in, maps, bias=bias and not normalizes(norm))
        if normalizes(norm):
            parts["norm"] = normalization(norm, maps)
        parts["activation"] = Activate(activation)
        if dropout:
            parts["dropout"] = Dropout(dropout)
        hidden.append(nn.Sequential(parts))
    return Network(hidden, sizes[-1], classes)
