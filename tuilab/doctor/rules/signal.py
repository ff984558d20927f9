"""How signals and gradients fare on their way through the layers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tuilab.doctor.course import Course, Floats
from tuilab.doctor.evidence import ByLayer, Evidence
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

STRANGERS_DEAD = 0.5
"""The same of a network that others made, of which a batch is seen: half a layer (Amazon SageMaker Debugger).
Trained rectifiers are silent for most examples, and of small layers many are in any batch."""
LEARNS = 0.5
"""Share of the first loss: a stranger's network that came below it learns, however its layers differ."""
STRANGERS_FADE, STRANGERS_GROW = 1e-3, 70.0
"""First ÷ last layer beyond which a stranger's network counts (AUTOTRAINER, ICSE 2021): its layers differ in
kind, and so do their norms, without any fault."""

WHOLLY = 0.99
"""Share of a layer's units above which it lets nothing through."""

_BOUNDED = ("sigmoid", "tanh")
_UNEQUAL = ("convnet", "resnet", "speedrun")
"""Networks whose layers hold ever fewer values: norms of gradients there differ without any fault."""


def activations_through_depth(evidence: Evidence) -> Iterator[Finding]:
    """Outputs that fade or grow layer by layer (Glorot & Bengio, AISTATS 2010, section 4.2)."""
    spread = evidence.layers("activation.std")
    for fades, told in _drifts(evidence, spread.values):
        yield _now(
            evidence,
            f"{'vanishing' if fades else 'exploding'} activations",
            spread,
            f"their spread goes {told}",
            f"make the weights {'larger' if fades else 'smaller'} (variance 1/fan_in for tanh, 2/fan_in for "
            "rectifiers), or normalise",
        )


def gradients_through_depth(evidence: Evidence) -> Iterator[Finding]:
    """Gradients that fade or grow on their way back (Pascanu et al., ICML 2013; Hochreiter, 1991)."""
    if evidence.network in _UNEQUAL:
        return
    norms = evidence.layers("gradient.norm")
    for fades, told in _drifts(evidence, norms.values[::-1]):
        yield _now(
            evidence,
            f"{'vanishing' if fades else 'exploding'} gradients",
            norms,
            f"from the last layer to the first their norm goes {told}",
            "choose an initialisation that suits the activation, or shortcuts, or normalise"
            + ("" if fades else "; clipping the gradient's norm treats the symptom"),
        )


def saturation(evidence: Evidence) -> Iterator[Finding]:
    """Bounded activations that sit on their flat parts."""
    if evidence.activation not in _BOUNDED:
        return
    found = evidence.layers("activation.saturated").above(SATURATED)
    if found.layers:
        yield _now(
            evidence,
            "saturation",
            found,
            f"{found.values.max():.0%} of the outputs lie where {evidence.activation} is flat",
            f"make the weights{' or the learning rate' if evidence.learns else ''} smaller, "
            "or normalise before the activation",
        )


def dead_units(evidence: Evidence) -> Iterator[Finding]:
    """Rectifiers that are zero for every example, and get no gradient to come back by (Lu et al., 2019)."""
    shares, exact = _dead(evidence)
    found = shares.above(STRANGERS_DEAD if evidence.stranger else DEAD)
    if found.layers:
        seen = "for the whole training set" if exact else "for a whole batch"
        worst = Course.of(evidence.recording, found.series[int(found.values.argmax())], evidence.step)
        remedy = "lower the learning rate" if evidence.learns else "normalise before the activation"
        if evidence.learns and worst is not None and worst.first()[1] > DEAD:
            seen += ", and many were from the first step on"
            remedy = "start from other weights"
        if evidence.learns and found.above(WHOLLY).layers:
            seen += "; through a layer that is dead altogether nothing is learned"
        yield _now(
            evidence,
            "dead units",
            found,
            f"{found.values.max():.0%} of a layer's units are zero {seen}",
            f"{remedy}, or take an activation that is flat nowhere (leaky ReLU, ELU)",
        )


def a_layer_is_dead(evidence: Evidence) -> bool:
    """Whether all units of a layer are."""
    return bool(_dead(evidence)[0].above(WHOLLY).layers)


def _dead(evidence: Evidence) -> tuple[ByLayer, bool]:
    """The share of dead units at every layer, and whether it is of the whole set rather than of a batch."""
    exact = evidence.layers("activation.dead.exact")
    return (exact, True) if exact.layers else (evidence.layers("activation.dead"), False)


def _now(evidence: Evidence, name: str, found: ByLayer, told: str, advice: str) -> Finding:
    """A finding about layers as they are at the moment."""
    return Finding(name, evidence.arm, (evidence.step, evidence.step), found.layers, told, advice)


def _drifts(evidence: Evidence, figures: Floats) -> Iterator[tuple[bool, str]]:
    """Whether figures fade, and how far, from layer to layer; nothing where they stay or it can't be told."""
    if len(figures) < 4 or not np.isfinite(figures).all() or figures.min() < 0 or figures[0] == 0:
        return
    loss = evidence.course("loss") if evidence.stranger else None
    if loss is not None and loss.fell(LEARNS):
        return
    total = max(float(figures[-1] / figures[0]), 1e-300)
    factor = total ** (1 / (len(figures) - 1))
    least, most = (STRANGERS_FADE, STRANGERS_GROW) if evidence.stranger else (1 / MATTERS, MATTERS)
    if not 1 / STEADY <= factor <= STEADY and not least <= total <= most:
        yield factor < 1, f"from {figures[0]:.3g} to {figures[-1]:.3g}, by {factor:.2f} a layer"
