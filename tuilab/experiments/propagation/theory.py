"""What mean-field theory says of an arm, as the series that go with its measurements."""

from __future__ import annotations

import math

from tuilab.experiments.activations import activation
from tuilab.experiments.propagation.weights import gains, law_of
from tuilab.parts.mean_field import jacobian_spread, predict
from tuilab.scenario.kinds.propagation import PropagationProbes, PropagationSetup
from tuilab.scenario.strict import Strict


def predicted(setup: PropagationSetup, init: Strict, probes: PropagationProbes) -> dict[str, float]:
    """Every METRIC.predicted of one arm; none for constant weights: theory wants independent ones.

    Args:
        setup: the arm's network and batch.
        init: its initializer, as it is now.
        probes: what else is measured.
    """
    law, network = law_of(init), setup.network
    if law == "ones":
        return {}
    passed = gains(network, init)
    layers = predict(passed, activation(network.activation), network.norm, setup.input**2)
    first, *widths = network.layer_widths
    values: dict[str, float] = {}
    at_outputs = [math.sqrt(setup.batch * network.places * widths[-1])]
    for layer in layers[:0:-1]:
        at_outputs.insert(0, at_outputs[0] * math.sqrt(layer.growth))
    for number, (layer, width, norm) in enumerate(zip(layers, widths, at_outputs, strict=True), 1):
        square = setup.batch * network.places * width * layer.mean_square
        values[f"activation.std.predicted/{number}"] = layer.std
        values[f"activation.norm.predicted/{number}"] = math.sqrt(square)
        values[f"gradient.norm.predicted/{number}"] = norm
    values["activation.ratio.predicted"] = (
        math.sqrt(layers[-1].mean_square * widths[-1] / first) / setup.input
    )
    values["gradient.ratio.predicted"] = math.prod(math.sqrt(layer.growth) for layer in layers)
    if probes.weights:
        for number, (gain, width) in enumerate(zip(passed, [first, *widths], strict=False), 1):
            values[f"weight.std.predicted/{number}"] = math.sqrt(gain / (width * network.area))
    if probes.jacobian and network.norm == "none" and {first} == set(widths):
        values["jacobian.rms.predicted"] = values["gradient.ratio.predicted"]
        values["jacobian.spread.predicted"] = jacobian_spread(layers, law == "orthogonal")
    return values
