"""Which file of a run's history is being written, and what it goes on from: no clock is asked."""

from __future__ import annotations

import re
from typing import Any

from tuilab.engine.checkpoints import Restored
from tuilab.runs import Run


def file_name(rank: int, sequence: int) -> str:
    """`main.tlr`, `main-2.tlr` … of the leader; `rank-1.tlr`, `rank-1-2.tlr` … of another process."""
    writer = f"rank-{rank}" if rank else "main"
    return f"{writer}.tlr" if sequence == 1 else f"{writer}-{sequence}.tlr"


def next_sequence(run: Run) -> int:
    """The number of the file that the run's next engine writes."""
    return max(map(_sequence, (path.name for path in run.recordings())), default=0) + 1


def continues(sequence: int, restored: Restored | None) -> dict[str, Any] | None:
    """What the leader's file of this sequence goes on from: a file, and how much of it there is.

    Of that file there are the rows and frames up to `step` and the first `events` events. What its writer
    recorded after it made the checkpoint is of a future that did not come.
    """
    if restored is not None:
        file, events = restored.facts.get("file"), restored.facts.get("events")
        if isinstance(file, str) and _sequence(file) and isinstance(events, int):
            return {"file": file, "step": restored.step, "events": events}
        return {"file": file_name(0, max(sequence - 1, 1)), "step": restored.step}
    return {"file": file_name(0, sequence - 1), "step": -1, "events": 0} if sequence > 1 else None


def header(run: Run, rank: int, sequence: int, continues: dict[str, Any] | None) -> dict[str, Any]:
    """Where a file stands in its run's history, as its header says it.

    Args:
        run: whose it is.
        rank: the writing process's number, 0 for the leader.
        sequence: of the file, counted from 1.
        continues: what the leader's file goes on from.
    """
    if rank == 0:
        own, parent = continues, run.facts.get("parent")
    else:
        own, parent = _of_rank(run, rank, continues), None
    facts = {"run": run.facts.get("id"), "continues": own, "parent": parent}
    return {"sequence": sequence, "rank": rank} | {
        key: value for key, value in facts.items() if value is not None
    }


def _of_rank(run: Run, rank: int, leaders: dict[str, Any] | None) -> dict[str, Any] | None:
    """What another process's file goes on from; None if that process was not there before.

    Only the leader records events that count.
    """
    if leaders is None:
        return None
    file = file_name(rank, _sequence(leaders["file"]))
    return {"file": file, "step": leaders["step"]} if (run.path / file).exists() else None


def _sequence(name: str) -> int:
    """A main file's number; 0 for what is none."""
    found = re.fullmatch(r"main(?:-(\d+))?\.tlr", name)
    return int(found[1] or 1) if found else 0
