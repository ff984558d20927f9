"""What an own part of each family has to be, found out by trying it on a few numbers."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, cast

import torch
from torch import Tensor

from tuilab.parts.activations import Activation
from tuilab.parts.datasets import Examples
from tuilab.parts.initializers import LAWS, Initializer
from tuilab.parts.models import Network
from tuilab.parts.optimizers import advance
from tuilab.parts.own.files import OwnError
from tuilab.parts.registry import GIVEN
from tuilab.parts.surfaces import Quadratic, Surface

Settings = Mapping[str, Any]
Fit = Callable[[Any, str, Settings], Any]


def optimizer(made: Any, whole: str, settings: Settings) -> Any:
    """A class with `start(x)` and `step(x, g, state)` or `step(x, g, state, surface)`."""
    _want(inspect.isclass(made), whole, "wanted a class with start(x) and step(x, g, state)")
    for method in ("start", "step"):
        _want(
            callable(getattr(made, method, None)),
            whole,
            f"it has no {method}; wanted start(x), step(x, g, state)",
        )
    rule, bowl = made(**settings), Quadratic()
    for x in (torch.tensor([2.0, 1.0], dtype=torch.float64), torch.ones(3, 2, dtype=torch.float64)):
        state = rule.start(x)
        _want(_tensors(state), whole, f"start gave {_told(state)}; wanted a tuple of tensors")
        found = advance(rule, x, bowl.gradient(x), state, bowl)
        _want(
            isinstance(found, tuple) and len(found) == 2 and _tensors(found[1]),
            whole,
            f"step gave {_told(found)}; wanted (x, state), the state a tuple of tensors",
        )
        _like(found[0], x, whole, "step gave an x")
        _want(
            [part.shape for part in found[1]] == [part.shape for part in state],
            whole,
            f"step gave a state of {_told(found[1])} where start gave {_told(state)}",
        )
    return made


def activation(made: Any, whole: str, settings: Settings) -> Any:
    """A subclass of `Activation`."""
    _complete(made, Activation, "tuilab.parts.activations.Activation", whole)
    phi, h = made(**settings), torch.linspace(-3, 3, 7, dtype=torch.float64)
    numbers = [getattr(phi, end, None) for end in ("low", "high")]
    _want(all(isinstance(n, int | float) for n in numbers), whole, "it has no numbers low and high")
    for what, found in (("it", phi(h)), ("derivative", phi.derivative(h))):
        _like(found, h, whole, f"{what} gave")
    flat = phi.flat(h)
    _want(
        isinstance(flat, Tensor) and flat.dtype == torch.bool,
        whole,
        f"flat gave {_told(flat)}; wanted booleans",
    )
    return made


def init(made: Any, whole: str, settings: Settings) -> Any:
    """A function `scale(fan_in, fan_out)`, or an `Initializer` of such a one and a law."""
    scale, law = made if isinstance(made, Initializer) else (_function(made, whole), "gaussian")
    _number(scale(64, 32, **settings), whole, "the scale")
    if callable(law):
        drawn = law(6, 4, torch.Generator().manual_seed(0))
        _want(
            isinstance(drawn, Tensor) and drawn.shape == (6, 4),
            whole,
            f"its law gave {_told(drawn)} for (6, 4)",
        )
        LAWS[whole], law = law, whole
    _want(law in LAWS, whole, f"there is no law {law!r:.40}; there are {', '.join(LAWS)}")
    return Initializer(scale, law)


def schedule(made: Any, whole: str, settings: Settings) -> Any:
    """A function of t, from 0 to 1, to the share of the learning rate."""
    function = _function(made, whole)
    for t in (0.0, 0.3, 1.0):
        _number(function(t, **settings), whole, f"at t = {t:g} the schedule")
    return function


def surface(made: Any, whole: str, settings: Settings) -> Any:
    """A subclass of `Surface`."""
    _complete(made, Surface, "tuilab.parts.surfaces.Surface", whole)
    f, p = made(**settings), torch.tensor([[0.5, -0.5], [1.0, 2.0], [0.0, 1.0]], dtype=torch.float64)
    for method, shape in (("value", (3,)), ("gradient", (3, 2)), ("hessian", (3, 2, 2))):
        found = getattr(f, method)(p)
        fits = isinstance(found, Tensor) and found.shape == shape
        _want(fits, whole, f"{method} gave {_told(found)} for 3 points; wanted the shape {shape}")
    return made


def loss(made: Any, whole: str, settings: Settings) -> Any:
    """A function of scores (n, classes) and labels (n,) to one number with a graph."""
    function = _function(made, whole)
    scores = torch.zeros(4, 3, requires_grad=True)
    found = function(scores, torch.tensor([0, 1, 2, 0]), **settings)
    _want(
        isinstance(found, Tensor) and found.dim() == 0,
        whole,
        f"it gave {_told(found)}; wanted one number, a mean",
    )
    _want(
        found.requires_grad, whole, "its number does not hang on the scores: there is nothing to learn from"
    )
    return function


def network(made: Any, whole: str, settings: Settings) -> Any:
    """What makes a `Network` of (shape, classes); the network is looked at when it is made."""

    @wraps(made, updated=())
    def checked(shape: tuple[int, ...], classes: int, **given: Any) -> Network:
        found: Any = made(shape, classes, **given)
        _want(
            isinstance(found, Network), whole, f"it made {_told(found)}; wanted a tuilab.parts.models.Network"
        )
        with torch.no_grad():
            scores = found.eval()(torch.zeros(2, *shape))
        fits = isinstance(scores, Tensor) and scores.shape == (2, classes)
        _want(fits, whole, f"it gave {_told(scores)} for 2 inputs of {shape}; wanted scores (2, {classes})")
        return cast(Network, found)

    return checked


def data(made: Any, whole: str, settings: Settings) -> Any:
    """What makes `Examples` of (seed, count); they are looked at when they are made."""

    @wraps(made, updated=())
    def checked(seed: int, count: int | None, **given: Any) -> Examples:
        found = made(seed, count, **given)
        _want(
            isinstance(found, Examples),
            whole,
            f"it made {_told(found)}; wanted tuilab.parts.datasets.Examples",
        )
        x, y = found.inputs, found.labels
        shaped = {torch.uint8: 4, torch.float32: 2}.get(x.dtype) == x.dim()
        _want(shaped, whole, f"its inputs are {_told(x)}; wanted (n, h, w, c) uint8 or (n, features) float32")
        fits = y.dtype == torch.int64 and y.shape == x.shape[:1] and len(y) > 0
        _want(fits, whole, f"its labels are {_told(y)}; wanted ({len(x)},) int64")
        within = int(y.min()) >= 0 and int(y.max()) < len(found.classes)
        _want(
            within,
            whole,
            f"its labels go from {int(y.min())} to {int(y.max())}, and it names {len(found.classes)} classes",
        )
        return cast(Examples, found)

    return checked


FITS: dict[str, Fit] = {
    "optimizer": optimizer,
    "activation": activation,
    "init": init,
    "schedule": schedule,
    "surface": surface,
    "network": network,
    "loss": loss,
    "data": data,
}
"""By family: tries a part and makes of it what experiments use."""


def completed(family: str, made: Any, whole: str, settings: Settings) -> dict[str, Any]:
    """The settings and, of those that the part takes besides, its own defaults.

    Raises:
        OwnError: it takes others.
    """
    asked = made.scale if isinstance(made, Initializer) else made
    try:
        parameters = list(inspect.signature(asked).parameters.values())
    except (TypeError, ValueError):
        raise OwnError(f"{whole}: wanted a class or a function") from None
    of_instances = inspect.isclass(asked) and family in ("init", "schedule", "loss")
    parameters = parameters[0 if of_instances else GIVEN.get(family, 0) :]
    named = {p.name: p.default for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    if not any(p.kind is p.VAR_KEYWORD for p in parameters):
        for key in settings:
            _want(key in named, whole, f"it has no setting {key}; there are {', '.join(named) or 'none'}")
    for name, default in named.items():
        _want(
            default is not inspect.Parameter.empty or name in settings, whole, f"it wants the setting {name}"
        )
    return {k: v for k, v in named.items() if isinstance(v, bool | int | float | str)} | dict(settings)


def _function(made: Any, whole: str) -> Callable[..., Any]:
    """A function as it is; of a class, what its instances of these settings do when they are called."""
    _want(callable(made), whole, f"it is {_told(made)}; wanted a function or a class")
    if not inspect.isclass(made):
        function: Callable[..., Any] = made
        return function
    _want("__call__" in dir(made), whole, "its instances can't be called; wanted a __call__")
    make: Callable[..., Any] = made

    def called(*given: Any, **settings: Any) -> Any:
        return make(**settings)(*given)

    return called


def _complete(made: Any, base: type, named: str, whole: str) -> None:
    _want(inspect.isclass(made) and issubclass(made, base), whole, f"wanted a subclass of {named}")
    lacking = sorted(getattr(made, "__abstractmethods__", ()))
    _want(not lacking, whole, f"it has no {' and no '.join(lacking)}, which {named} wants")


def _like(found: Any, x: Tensor, whole: str, what: str) -> None:
    fits = isinstance(found, Tensor) and found.shape == x.shape and found.dtype == x.dtype
    _want(fits, whole, f"{what} {_told(found)} for {_told(x)}; wanted the like")


def _number(found: Any, whole: str, what: str) -> None:
    fits = isinstance(found, int | float) and math.isfinite(found)
    _want(fits, whole, f"{what} gave {_told(found)}; wanted a number")


def _tensors(found: Any) -> bool:
    return isinstance(found, tuple) and all(isinstance(part, Tensor) for part in found)


def _told(found: Any) -> str:
    """What a thing is, in few words."""
    if isinstance(found, Tensor):
        return f"a tensor {tuple(found.shape)} {str(found.dtype).removeprefix('torch.')}"
    if isinstance(found, tuple):
        return f"({', '.join(map(_told, found))})"
    return (
        "nothing"
        if found is None
        else f"{found!r:.40}"
        if isinstance(found, int | float | str)
        else f"a {type(found).__name__}"
    )


def _want(fits: object, whole: str, what: str) -> None:
    if not fits:
        raise OwnError(f"{whole}: {what}")
