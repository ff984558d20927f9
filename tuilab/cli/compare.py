"""`tuilab compare`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuilab.cli.output import AsJson, RunsFolder, glyphs, heading, print_json, print_table, say

if TYPE_CHECKING:
    from tuilab.recording.comparison import Comparison
    from tuilab.studies.compared import Compared, Parting

_MOST = 12
"""Curves, and settings, that are told one by one."""


def compare(
    run: Annotated[list[str], typer.Argument(help="Two runs or more, by name, path or scenario.")],
    runs: RunsFolder = None,
    lab: Annotated[bool, typer.Option("--lab", help="Look at them in the lab, one over the other.")] = False,
    as_json: AsJson = False,
) -> None:
    """Runs beside one another: what was set otherwise, where their curves part, and their plots in one.

    Runs that differ in nothing but their seed are drawn as one band.
    """
    from tuilab.runs import find, runs_folder
    from tuilab.studies.compared import Compared

    compared = Compared([find(runs_folder(runs), name) for name in run])
    if lab:
        from tuilab.tui import open_run

        open_run(compared, live=True)
        return
    with compared.open() as comparison:
        if as_json:
            print_json(_facts(compared, comparison))
            return
        _print_settings(compared)
        _print_partings(comparison)
        from tuilab.cli.plots import print_plots
        from tuilab.panels import arm_mark

        header = comparison.header
        say("   ".join(f"{arm_mark(header, arm, glyphs())} {arm}" for arm in header["arms"]))
        print_plots(comparison)


def _print_settings(compared: Compared) -> None:
    labels, differing = list(compared.groups), compared.settings()
    say(heading("Set otherwise" if differing else "Set otherwise: nothing"))
    rows = [(name, *map(_shown, values)) for name, values in list(differing.items())[:_MOST]]
    if rows:
        print_table(rows, ("SETTING", *labels))
    if len(differing) > _MOST:
        say(f"and {len(differing) - _MOST} more; --json has them all")
    say()


def _print_partings(comparison: Comparison) -> None:
    members = comparison.members
    first, *others = members
    for other in others:
        found = _partings(comparison, first, other)
        apart = [parting for parting in found if parting.step is not None]
        if not found:
            say(heading(f"{first} and {other} have no curve in common"))
        elif not apart:
            say(heading(f"{first} and {other}: the same to the last bit at all steps that both have"))
        else:
            say(heading(f"{first} and {other} part at step {apart[0].step}"))
            earliest = [parting for parting in apart if parting.step == apart[0].step]
            if layers := [parting for parting in earliest if parting.layer is not None]:
                say(f"first in layers: {', '.join(dict.fromkeys(str(p.layer) for p in layers[:_MOST]))}")
            rows = [
                (p.name, str(p.step), *(f"{value:.4g}" for value in p.last))
                for p in [parting for parting in apart if parting.layer is None][:_MOST]
            ]
            print_table(rows, ("CURVE", "PARTS AT", f"{first} LAST", f"{other} LAST"))
        say()


def _partings(comparison: Comparison, first: str, other: str) -> list[Parting]:
    from tuilab.studies.compared import partings

    members = comparison.members
    return partings(members[first], members[other])


def _facts(compared: Compared, comparison: Comparison) -> dict[str, Any]:
    first, *others = comparison.members
    return {
        "runs": {label: [run.name for run in seeds.values()] for label, seeds in compared.groups.items()},
        "settings": compared.settings(),
        "partings": {
            other: [
                {"series": p.name, "step": p.step, "last": list(p.last)}
                for p in _partings(comparison, first, other)
            ]
            for other in others
        },
    }


def _shown(value: Any) -> str:
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
