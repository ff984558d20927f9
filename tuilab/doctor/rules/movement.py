"""Whether weights move, and what keeps them from it. Of programs that are watched or whose logs were read."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tuilab.doctor.course import Course, Floats
from tuilab.doctor.evidence import Evidence
from tuilab.doctor.finding import Finding, Layer

STILL = 1e-5
"""Update ÷ weights: a hundredth of the customary 1e-3, as DeepDiagnosis has it (ICSE 2022)."""
FALLEN = 0.9
"""Share of the first loss: one above it has hardly fallen."""
HALF = 0.5
"""The same where part of the network was never meant to learn."""
NOTABLE = 1e-12
"""Norm of a gradient below which an update may be lost in rounding."""
SHRUNK = 0.1
"""Share of a layer's first norm."""
WIDE = 10.0
"""Standard deviation of a first layer's outputs."""
LEFT = 1e-3
"""Share of the gradient that clipping leaves: below it next to nothing."""
LOOKS = 2
"""Looks inside that are wanted before something is said of all of them."""
FLAT = 1e-6
"""Standard deviation below which outputs are one and the same in single precision."""
LEAP = 10.0
"""Times the first loss."""

_RATE_FREE = ("adam", "adamw", "rmsprop", "adagrad", "nadam", "radam", "adamax", "rprop", "lion")
"""Optimisers whose steps do not shrink with the gradient."""


def moves(evidence: Evidence) -> Iterator[Finding]:
    """Layers that do not move, each with its reason; TL011, TL013 to TL015, TL019, TL020."""
    if not evidence.stranger:
        return
    seen = {at: values for at, values in _looks(evidence, "update.ratio").items() if len(values) >= LOOKS}
    gradients = _looks(evidence, "weight_gradient.norm")
    frozen, cut_off = _frozen(evidence), _cut_off(evidence)
    still = [layer for layer, values in seen.items() if not values.any() and str(layer) not in frozen]
    idle = [at for at in still if str(at) in cut_off or (at in gradients and not gradients[at].any())]
    held = [at for at in still if at not in idle and (at not in gradients or gradients[at].max() > NOTABLE)]
    if held:
        yield _finding(
            evidence,
            "weights outside the optimiser",
            tuple(held),
            f"they never moved in {evidence.step} steps, and nothing keeps a gradient from them",
            "make the optimiser after the last layer was put in, or give it these parameters too",
        )
    if idle and len(idle) < len(seen):
        yield _finding(
            evidence,
            "no gradient",
            tuple(idle),
            "no gradient came to them at any look, while other layers have one",
            "look for detach, no_grad or .data between them and the loss, or for an output that can't change",
        )
    loss = evidence.course("loss")
    if frozen and loss is not None and not loss.fell(HALF):
        yield _finding(
            evidence,
            "frozen weights",
            tuple(layer for layer in seen if str(layer) in frozen),
            f"they do not require gradients, and the loss came from {loss.first()[1]:.3g} no further than "
            f"{loss.last():.3g}",
            "let them learn, unless they were trained before",
        )
    yield from _held_back(evidence, seen)
    norms = [
        values
        for values in _looks(evidence, "weight.norm").values()
        if len(values) >= LOOKS and values[0] > 0
    ]
    if norms and all(values[-1] < SHRUNK * values[0] for values in norms):
        yield _finding(
            evidence,
            "weights shrink away",
            (),
            f"every layer's weights came to less than {max(v[-1] / v[0] for v in norms):.2g} of their norm",
            "a smaller weight decay",
        )


def _frozen(evidence: Evidence) -> set[str]:
    """Layers none of whose parameters require gradients, as the program was when it began."""
    network = evidence.setup.get("network", {})
    named = network.get("frozen") if isinstance(network, dict) else None
    return (
        {str(name).rpartition(".")[0] for name in named if str(name).endswith("weight")}
        if isinstance(named, list)
        else set()
    )


def _cut_off(evidence: Evidence) -> set[str]:
    """Layers whose parameters the watcher found without any gradient."""
    told = [event.data.get("parameters") for event in evidence.events("no-gradient")]
    return {str(name).rpartition(".")[0] for names in told if isinstance(names, list) for name in names}


def no_progress(evidence: Evidence) -> Iterator[Finding]:
    """A loss that stays where it began, whatever the reason; TL022.

    Of one network alone: of two that play against each other neither's has to fall.
    """
    loss = evidence.course("loss")
    arms = evidence.recording.header.get("arms")
    alone = isinstance(arms, list) and len(arms) == 1
    if not evidence.stranger or not alone or loss is None or loss.first()[1] <= 0:
        return
    if not loss.fell(FALLEN) and loss.fell(1 / FALLEN):
        yield _finding(
            evidence,
            "no progress",
            (),
            f"the loss was {loss.first()[1]:.3g} and is {loss.last():.3g} after {evidence.step} steps",
            "check that labels belong to their inputs, then a higher learning rate, by tenfold at a time",
        )


def unscaled_inputs(evidence: Evidence) -> Iterator[Finding]:
    """A first layer whose outputs are far too wide before anything was learned; TL021.

    torch draws weights with a variance of 1 ÷ (3 · fan_in), so a first layer's outputs have a third of the
    inputs' mean square: above 10 the root of that is above 17.
    """
    if not evidence.stranger or not (spread := _looks(evidence, "activation.std")):
        return
    layer, values = next(iter(spread.items()))
    if _kind(evidence, layer).startswith(("Linear", "Conv")) and values[0] > WIDE:
        yield _finding(
            evidence,
            "inputs not scaled",
            (layer,),
            f"the first layer's outputs had a standard deviation of {values[0]:.3g} at the first look",
            "subtract each input's mean and divide by its standard deviation, both of the training split",
        )


