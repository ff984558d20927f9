"""`tuilab show`: what there is to name in a scenario, and tables that the lab solves for itself."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from tuilab.cli.output import AsJson, heading, print_json, print_table, say
from tuilab.cli.parts import part


class _OrPart(TyperGroup):
    """What is no table's name is a part's: `show adam` is `show part adam`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is meant."""
        if args and args[0] not in self.commands:
            args = ["part", *args]
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_OrPart,
    help="Print a table: the names of metrics, or what the lab works out beside the lecture's; or a part.",
    no_args_is_help=True,
)

LECTURE = {
    "tanh": (1.4674, 0.3885),
    "relu": (1.4142, 0.0),
    "leaky_relu": (1.4141, 0.0),
    "elu": (1.2234, 0.0742),
    "selu": (0.9660, 0.2585),
    "gelu": (1.4915, -0.9097),
    "quick_gelu": (1.4915, -0.9097),
}
"""The slide "GPN Activations"; what it calls GELU stands beside both."""
_SHOWN = [*LECTURE, "gelu_tanh", "silu", "sigmoid"]
_AGREES = 1.5e-4
"""The slide has four decimals."""
_NOTES = """
a·φ(h) + b with E[(aφ + b)²] = E[(aφ')²] = 1 for h ~ N(0, 1): then orthogonal layers keep the norms
of signals and of gradients. b solves a quadratic: every φ that is not linear has two forms.
slope: what a layer multiplies a small error of the mean square by. Below 1 it heals, at 1 it drifts,
above 1 it grows. ReLU drifts at b = 0, the lecture's, and heals at b = −1.1284.

gelu: the lecture's pair is the second root of h·σ(1.702h), the quick approximation (quick_gelu).
With erf, GELU needs 1.48111 and −0.90951; the lecture's makes E[φ²] = 1.008 and E[φ'²] = 1.014.
"""


@app.callback()
def show() -> None:
    """Print a table: the names of metrics, or what the lab works out beside the lecture's; or a part."""


app.command("part")(part)


@app.command("metrics")
def metrics(
    kind: Annotated[
        str | None, typer.Argument(help="A kind or a scenario; a scenario's own may be fewer or more.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The names that expectations use: metrics and events.

    Metrics are recorded of every arm, step by step; events happen to it.
    """
    tables = _measured(kind)
    if as_json:
        print_json(tables)
        return
    for number, table in enumerate(tables):
        if number:
            say()
        say(heading(f"kind {table['kind']}"))
        rows = [
            (row["name"], "layer" if row["per_layer"] else "arm", row["unit"], row["meaning"])
            for row in table["metrics"]
        ]
        print_table(rows, ["metric", "per", "unit", "meaning"])
        if table["events"]:
            say()
            print_table([(row["name"], row["meaning"]) for row in table["events"]], ["event", "meaning"])


def _measured(kind: str | None) -> list[dict[str, Any]]:
    """Metrics and events of every kind, of one, or of a scenario."""
    from tuilab.scenario.catalogue import find
    from tuilab.scenario.errors import ScenarioError
    from tuilab.scenario.load import load
    from tuilab.scenario.schema import KINDS

    if kind is None or kind in KINDS:
        models = KINDS if kind is None else {kind: KINDS[kind]}
        found = [(name, model.METRICS, model.EVENTS) for name, model in models.items()]
    else:
        try:
            path = find(kind)
        except ScenarioError:
            problem = f"there is no such scenario, and the kinds are {', '.join(KINDS)}"
            raise ScenarioError(kind, [problem]) from None
        scenario = load(path)
        found = [(scenario.kind, scenario.metrics, scenario.EVENTS)]
    return [
        {
            "kind": name,
            "metrics": [
                {"name": key, "unit": m.unit, "per_layer": m.per_layer, "meaning": m.meaning}
                for key, m in metrics.items()
            ],
            "events": [{"name": key, "meaning": meaning} for key, meaning in events.items()],
        }
        for name, metrics, events in found
    ]


@app.command("gpn")
def gpn(as_json: AsJson = False) -> None:
    """Gaussian-Poincaré activations beside the lecture's.

    Normalised, aφ(h) + b, in both of their forms.
    """
    rows = [_row(name) for name in _SHOWN]
    if as_json:
        print_json(rows)
        return
    header = ["φ", "a", "b 1", "slope", "b 2", "slope", "lecture a", "b", "E[φ²]", "E[φ'²]", ""]
    print_table([_cells(row) for row in rows], header)
    for line in _NOTES.rstrip().splitlines():
        say(heading(line) if line.startswith("gelu:") else line)


def _row(name: str) -> dict[str, Any]:
    from tuilab.parts.activations import ACTIVATIONS
    from tuilab.parts.activations.gaussian_poincare import solve
    from tuilab.parts.gaussian import gaussian_mean

    phi = ACTIVATIONS[name]
    found = solve(phi)
    row: dict[str, Any] = {
        "activation": name,
        "a": found[0].a,
        "roots": [{"b": root.b, "slope": root.slope} for root in found],
        "lecture": None,
    }
    if name in LECTURE:
        a, b = LECTURE[name]
        row["lecture"] = {
            "a": a,
            "b": b,
            "mean_square": gaussian_mean(lambda z: (a * phi(z) + b).square(), phi.kinks),
            "mean_square_derivative": gaussian_mean(lambda z: (a * phi.derivative(z)).square(), phi.kinks),
            "agrees": abs(a - found[0].a) < _AGREES and min(abs(b - root.b) for root in found) < _AGREES,
        }
    return row


def _cells(row: dict[str, Any]) -> list[str]:
    cells = [row["activation"], f"{row['a']:.5f}"]
    for root in row["roots"]:
        cells += [_signed(root["b"], 5), f"{root['slope']:.3f}"]
    lecture = row["lecture"]
    if lecture is None:
        return [*cells, "", "", "", "", ""]
    return [
        *cells,
        f"{lecture['a']:.4f}",
        _signed(lecture["b"], 4),
        f"{lecture['mean_square']:.3f}",
        f"{lecture['mean_square_derivative']:.3f}",
        "" if lecture["agrees"] else "✗ off",
    ]


def _signed(number: float, decimals: int) -> str:
    """Lined up under each other, and no −0.0000."""
    text = f"{number:.{decimals}f}"
    return (text if float(text) < 0 else f" {text.removeprefix('-')}").replace("-", "−")
