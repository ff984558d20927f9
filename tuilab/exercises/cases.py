"""What an exercise is tried on: settings, and the values that a part makes of them, one after the other."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from tuilab.exercises.tasks import Exercise
from tuilab.parts.initializers import LAWS, Initializer, fans
from tuilab.parts.optimizers import Rule, SurfaceRule, advance, asks_surface
from tuilab.parts.randomness import stream
from tuilab.parts.surfaces import SURFACES

Values = Iterator[tuple[str, Any]]
"""Where a value is from, and the value."""

_OTHERS: dict[str, list[Any]] = {
    "lr": [0.03],
    "momentum": [0.5],
    "dampening": [0.3],
    "weight_decay": [0.1],
    "beta1": [0.5],
    "beta2": [0.9],
    "alpha": [0.5],
    "eps": [0.01],
    "bias_correction": [False],
    "damping": [0.1],
    "factor": [0.5],
    "history": [3],
    "line_search": [False],
    "value": [0.3],
    "std": [0.5],
    "bound": [0.5],
    "gain": [2.0],
    "mode": ["fan_avg", "fan_out"],
    "nonlinearity": ["tanh", "leaky_relu"],
    "slope": [0.3],
    "slopes": [[-1.0, 0.0, 2.0]],
    "groups": [3],
    "at": [[0.5]],
    "scale": [0.1],
    "end": [0.3],
    "peak": [0.5],
    "start": [0.5],
    "share": [0.25],
    "then": [{"name": "linear"}],
    "strength": [0.3],
    "beta": [0.3],
    "proximal": [False],
}
"""What settings are tried besides their defaults."""
_WITH: dict[str, dict[str, Any]] = {
    "slopes": {"offsets": [0.0, 0.5, -1.0]},
    "slope": {"nonlinearity": "leaky_relu"},
}
"""What another setting has to be for one to matter, where the part has it."""
_NEEDED: dict[str, Any] = {"lr": 0.1, "then": {"name": "cosine"}}
"""Settings without a default."""


def settings_of(exercise: Exercise) -> list[tuple[str, dict[str, Any]]]:
    """The settings to be tried, with words for each: the defaults, then these with one changed."""
    parameters = inspect.signature(exercise.source).parameters
    base = {name: value for name, value in _NEEDED.items() if name in parameters}
    if exercise.family == "optimizer" and exercise.part in ("newton", "lbfgs"):
        base.pop("lr", None)
    found = [("settings as they are", base)]
    for name in parameters:
        for value in _OTHERS.get(name, []):
            if name == "mode" and (value == "fan_avg") != exercise.part.startswith("xavier"):
                continue
            with_it = {k: v for k, v in _WITH.get(name, {}).items() if k in parameters}
            value = 3.0 if (name, exercise.part) == ("factor", "damped_newton") else value
            found.append((f"{name} = {value}", {**base, **with_it, name: value}))
    return found


def optimizer(made: Callable[..., Any], settings: dict[str, Any]) -> Values:
    """Where a rule goes: by gradients that are drawn, or on Rosenbrock's surface if it asks one."""
    rule: Rule | SurfaceRule = made(**settings)
    surface = SURFACES["rosenbrock"]() if asks_surface(type(rule)) else None
    if surface is not None:
        x = torch.tensor([[-1.2, 1.0], [0.5, 1.5], [2.0, -1.0]], dtype=torch.float64)
    else:
        x = _drawn("x", 3, 4)
    state = rule.start(x)
    yield "start: x", x
    for step in range(1, 11 if surface is not None else 21):
        g = surface.gradient(x) if surface is not None else _drawn("g", 3, 4, number=step)
        x, state = advance(rule, x, g, state, surface)
        yield f"step {step}: x", x


def init(made: Any, settings: dict[str, Any]) -> Values:
    """Scales and weights of some layers."""
    scale, law = made if isinstance(made, Initializer) else (made, "gaussian")
    draw = LAWS[law] if isinstance(law, str) else law
    for shape in ((64, 32), (8, 64), (16, 8, 3, 3)):
        fan_in, fan_out = fans(torch.empty(shape))
        size = scale(fan_in, fan_out, **settings)
        yield f"scale for fan_in {fan_in}, fan_out {fan_out}", _number(size)
        rows, columns = shape[0], torch.empty(shape[1:]).numel()
        yield f"weights {shape}", size * draw(rows, columns, stream(0, "exercise", *shape)).view(shape)


def normalization(made: Callable[..., Any], settings: dict[str, Any]) -> Values:
    """Outputs and gradients of five batches, and the output in evaluation."""
    norm = made(6, **settings, by_hand=True).double()
    with torch.no_grad():
        for name, parameter in norm.named_parameters():
            parameter.copy_(_drawn(name, 6))
    for batch in range(1, 6):
        x = (2 + 3 * _drawn("x", 8, 6, 3, 3, number=batch)).requires_grad_()
        out = norm.formula(x)
        yield f"batch {batch}: output", out.detach()
        (gradient,) = torch.autograd.grad((out * _drawn("direction", *out.shape)).sum(), x)
        yield f"batch {batch}: gradient", gradient
    norm.eval()
    yield "in evaluation: output", norm.formula(_drawn("test", 8, 6, 3, 3)).detach()


def activation(made: Callable[..., Any], settings: dict[str, Any]) -> Values:
    """The derivative from −6 to 6, and of a table of numbers at once."""
    phi = made(**settings)
    for h in torch.linspace(-6, 6, 49, dtype=torch.float64):
        yield f"derivative at h = {float(h):g}", phi.derivative(h.reshape(1))
    yield "derivative of a table", phi.derivative(2 * _drawn("h", 5, 7))


def schedule(made: Callable[..., Any], settings: dict[str, Any]) -> Values:
    """The factor at 201 places."""
    for k in range(201):
        yield f"t = {k / 200:g}", _number(made(k / 200, **settings))


def regularizer(made: Callable[..., Any], settings: dict[str, Any]) -> Values:
    """Penalty, gradients and weights after the step."""
    rule = made(**settings)
    weights = [_drawn("w", 3, 4).requires_grad_(), (0.01 * _drawn("v", 5)).requires_grad_()]
    with torch.no_grad():
        weights[0][0, 0] = 0.0
    for number, weight in enumerate(weights):
        weight.grad = _drawn("grad", *weight.shape, number=number)
    yield "penalty", rule.penalty(weights).detach()
    rule.add_gradient(weights)
    yield from ((f"gradient {n}", _there(weight.grad)) for n, weight in enumerate(weights, 1))
    rule.settle(weights, 0.05)
    yield from ((f"weights {n} after the step", weight.detach()) for n, weight in enumerate(weights, 1))


TRACES: dict[str, Callable[[Any, dict[str, Any]], Values]] = {
    "optimizer": optimizer,
    "init": init,
    "normalization": normalization,
    "activation": activation,
    "schedule": schedule,
    "regularizer": regularizer,
}
"""By family: (part, settings) → its values."""


def _drawn(name: str, *shape: int, number: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=stream(0, "exercise", name, number))


def _there(gradient: Tensor | None) -> Tensor:
    """The gradient; no numbers where it was taken away."""
    return torch.empty(0) if gradient is None else gradient


def _number(value: Any) -> Tensor:
    return value.double() if isinstance(value, Tensor) else torch.tensor(value, dtype=torch.float64)