def _held_back(evidence: Evidence, seen: dict[Layer, Floats]) -> Iterator[Finding]:
    """All layers hardly move: clipped away, or a rate that is too low."""
    loss = evidence.course("loss")
    clipped, whole = evidence.course("gradient.global_norm.clipped"), evidence.course("gradient.global_norm")
    if clipped is not None and whole is not None and _optimizer(evidence) not in _RATE_FREE:
        (steps, after), (before_steps, before) = (
            clipped.window(0, evidence.step + 1),
            whole.window(0, evidence.step + 1),
        )
        _, mine, theirs = np.intersect1d(steps, before_steps, return_indices=True)
        share = after[mine] / np.maximum(before[theirs], 1e-300)
        if len(share) >= LOOKS and np.median(share) < LEFT:
            yield _finding(
                evidence,
                "gradient clipped away",
                (),
                f"clipping leaves {np.median(share):.2g} of the gradient's norm at most steps",
                "clip at a norm near what the gradient usually has, such as 1",
            )
            return
    if not seen or loss is None or evidence.step < 10:
        return
    largest = max(float(np.median(values)) for values in seen.values())
    first, last = loss.first()[1], loss.last()
    if 0 < largest < STILL and np.isfinite(last) and last > FALLEN * first > 0:
        yield _finding(
            evidence,
            "weights that hardly move",
            (),
            f"no layer's updates are more than {largest:.2g} of its weights; the loss went from {first:.3g} "
            f"to {last:.3g}",
            "a higher learning rate, by tenfold at a time, until the loss falls",
        )


def constant_output(evidence: Evidence) -> Iterator[Finding]:
    """A last layer that says the same whatever it is given; TL016."""
    if not evidence.stranger:
        return
    spread = _looks(evidence, "activation.std")
    if len(spread) < 2:
        return
    layer, values = list(spread.items())[-1]
    later = values[1:]
    # Before the first step a layer of zero weights says nothing yet either; a softmax never is one thing.
    enough = len(later) >= LOOKS and (later < FLAT).all()
    if enough or (_kind(evidence, layer) == "Softmax" and (values < FLAT).all()):
        yield _finding(
            evidence,
            "constant output",
            (layer,),
            f"its outputs' standard deviation is {values[-1]:.2g}",
            "no softmax over a single unit, no rectifier at the output; an output that can reach the targets",
        )


def leapt(evidence: Evidence) -> Iterator[Finding]:
    """A loss that leapt and did not come back; TL017, and TL001 where it is no number any more."""
    if not evidence.stranger:
        return
    loss = evidence.course("loss")
    if loss is None:
        return
    spans = loss.spans
    if spans.nonfinite.any():
        step = int(spans.steps[int(np.flatnonzero(spans.nonfinite)[0])])
        if not evidence.events("diverged"):
            yield _finding(
                evidence,
                "divergence",
                (),
                f"the loss became NaN or infinite by step {step}",
                "a lower learning rate, inputs of unit scale, a logarithm that is never given 0",
                step,
            )
        return
    (_, first), (step, highest) = loss.first(), loss.highest()
    if first > 0 and highest > LEAP * first and loss.last() > first:
        yield _finding(
            evidence,
            "learning rate too high",
            (),
            f"the loss leapt from {first:.3g} to {highest:.3g} at step {step} and is {loss.last():.3g} now",
            "a lower learning rate, or inputs and targets of unit scale",
            step,
        )


def softmax_twice(evidence: Evidence) -> Iterator[Finding]:
    """Cross entropy of probabilities that are taken for scores; TL018."""
    loss = evidence.course("loss")
    if not evidence.stranger or loss is None or evidence.step < 50:
        return
    means = _looks(evidence, "activation.mean")
    if not means:
        return
    last = list(means)[-1]
    if _kind(evidence, last) != "Softmax":
        return
    mean = float(means[last][0])
    classes = round(1 / mean) if mean > 0 else 0
    if classes < 2 or abs(1 / mean - classes) > 0.05 * classes:
        return
    first, lowest = loss.first()[1], loss.lowest()[1]
    floor = float(np.log(np.e + classes - 1) - 1)
    if abs(first - np.log(classes)) < 0.05 * np.log(classes) and lowest >= floor:
        yield _finding(
            evidence,
            "softmax twice",
            (last,),
            f"the loss of {classes} classes began at {first:.3g} and never fell below {floor:.3g}, "
            "the least that a softmax of probabilities allows",
            "give the loss the scores that the softmax is made of",
        )


def _finding(
    evidence: Evidence, name: str, layers: tuple[Layer, ...], told: str, advice: str, step: int = 0
) -> Finding:
    return Finding(name, evidence.arm, (step, evidence.step), layers, told, advice)


def _looks(evidence: Evidence, metric: str) -> dict[Layer, Floats]:
    """All values of a metric at each layer, NaN left out."""
    found = evidence.layers(metric)
    values: dict[Layer, Floats] = {}
    for layer, name in zip(found.layers, found.series, strict=True):
        course = Course.of(evidence.recording, name, evidence.step)
        if course is not None:
            read = course.window(0, evidence.step + 1)[1]
            values[layer] = read[~np.isnan(read)]
    return {layer: each for layer, each in values.items() if len(each)}


def _optimizer(evidence: Evidence) -> str:
    optimizer = evidence.setup.get("optimizer", {})
    return str(optimizer.get("name", "")) if isinstance(optimizer, dict) else ""


def _kind(evidence: Evidence, layer: Layer) -> str:
    """The class of a layer's module."""
    kinds = evidence.recording.header.get("layers")
    layers = kinds.get(evidence.arm) if isinstance(kinds, dict) else None
    return str(layers.get(str(layer), "")) if isinstance(layers, dict) else ""
