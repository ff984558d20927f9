"""Scenarios of every kind, drawn at random and small, with all options that have a state or draw numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import reject
from hypothesis import strategies as st
from pydantic import ValidationError

from tuilab.scenario.kinds.base import Scenario
from tuilab.scenario.schema import KINDS

Table = dict[str, Any]
Draw = Callable[[st.SearchStrategy[Any]], Any]

SHARES = st.sampled_from([0.0, 0.1, 0.5, 0.9])


def maybe(draw: Draw, strategy: st.SearchStrategy[Any]) -> Table:
    """The strategy's table, or nothing."""
    return draw(st.just({}) | strategy)


def table(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Table]:
    return st.fixed_dictionaries({}, optional=parts)


def named(name: str, **parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Table]:
    return table(**parts).map(lambda found: {"name": name, **found})


def optimizers(lr: float, of_networks: bool) -> st.SearchStrategy[Table]:
    rates = st.sampled_from([lr, lr / 10])
    decay = {"weight_decay": SHARES}
    found = [
        named("sgd", **decay),
        named("momentum", momentum=SHARES, dampening=SHARES, **decay),
        named("nesterov", momentum=SHARES, **decay),
        named("adagrad", **decay),
        named("rmsprop", alpha=SHARES, **decay),
        named("adam", beta1=SHARES, bias_correction=st.booleans(), **decay),
        named("adamw", beta2=SHARES, **decay),
    ]
    with_rate = st.builds(lambda rule, rate: {**rule, "lr": rate}, st.one_of(found), rates)
    lbfgs = named("lbfgs", history=st.sampled_from([1, 3]), line_search=st.booleans())
    if of_networks:
        return with_rate | lbfgs
    look_ahead = st.builds(lambda rate: {"name": "nesterov_look_ahead", "lr": rate}, rates)
    return with_rate | look_ahead | named("newton") | named("damped_newton") | lbfgs


NOISY = table(noise=st.just(0.1), mixup=st.just(0.5))
CHANGED = table(
    flip=st.booleans(),
    translate=st.just(2),
    crop=st.just([0.5, 1.0]),
    rotate=st.just(20.0),
    stretch=st.just(0.2),
    shear=st.just(10.0),
    lens=st.just(0.2),
    color=st.just(0.3),
    noise=st.just(0.1),
    cutout=st.just(8),
    mixup=st.just(0.5),
)
NORMS = st.sampled_from(["none", "batch", "layer", "rms"])
SCHEDULES = st.sampled_from(
    ["constant", "step", "cosine", "linear", "inverse_sqrt", "exponential", "one_cycle"]
).map(lambda name: {"name": name}) | st.just({"name": "warm_up", "then": {"name": "cosine"}})
AVERAGES = (
    named("none")
    | named("ema", decay=SHARES)
    | named("swa", start=st.just(0.2), every=st.integers(1, 3))
    | named("snapshots", cycles=st.integers(1, 3))
)
TESTS = table(
    mode=st.sampled_from(["eval", "train", "sampled", "fresh"]),
    batch=st.just(7),
    order=st.sampled_from(["mixed", "class"]),
    passes=st.integers(1, 2),
    fused=st.booleans(),
)


