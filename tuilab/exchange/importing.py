"""A foreign log becomes an ordinary run."""

from __future__ import annotations

import dataclasses
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import tuilab
from tuilab.exchange.detect import open_log
from tuilab.exchange.errors import ExchangeError, RewrittenError
from tuilab.exchange.items import Item, Log
from tuilab.exchange.panels import panels_for
from tuilab.exchange.survey import Survey
from tuilab.exchange.transcribe import Report, Transcript
from tuilab.recording import Writer
from tuilab.runs import ControlFile, Run, State, Summary, create

Told = Callable[[int, int], None]
"""Is told how many of how many bytes are done; the log is read twice."""

_REPLAY_SECONDS = 60.0
"""How long a replay at its own pace takes."""

_WAIT = 0.5
"""Seconds between two looks at a log that is followed."""


def import_log(
    path: Path, runs: Path, name: str | None = None, *, told: Told | None = None, follow: bool = False
) -> tuple[Run, Report]:
    """Make a run of a log.

    Args:
        path: a file or a folder.
        runs: the folder of runs.
        name: of the run; the log's otherwise.
        told: is told how far it is.
        follow: go on with what is still written, until interrupted or asked to stop.

    Raises:
        ExchangeError: there is no log, it can't be read, or there is nothing in it.
        RunError: the run's folder can't be made.
        KeyboardInterrupt, SystemExit: and then there is no run, unless the log was being followed.
    """
    try:
        log = open_log(path)
        survey = _surveyed(log, path, told)
    except OSError as error:
        raise ExchangeError(f"{error.filename or path}: can't be read ({error.strerror})") from None
    source = path.absolute().name or "log"
    scenario = _scenario(survey, log.kind, source)
    run = create(runs, source, scenario, {"imported": {"from": str(path), "format": log.kind}}, name)
    try:
        with _disk(run), run.claim():
            if follow:
                return run, _follow(run, path, told)
            return run, _record(run, open_log(path), survey, told)
    except BaseException:
        if not (follow and (run.path / "main.tlr").exists()):
            shutil.rmtree(run.path, ignore_errors=True)
        raise


def _surveyed(log: Log, path: Path, told: Told | None) -> Survey:
    survey = Survey()
    for item in _told(log, log.read(), told, 0):
        survey.add(item)
    for item in log.rest():
        survey.add(item)
    if not (survey.series or survey.ranges or survey.images):
        raise ExchangeError(f"{path}: {log.kind}, but no figures in them")
    return survey


def _record(run: Run, log: Log, survey: Survey, told: Told | None) -> Report:
    """The whole log, and the end."""
    writer = Writer.create(run.path / "main.tlr", _header(run, log, survey, survey.last_step))
    transcript = Transcript(writer, survey)
    for item in _told(log, log.read(), told, 1):
        transcript.write(item)
    for item in log.rest():
        transcript.write(item)
    transcript.finish()
    writer.event(max(survey.last_step, 0), "finished")
    writer.close()
    _say(run, State.FINISHED, survey)
    return transcript.report


def _follow(run: Run, path: Path, told: Told | None) -> Report:
    """Record what is there and what is added; anew whenever something added changes what was before."""
    with closing(ControlFile(run.path / "control")) as control:
        while True:
            survey = _surveyed(open_log(path), path, told)
            (run.path / "main.tlr").unlink(missing_ok=True)
            report = _follow_until_changed(run, open_log(path), survey, control)
            if report is not None:
                return report


def _follow_until_changed(run: Run, log: Log, survey: Survey, control: ControlFile) -> Report | None:
    """Until interrupted or asked to stop; None once the log holds what the survey did not know."""
    writer = Writer.create(run.path / "main.tlr", _header(run, log, survey, None))
    transcript = Transcript(writer, survey)
    try:
        while not any(command.get("do") == "stop" for command in control.read()):
            for item in log.read():
                if survey.add(item):
                    writer.flush()
                    return None
                transcript.write(item)
            writer.flush()
            _say(run, State.RUNNING, survey)
            time.sleep(_WAIT)
    except RewrittenError:
        return None
    except (KeyboardInterrupt, SystemExit):
        pass
    transcript.finish()
    writer.event(max(survey.last_step, 0), "finished", None, reason="no longer followed")
    writer.close()
    _say(run, State.FINISHED, survey)
    return transcript.report


def _say(run: Run, state: State, survey: Survey) -> None:
    """Say how the run is, as an engine does."""
    known = Summary.read(run.path) or Summary()
    last = max(survey.last_step, 0)
    dataclasses.replace(
        known, state=state, step=last, steps=last if state is State.FINISHED else None, pid=os.getpid()
    ).write(run.path)


def _told(log: Log, items: Iterator[Item], told: Told | None, round_: int) -> Iterator[Item]:
    size = log.size()
    for item in items:
        if told:
            told(round_ * size + min(log.done, size), 2 * size)
        yield item
    if told:
        told((round_ + 1) * size, 2 * size)


def _scenario(survey: Survey, kind: str, source: str) -> dict[str, Any]:
    scenario: dict[str, Any] = {
        "kind": "imported",
        "title": source,
        "question": f"What do these {kind} show?",
        "arms": {arm: survey.configs.get(arm, {}) for arm in survey.arms},
    }
    if survey.last_step > 0:
        scenario["pace"] = max(survey.last_step / _REPLAY_SECONDS, 1.0)
    return scenario


def _header(run: Run, log: Log, survey: Survey, steps: int | None) -> dict[str, Any]:
    header: dict[str, Any] = {
        "scenario": _scenario(survey, log.kind, str(run.source)),
        "panels": panels_for(survey),
        "arms": survey.arms,
        "metrics": {},
        "imported": run.facts["options"]["imported"],
        "created": survey.began or run.facts["created"],
        "tuilab": tuilab.__version__,
    }
    if steps is not None:
        header["steps"] = steps
    return header


@contextmanager
def _disk(run: Run) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ExchangeError(f"{run.path}: can't record there ({error.strerror})") from None
    except ValueError as error:  # above all settings of more bytes than a header holds
        raise ExchangeError(f"{run.name}: {error}") from None
