"""How signals and gradients fare on their way through the layers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tuilab.doctor.evidence import Evidence, Floats
from tuilab.doctor.finding import Finding

STEADY = 1.2
"""A factor a layer within 1/1.2 … 1.2 is left alone: tanh under Xavier's weights has 0.87, and trains;
weights of half the right spread have 0.5."""
MATTERS = 4.0
"""…unless it adds up to less than this over the whole depth."""
SATURATED = 0.25
"""Share of a bounded activation's outputs on its flat parts; unit Gaussian preactivations have .8 % beyond
tanh's ±.99, and weights that are five times too large 33 %."""
DEAD = 0.1
"""Share of a layer's units. He-initialised rectifiers start with none."""

_BOUNDED = ("sigmoid", "tanh")
_UNEQUAL = ("convnet", "resnet", "speedrun")
"""Networks whose layers hold ever fewer values: norms of gradients there differ without any fault."""


def activations_through_depth(evidence: Evidence) -> Iterator[Finding]:
    """Outputs that fade or grow layer by layer (Glorot & Bengio, AISTATS 2010, section 4.2)."""
    spread = evidence.layers("activation.std")
    for fades, told in _drifts(spread):
        yield _everywhere(
            evidence,
            f"{'vanishing' if fades else 'exploding'} activations",
            f"their spread goes {told}",
            f"make the weights {'larger' if fades else 'smaller'} (variance 1/fan_in for tanh, 2/fan_in for "
            "rectifiers), or normalise",
            len(spread),
        )


def gradients_through_depth(evidence: Evidence) -> Iterator[Finding]:
    """Gradients that fade or grow on their way back (Pascanu et al., ICML 2013; Hochreiter, 1991)."""
    norms = evidence.layers("gradient.norm") if evidence.network not in _UNEQUAL else np.empty(0)
    for fades, told in _drifts(norms[::-1]):
        yield _everywhere(
            evidence,
            f"{'vanishing' if fades else 'exploding'} gradients",
            f"from the last layer to the first their norm goes {told}",
            "choose an initialisation that suits the activation, or shortcuts, or normalise"
            + ("" if fades else "; clipping the gradient's norm treats the symptom"),
            len(norms),
        )


def saturation(evidence: Evidence) -> Iterator[Finding]:
    """Bounded activations that sit on their flat parts."""
    if evidence.activation() not in _BOUNDED:
        return
    shares = evidence.layers("activation.saturated")
    layers = np.flatnonzero(shares > SATURATED)
    if len(layers):
        yield Finding(
            "saturation",
            evidence.arm,
            (evidence.step, evidence.step),
            tuple((layers + 1).tolist()),
            f"{shares[layers].max():.0%} of the outputs lie where {evidence.activation()} is flat",
            f"make the weights{' or the learning rate' if evidence.learns else ''} smaller, "
            "or normalise before the activation",
        )


def dead_units(evidence: Evidence) -> Iterator[Finding]:
    """Rectifiers that are zero for every example, and get no gradient to come back by (Lu et al., 2019)."""
    exact = evidence.layers("activation.dead.exact")
    shares = exact if len(exact) else evidence.layers("activation.dead")
    layers = np.flatnonzero(shares > DEAD)
    if len(layers):
        seen = "for the whole training set" if len(exact) else "for a whole batch"
        worst = int(layers[shares[layers].argmax()]) + 1
        _, course = evidence.series(f"activation.dead{'.exact' if len(exact) else ''}/{worst}")
        remedy = "lower the learning rate" if evidence.learns else "normalise before the activation"
        if evidence.learns and course[0] > DEAD:
            seen += ", and many were from the first step on"
            remedy = "start from other weights"
        yield Finding(
            "dead units",
            evidence.arm,
            (evidence.step, evidence.step),
            tuple((layers + 1).tolist()),
            f"{shares[layers].max():.0%} of a layer's units are zero {seen}",
            f"{remedy}, or take an activation that is flat nowhere (leaky ReLU, ELU)",
        )


def _everywhere(evidence: Evidence, name: str, told: str, advice: str, layers: int) -> Finding:
    """A finding about all layers, now."""
    moment = (evidence.step, evidence.step)
    return Finding(name, evidence.arm, moment, tuple(range(1, layers + 1)), told, advice)


def _drifts(figures: Floats) -> Iterator[tuple[bool, str]]:
    """Whether figures fade, and how far, from layer to layer; nothing where they stay or it can't be told."""
    if len(figures) < 4 or not np.isfinite(figures).all() or figures.min() < 0 or figures[0] == 0:
        return
    total = max(float(figures[-1] / figures[0]), 1e-300)
    factor = total ** (1 / (len(figures) - 1))
    if not 1 / STEADY <= factor <= STEADY and not 1 / MATTERS <= total <= MATTERS:
        yield factor < 1, f"from {figures[0]:.3g} to {figures[-1]:.3g}, by {factor:.2f} a layer"