@st.composite
def training_arms(draw: Draw, pictures: bool) -> Table:
    dropout = draw(st.sampled_from([0.0, 0.3]))
    mlp = {
        "name": "mlp",
        "width": 6,
        "depth": draw(st.integers(0, 2)),
        "norm": draw(NORMS),
        "dropout": dropout,
    }
    mlp["activation"] = draw(st.sampled_from(["relu", "tanh", "prelu", "gelu"]))
    augment = draw(CHANGED if pictures else NOISY)
    network = mlp
    if pictures:
        convnet = {"name": "convnet", "channels": [3, 4], "norm": draw(NORMS), "dropout": dropout}
        resnet = {"name": "resnet", "channels": [3, 4], "blocks": 1, "norm": draw(NORMS)}
        speedrun = {"name": "speedrun", "widths": [3]}
        network = draw(st.sampled_from([mlp, convnet, convnet, convnet, resnet, speedrun]))
        if network in (resnet, speedrun):
            augment |= maybe(draw, st.just({"window": 24, "window_until": 0.5}))
    arm = {
        "network": network,
        "optimizer": draw(optimizers(0.1, of_networks=True)),
        "schedule": draw(SCHEDULES),
        "augment": augment,
        "average": draw(AVERAGES),
        "members": draw(st.sampled_from([1, 1, 2])),
        "batch": draw(st.sampled_from([5, 10])),
        "loss": draw(named("softmax", label_smoothing=SHARES) | named("svm")),
        "regularizer": draw(st.sampled_from(["none", "l2", "l1", "elastic_net"]).map(lambda n: {"name": n})),
    }
    arm |= maybe(draw, st.just({"early_stopping": {"patience": 2}}))
    return arm | maybe(draw, st.just({"target": {"accuracy": 0.2, "over": 3}}))


@st.composite
def training(draw: Draw) -> Table:
    pictures = draw(st.sampled_from([False, False, True]))
    points = {"name": draw(st.sampled_from(["spirals", "moons", "blobs"])), "train": 40, "validation": 12}
    probes = {
        "every": draw(st.integers(0, 3)),
        "budget": 1.0,
        "bins": 8,
        "gap": draw(st.sampled_from([0, 9])),
    }
    probes |= draw(
        table(
            exact=st.integers(1, 4), preactivations=st.booleans(), weights=st.booleans(), units=st.booleans()
        )
    )
    tests = draw(st.dictionaries(st.sampled_from(["one", "two"]), TESTS, max_size=2))
    if pictures:
        for test in tests.values():
            test |= draw(table(flips=st.booleans(), crops=st.sampled_from([0, 2])))
    return {
        "data": {"name": "shapes10", "train": 20, "validation": 10} if pictures else points,
        "steps": draw(st.integers(0, 9)),
        "evaluate": draw(st.sampled_from([0.3, 1.0])),
        "tests": tests,
        "probes": probes,
        "watch": ["confusion", "mistakes", "filters", "samples"] if draw(st.booleans()) else [],
        "precision": draw(st.sampled_from(["float32", "float32", "float32", "bf16"])),
        "arms": draw(arms(training_arms(pictures))),
    }


def arms(one: st.SearchStrategy[Table]) -> st.SearchStrategy[Table]:
    """One or two; a name may be that of a part of the state."""
    return st.dictionaries(st.sampled_from(["network", "a b", "0", "optimizer"]), one, min_size=1, max_size=2)


@st.composite
def descent(draw: Draw) -> Table:
    steps = draw(st.integers(0, 30))
    every = table(every=st.integers(1, 9))
    crowds = (
        st.builds(lambda crowd, e: {**crowd, **e}, named("grid", side=st.just(3)), every)
        | st.builds(lambda crowd, e: {**crowd, **e}, named("random", n=st.just(9)), every)
        | st.builds(lambda crowd, e: {**crowd, **e}, named("copies", n=st.just(9)), every)
        | st.builds(lambda crowd, e: {**crowd, **e}, st.just(SETTINGS), every)
    )
    one = st.fixed_dictionaries(
        {"optimizer": optimizers(0.05, of_networks=False), "start": st.just([1.0, -2.0])},
        optional={"noise": table(std=st.just(0.3), batch=st.just(2)), "crowd": crowds},
    )
    names = [
        "quadratic",
        "saddle",
        "monkey_saddle",
        "rosenbrock",
        "himmelblau",
        "rastrigin",
        "ackley",
        "ravine",
    ]
    return {"surface": {"name": draw(st.sampled_from(names))}, "steps": steps, "arms": draw(arms(one))}


SETTINGS = {
    "name": "settings",
    "x": {"setting": "lr", "range": [0.01, 0.3]},
    "y": {"setting": "weight_decay", "range": [0.1, 0.4]},
    "side": 3,
}


