"""What a sweep makes of its trials: ranks, shares, early stops, its board; and strangers' files."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from tests.cli.test_commands import Shell
from tuilab.recording import Writer
from tuilab.runs import Run
from tuilab.studies.board import Board
from tuilab.studies.conducting import conduct_sweep
from tuilab.studies.journal import Journal, Trial
from tuilab.studies.sweep import Plan, Sweep, create
from tuilab.studies.workers import Ended


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def plan(**changes: object) -> Plan:
    facts = {
        "source": "bowl",
        "scenario": {"seed": 3},
        "options": {},
        "over": ("a=0,1,2,3", "b=0,1,2,3"),
        "search": "grid",
        "points": 5,
        "seeds": 2,
        "metric": "loss",
        "arm": "sgd",
        "maximize": False,
        "early": False,
        "own": {},
        "created": 0.0,
    }
    return Plan(**{**facts, **changes})  # type: ignore[arg-type]


class Pretended:
    """Workers that record a trial at once; one whose loss is great runs until it is told to stop."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep, self.run = sweep, None
        self.asked: list[Run] = []

    @property
    def idle(self) -> int:
        return int(self.run is None)

    def begin(self, run: Run, resume: bool) -> None:
        self.run = run
        self.asked.append(run)
        loss = float(self.sweep.journal.read()[len(self.asked) - 1].point["a"])
        writer = Writer.create(run.path / "main.tlr", {"arms": ["sgd"], "scenario": {}})
        table = writer.table(["sgd/loss"])
        for step in range(50):
            table.append(step, [loss])
        writer.close()

    def wait(self, seconds: float) -> list[Ended]:
        run = self.run
        assert run is not None
        with run.open() as recording:
            slow = (recording.at("sgd/loss", 49) or 0) > 5
        if slow and '"stop"' not in (run.path / "control").read_text():
            return []
        self.run = None
        return [Ended(run)]

    def close(self) -> None:
        pass


def test_what_falls_behind_the_median_of_the_others_is_stopped_early(tmp_path: Path) -> None:
    sweep = create(tmp_path, plan(over=("a=1,2,3,9,2.5",), seeds=1, early=True), "s")
    conduct_sweep(sweep, Pretended(sweep), lambda trial: {"kind": "descent", "arms": {"sgd": {}}})
    assert [trial.early for trial in sweep.journal.read()] == [False, False, False, True, False]
    assert sweep.ranked()[0].point == {"a": 1}


def test_what_a_parameter_explains_is_its_part_of_a_sum(tmp_path: Path) -> None:
    """Of a value that goes with 4a + b, a explains 16/17 and b 1/17: all ranks are known."""
    sweep = create(tmp_path, plan(seeds=1), "s")
    for number in range(16):
        trial = sweep.trial(number)
        value = 4.0 * trial.point["a"] + trial.point["b"]  # type: ignore[operator]
        sweep.journal.ask(trial)
        sweep.journal.tell(Trial(number, trial.point, trial.seed, True, 10.0**value, "finished", 1))
    assert sweep.importance() == pytest.approx({"a": 16 / 17, "b": 1 / 17})
    assert sweep.ranked()[0].point == {"a": 0, "b": 0}


def test_seeds_are_means_and_what_diverged_comes_last(tmp_path: Path) -> None:
    sweep = create(tmp_path, plan(over=("a=0,1,2",)), "s")
    values = [1.0, 3.0, None, 0.1, 4.0, 5.0]
    for number, value in enumerate(values):
        trial = sweep.trial(number)
        sweep.journal.ask(trial)
        sweep.journal.tell(Trial(number, trial.point, trial.seed, True, value, "finished", 1))
    assert [trial.seed for trial in sweep.journal.read()] == [3, 4] * 3
    ranked = sweep.ranked()
    assert [each.point["a"] for each in ranked] == [0, 2, 1]
    assert [each.mean for each in ranked] == [2.0, 4.5, 0.1]
    assert [each.failed for each in ranked] == [0, 0, 1]
    assert all(math.isnan(share) for share in create(tmp_path, plan(), "empty").importance().values())


def test_any_line_in_a_journal_is_read_or_left_out(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.path.write_text(
        '[]\n"x"\n{"do": "tell", "trial": 7}\n{"do": "ask", "trial": "x"}\n\x00\n{"do": "ask", "tri'
    )
    assert journal.read() == []
    journal.ask(Trial(0, {"a": 1}, 0))
    assert journal.read() == [Trial(0, {"a": 1}, 0)]


@pytest.mark.parametrize(
    "facts",
    [
        "{}",
        "[]",
        '{"source": 3}',
        json.dumps({"seeds": 0}),
        json.dumps({"over": ["a=__import__('os')"]}),
        json.dumps({"metric": ["\u001b]0;owned\u0007"]}),
    ],
)
def test_a_strangers_sweep_is_a_sentence(shell: Shell, facts: str) -> None:
    found = create(shell.folder / "runs", plan(), "s")
    given = json.loads(facts)
    before = json.loads((found.path / "sweep.json").read_text())
    (found.path / "sweep.json").write_text(json.dumps(before | given) if given else facts)
    said = shell("sweep", "s", code=2)
    assert "not a sweep" in " ".join(said.split())
    assert "\x1b" not in said


def test_a_strangers_journal_says_what_it_can(shell: Shell) -> None:
    found = create(shell.folder / "runs", plan(), "s")
    lines = [
        {"do": "ask", "trial": 0, "point": {"a": 1, "b": 2}, "seed": "x"},
        {"do": "tell", "trial": 0, "value": 1e999, "state": "\x1b[31mred", "step": "far"},
        {"do": "ask", "trial": 1, "point": {"a": "\x1b]0;owned\x07", "b": 2}},
        {"do": "ask", "trial": 2, "point": {"c": 2}},
        {"do": "ask", "trial": -5, "point": {"a": 1, "b": 2}},
    ]
    (found.path / "journal.jsonl").write_text("\n".join(map(json.dumps, lines)))
    said = shell("sweep", "s")
    assert "1 of 32 trials" in said
    assert "\x1b" not in said


def test_the_board_follows_the_order_in_which_trials_end(tmp_path: Path) -> None:
    sweep = create(tmp_path, plan(over=("a=0,1,2",), seeds=1), "s")
    board = Board(sweep)
    told: list[Trial] = []
    for number, value in ((1, 5.0), (0, 7.0), (2, 3.0)):
        asked = sweep.trial(number)
        told.append(Trial(number, asked.point, asked.seed, True, value, "finished", 1))
        board.show(told[-1])
    board.close()
    with sweep.open() as recording:
        assert recording.read("sweep/value")[1].tolist() == [5.0, 7.0, 3.0]
        assert recording.read("sweep/best")[1].tolist() == [5.0, 5.0, 3.0]
