"""A run for a loop of the user's own: its folder, and what its recording says of itself."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tuilab.runs import Run, create, runs_folder
from tuilab.watching import anatomy, metrics
from tuilab.watching.session import about_here

KIND = "watched"
_LONGEST = 32
"""Characters of an arm's name."""
_MOST = 200
"""Settings that are kept of a table, and characters of a text."""


def rank() -> int:
    """This process's number among those that train together; 0 for one alone."""
    distributed = torch.distributed
    if distributed.is_available() and distributed.is_initialized():
        return int(distributed.get_rank())
    named = os.environ.get("RANK", "0")
    return int(named) if named.isdecimal() else 0


def source_name(given: str | None, models: Mapping[str, nn.Module | None]) -> str:
    """What the run is called by: as asked for, else its program's file, else its first network's class."""
    if given:
        return given.replace("/", "-").replace("\0", "").strip(". ")[:100] or "watched"
    script = Path(sys.argv[0] if sys.argv else "")
    if script.suffix == ".py":
        return script.stem[:100]
    return next(iter(models), "watched").lower()


def named(model: Any) -> dict[str, nn.Module | None]:
    """The networks by the names of their arms: as given, else their classes'.

    Raises:
        TypeError: something is no network.
    """
    if model is None:
        return {"network": None}
    if isinstance(model, Mapping):
        given = [(str(name), each) for name, each in model.items()]
    else:
        several = list(model) if isinstance(model, list | tuple) else [model]
        given = [(type(anatomy.bare(m)).__name__ if isinstance(m, nn.Module) else "", m) for m in several]
    found: dict[str, nn.Module | None] = {}
    for name, each in given:
        if not isinstance(each, nn.Module):
            raise TypeError(f"watch: a model is to be a torch.nn.Module, not {type(each).__name__}")
        name = "".join(char for char in name if char.isprintable() and char not in "/*?[]")[:_LONGEST]
        name = name if name and name != "engine" else "network"
        count = 2
        while name in found:
            name = f"{name[: _LONGEST - 3]}-{count}"
            count += 1
        found[name] = each
    return found or {"network": None}


def make(source: str, scenario: dict[str, Any], runs: str | Path | None, control: bool, device: str) -> Run:
    """The run's folder; raises RunError."""
    folder = runs_folder(None if runs is None else Path(runs))
    return create(folder, source, scenario, {"control": control, "device": device})


def scenario(
    source: str,
    models: Mapping[str, nn.Module | None],
    optimizers: Mapping[str, Any],
    config: Any,
) -> dict[str, Any]:
    """What the run is about, as far as that is known of a stranger's program."""
    settings = _settings(config)
    arms = {}
    for name, model in models.items():
        known: dict[str, Any] = {}
        if model is not None:
            bare = anatomy.bare(model)
            frozen = [anatomy.plain(n) for n, p in bare.named_parameters() if not p.requires_grad]
            known["network"] = {
                "name": type(bare).__name__,
                "parameters": sum(p.numel() for p in bare.parameters()),
            } | ({"frozen": frozen[:_MOST]} if frozen else {})
        if name in optimizers:
            known["optimizer"] = _settings(optimizers[name])
        arms[name] = settings | known
    question = "How does it train?"
    return {"kind": KIND, "title": source, "question": question, "arms": arms}


def header(
    run: Run,
    models: Mapping[str, nn.Module | None],
    logged: list[str],
    inside: bool,
    sample: int,
    steps: int | None,
) -> dict[str, Any]:
    """The recording's header."""
    kinds = {
        name: {layer: type(module).__name__ for module, layer in anatomy.layers(anatomy.bare(model)).items()}
        for name, model in models.items()
        if model is not None
    }
    facts: dict[str, Any] = {
        "scenario": run.scenario,
        "panels": metrics.panels(logged, inside),
        "arms": list(models),
        "layers": kinds,
        "device": run.options["device"],
        "threads": torch.get_num_threads(),
        "processes": int(os.environ.get("WORLD_SIZE", "1") or 1),
        "torch": torch.__version__,
        "run": run.facts.get("id"),
        "sequence": 1,
        "rank": 0,
    }
    if steps is not None:
        facts["steps"] = steps
    return facts | metrics.described(sample) | about_here()


def _settings(config: Any, depth: int = 0) -> Any:
    """Settings of whatever form as plain JSON: a dict, an argparse namespace, a dataclass, their values."""
    if dataclasses.is_dataclass(config) and not isinstance(config, type):
        config = {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}
    elif depth == 0 and not isinstance(config, Mapping):
        config = dict(vars(config)) if hasattr(config, "__dict__") else {}
    if isinstance(config, Mapping):
        items = list(config.items())[:_MOST]
        return {str(key)[:_MOST]: _settings(value, depth + 1) for key, value in items} if depth < 4 else {}
    if isinstance(config, bool | int | str) or config is None:
        return config[:_MOST] if isinstance(config, str) else config
    if isinstance(config, float):
        return config if abs(config) < float("inf") else str(config)
    if isinstance(config, list | tuple) and depth < 4:
        return [_settings(value, depth + 1) for value in config[:_MOST]]
    return str(config)[:_MOST]