@st.composite
def functions(draw: Draw) -> Table:
    names = st.sampled_from(["relu", "tanh", "gelu", "selu", "sigmoid"])
    return {
        "measure": draw(st.sampled_from(["saturation", "cost", "signs"])),
        "elements": 64,
        "inputs": 8,
        "units": 3,
        "steps": draw(st.integers(0, 6)),
        "arms": draw(arms(names.map(lambda name: {"activation": name}))),
    }


@st.composite
def data(draw: Draw) -> Table:
    plain = st.sampled_from(["none", "center", "normalize", "pca"]).map(lambda name: {"name": name})
    preprocess = plain | named("whiten_pca", eps=st.just(0.1)) | named("whiten_zca", eps=st.just(0.1))
    one = st.fixed_dictionaries({"preprocess": preprocess, "fitted_on": st.sampled_from(["train", "all"])})
    source = named("cloud", dims=st.integers(2, 4)) | st.just({"name": "shapes10", "crop": 4})
    return {
        "source": draw(source),
        "train": 60,
        "test": 20,
        "first": 10,
        "steps": draw(st.integers(0, 6)),
        "arms": draw(arms(one)),
    }


@st.composite
def normalization(draw: Draw) -> Table:
    norm = named("batch", momentum=SHARES) | named("layer") | named("group", groups=st.just(2)) | named("rms")
    dense = st.fixed_dictionaries({"norm": norm, "affine": st.sampled_from(["start", "identity"])})
    fused = st.just({"norm": {"name": "batch"}, "kernel": 3, "side": 6})
    few = st.builds(lambda one: {**one, "batch": 8, "channels": 4}, dense | fused)
    return {"steps": draw(st.integers(0, 6)), "arms": draw(arms(few))}


@st.composite
def propagation(draw: Draw) -> Table:
    scales = st.sampled_from(
        [{"name": "normal", "std": 1e9}, {"name": "kaiming_normal"}, {"name": "orthogonal"}]
    )
    network = {"width": 6, "depth": 12, "activation": draw(st.sampled_from(["relu", "tanh"]))}
    one = scales.map(lambda init: {"init": init, "network": network, "batch": 4})
    probes = draw(table(every=st.integers(1, 3), weights=st.booleans(), sample=st.sampled_from([0, 5])))
    return {"steps": draw(st.integers(0, 6)), "probes": {"bins": 8, **probes}, "arms": draw(arms(one))}


@st.composite
def slices(draw: Draw) -> Table:
    one = st.fixed_dictionaries(
        {"optimizer": optimizers(0.1, of_networks=True)}, optional={"batch": st.just(8)}
    )
    return {
        "data": {"name": "moons", "examples": 24},
        "network": {"width": 3, "depth": 1},
        "plane": draw(st.sampled_from(["path", "random"])),
        "side": 5,
        "steps": draw(st.integers(2, 8)),
        "arms": draw(arms(one)),
    }


@st.composite
def costs(draw: Draw) -> Table:
    one = optimizers(0.01, of_networks=False).map(lambda rule: {"optimizer": rule})
    return {"n": [4, 16], "steps": draw(st.integers(1, 4)), "arms": draw(arms(one))}


_DRAWN = {
    "training": training(),
    "descent": descent(),
    "functions": functions(),
    "data": data(),
    "normalization": normalization(),
    "propagation": propagation(),
    "slice": slices(),
    "costs": costs(),
}
assert _DRAWN.keys() == KINDS.keys(), "every kind is drawn"


@st.composite
def scenarios(draw: Draw, kind: str) -> Scenario:
    """A scenario of a kind, whatever its options."""
    settings = draw(_DRAWN[kind])
    settings |= {"kind": kind, "title": "t", "question": "q", "seed": draw(st.integers(0, 2**32 - 1))}
    try:
        return KINDS[kind].model_validate(settings)
    except ValidationError:
        # Not every option is for every part, such as a map of a setting that a rule does not have.
        reject()
