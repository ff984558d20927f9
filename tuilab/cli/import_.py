"""`tuilab import`, and what lets `tuilab replay` take a foreign log."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tuilab.cli.output import AsJson, RunsFolder, print_json, say, typed

if TYPE_CHECKING:
    from tuilab.exchange import Report
    from tuilab.runs import Run
    from tuilab.studies import Study
    from tuilab.studies.sweep import Sweep

_SAID = 5
"""Damaged places that are printed each."""


def import_(
    path: Annotated[Path, typer.Argument(help="A file or a folder of TensorBoard, W&B, trackio, MLflow, …")],
    name: Annotated[
        str | None, typer.Option(help="The run's name [default: the log's, and the time].")
    ] = None,
    follow: Annotated[
        bool,
        typer.Option("--follow", help="Go on with what is written, until Ctrl-C or `tuilab stop`."),
    ] = False,
    runs: RunsFolder = None,
    as_json: AsJson = False,
) -> None:
    """Make a run of another program's log.

    Reads TensorBoard event files, W&B offline runs, trackio's and MLflow's databases, MLflow's file store,
    Hugging Face's trainer_state.json, Lightning's metrics.csv, any CSV or JSON lines with a column of steps.
    """
    from tuilab.runs import runs_folder

    run, report = _imported(path, runs_folder(runs), name, follow)
    if as_json:
        print_json(
            {
                "run": run.name,
                "path": str(run.path),
                "values": report.values,
                "replaced": report.replaced,
                "dropped": report.dropped,
                "damage": [str(damage) for damage in report.damage],
            }
        )
        return
    say(f"{run.name}: {report.values} values; it lies in {run.path}")
    say(f"{typed('replay', run.name)} plays it, {typed('diagnose', run.name)} looks for what is wrong")


@contextmanager
def run_or_log(name: str, runs: Path | None) -> Iterator[Run | Study | Sweep | Path]:
    """A run, a recording file, or a foreign log as a run that is gone afterwards."""
    from tuilab.cli.find import run_or_file

    path = Path(name)
    if not _foreign(path):
        yield run_or_file(name, runs)
        return
    with tempfile.TemporaryDirectory(prefix="tuilab-") as folder:
        yield _imported(path, Path(folder), None, False)[0]


def _foreign(path: Path) -> bool:
    """Whether a path is there that is no run and no recording."""
    from tuilab.recording.format import MAGIC

    if path.is_dir():
        return not any((path / name).is_file() for name in ("run.json", "study.json"))
    if not path.is_file() or path.suffix == ".tlr":
        return False
    with path.open("rb") as file:
        return file.read(len(MAGIC)) != MAGIC


def _imported(path: Path, runs: Path, name: str | None, follow: bool) -> tuple[Run, Report]:
    from tuilab.cli.progress import ByteProgress
    from tuilab.exchange import import_log

    what = f"{'following' if follow else 'reading'} {path.absolute().name}"
    try:
        with ByteProgress() as bar:
            run, report = import_log(
                path,
                runs,
                name,
                told=lambda done, total: bar.update(done, total, what),
                follow=follow,
            )
    except (KeyboardInterrupt, SystemExit):
        say(f"{path}: stopped; nothing was kept", error=True)
        raise
    _say(report)
    return run, report


def _say(report: Report) -> None:
    """What is not as the log has it, on standard error."""
    for damage in report.damage[:_SAID]:
        say(str(damage), error=True)
    if len(report.damage) > _SAID:
        say(f"and {len(report.damage) - _SAID} more; `tuilab inspect` tells all", error=True)
    if report.replaced:
        say(f"{report.replaced} values were replaced by later ones of the same steps", error=True)
    if report.dropped:
        say(f"{report.dropped} values left out: steps below 0, or frames out of order", error=True)
