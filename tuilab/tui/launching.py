"""From a scenario's file to a running engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tuilab.runs import Run
from tuilab.tui.source import Source


def launch(path: Path, predicted: Sequence[int | None] = (), trust: bool = False) -> Source:
    """Check a scenario, make a run folder for it and start an engine of its own on it.

    Args:
        path: its file.
        predicted: the choice taken for each of its questions, None where none was.
        trust: whether the code of own parts that it names may run.

    Raises:
        ScenarioError: the scenario can't be used.
        RunError: the folder can't be written, or the engine can't be started.
    """
    from tuilab import runs
    from tuilab.prepare import prepare

    run = prepare(path, paced=True, trust=trust, predicted=list(predicted))
    try:
        return Source(run, runs.launch(run, trust=trust))
    except runs.RunError:
        run.discard()
        raise


def fork(parent: Run, step: int, turned: Mapping[str, float], trust: bool = False) -> Source:
    """Have an engine go on from a step of a run with other numbers.

    Args:
        parent: the run.
        step: after which the new one parts from it.
        turned: the numbers, by keys such as `sgd/optimizer.lr`.
        trust: whether the code of own parts may run.

    Raises:
        ScenarioError: a number can't be.
        RunError: there is no such step, or the engine can't be started.
    """
    from tuilab import forking, runs

    def setting(key: str, value: float) -> str:
        arm, _, rest = key.rpartition("/")
        quoted = f"'{arm}'" if '"' in arm else f'"{arm}"'
        return f"arms.{quoted}.{rest}={value!r}"

    settings = [setting(key, value) for key, value in turned.items()]
    run = forking.fork(parent, step, settings, trust=trust)
    try:
        return Source(run, runs.launch(run, trust=trust))
    except runs.RunError:
        run.discard()
        raise
