"""What a person who writes a scenario file is told, and what overrides and arms make of it."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from tuilab.scenario.errors import ScenarioError
from tuilab.scenario.load import load

DESCENT = """
kind = "descent"
title = "Bowl"
question = "How fast?"
steps = 20

[surface]
name = "quadratic"
condition_number = 10

[arms.slow]
start = [1, 1]
optimizer = { name = "sgd", lr = 0.01 }

[arms.fast]
start = [1, 1]
optimizer = { name = "sgd", lr = 0.1 }
"""


@pytest.fixture
def bowl(tmp_path: Path) -> Path:
    path = tmp_path / "bowl.toml"
    path.write_text(DESCENT)
    return path


def problems(path: Path | str, *overrides: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        load(path, overrides)
    assert "Traceback" not in str(caught.value)
    return str(caught.value)


def test_arms_keep_the_order_of_the_file_and_complete_the_base(tmp_path: Path) -> None:
    path = tmp_path / "net.toml"
    path.write_text(
        'kind = "propagation"\ntitle = "t"\nquestion = "q"\n[network]\nwidth = 8\ndepth = 3\n'
        '[init]\nname = "normal"\nstd = 0.5\n[arms.zebra]\n[arms.ant]\ninit = { std = 0.1 }\n'
        '[arms.xavier]\ninit = { name = "xavier_normal" }\nnetwork = { depth = 5 }\n'
    )
    scenario = load(path)
    assert scenario.arm_names == ["zebra", "ant", "xavier"]
    assert [arm.init.model_dump().get("std") for arm in scenario.arms.values()] == [0.5, 0.1, None]
    assert scenario.arms["xavier"].network.layer_widths == [8] * 6
    assert scenario.arms["ant"].network.layer_widths == [8] * 4


def test_overrides_reach_base_and_arms(bowl: Path) -> None:
    scenario = load(bowl, ["arms.fast.optimizer.lr=0.05", "surface.condition_number=30", "steps=7"])
    assert scenario.arms["fast"].optimizer.lr == 0.05
    assert scenario.arms["slow"].optimizer.lr == 0.01
    assert scenario.surface.condition_number == 30
    assert scenario.steps == 7


@pytest.mark.parametrize("key", ['arms."fast .1".optimizer.lr', "arms . 'fast .1' . optimizer.lr "])
def test_a_name_with_a_dot_is_put_in_quotes(bowl: Path, key: str) -> None:
    bowl.write_text(DESCENT.replace("[arms.fast]", '[arms."fast .1"]'))
    assert load(bowl, [f"{key}=0.05"]).arms["fast .1"].optimizer.lr == 0.05


def test_a_bare_word_is_text(bowl: Path) -> None:
    assert load(bowl, ["title=Big bowl"]).title == "Big bowl"


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("surface.condition_nummer=3", "did you mean condition_number?"),
        ("surfase.rotation=3", "did you mean surface?"),
        ("arms.fsat.optimizer.lr=1", "one of slow, fast"),
        ("optimizer.lr=1", "every arm sets its own optimizer"),
        ("steps", "wanted KEY=VALUE"),
        ("surface..rotation=3", "wanted KEY=VALUE"),
        ("=3", "wanted KEY=VALUE"),
        ("surface.condition_number.x=1", "not a table"),
        ("surface.condition_number=0.5", "greater than or equal to 1"),
        ("arms.fast.optimizer.lr=nan", "finite"),
        ("arms.fast.optimizer.lr=-1", "found -1"),
        ("kind=descend", "wanted data, functions"),
        (
            "arms.fast.optimizer.name=adamm",
            "-s arms.fast.optimizer.name=adamm: arms.fast.optimizer: found 'adamm'",
        ),
        ("surface={", "surface: found '{'; wanted a table, such as { name = … }"),
    ],
)
def test_an_override_that_means_nothing_is_explained(bowl: Path, override: str, said: str) -> None:
    assert said in problems(bowl, override)


def test_all_problems_come_at_once_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(
        'kind = "propagation"\ntitle = "t"\nquestion = "q"\n'
        "[network]\nwidth = -3\ndepht = 2\n"
        '[arms.a]\ninit = { name = "normal", std = "big" }\n'
        '[arms.b]\ninit = { name = "xavir_normal" }\n'
    )
    said = problems(path)
    assert "line 5: network.width: found -3" in said
    assert "line 6: network.depht: unknown key; did you mean depth?" in said
    assert "line 8: arms.a.init.std: found 'big'" in said
    assert "line 10: arms.b.init: found 'xavir_normal'" in said
    assert "did you mean xavier_normal?" in said
    assert said.count("network.width") == 1, "a mistake in the base is said once, not once an arm"
    assert all(line.startswith(str(path)) for line in said.splitlines())


def test_two_arms_of_one_name(bowl: Path) -> None:
    bowl.write_text(DESCENT + '[arms.slow]\nstart = [2, 2]\noptimizer = { name = "sgd", lr = 1 }\n')
    assert "arm 'slow' stands twice, at lines 11 and 18" in problems(bowl)


def test_an_impossible_shape(bowl: Path) -> None:
    bowl.write_text(
        'kind = "propagation"\ntitle = "t"\nquestion = "q"\n[network]\nwidth = 65536\ndepth = 9\n'
        '[arms.a]\ninit = { name = "normal" }\n'
    )
    assert "more than the 2,147,483,648" in problems(bowl)


def test_files_that_are_no_scenarios(tmp_path: Path) -> None:
    empty, binary, big = tmp_path / "empty.toml", tmp_path / "binary.toml", tmp_path / "big.toml"
    empty.write_text("\n")
    binary.write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff")
    big.write_bytes(b"#" * 10_000_000)
    assert "is empty" in problems(empty)
    assert "is not text" in problems(binary)
    assert "10,000,000 bytes" in problems(big)
    assert "is a folder" in problems(f"{tmp_path}/")
    assert "no such file" in problems(tmp_path / "absent.toml")
    nested = tmp_path / "nested.toml"
    nested.write_text("x = " + "[" * 5000)
    assert "not valid TOML" in problems(nested)


def test_a_misspelt_name_is_answered_with_the_nearest() -> None:
    assert "did you mean deep-tanh-init" in problems("deep-tanh-inti")


def test_expectations_must_name_what_is_there(bowl: Path) -> None:
    bowl.write_text(DESCENT + '[[expect]]\narm = "medium"\nmetric = "loss"\nbetween = [0, 1]\n')
    assert "speaks of arm 'medium'; the arms are slow, fast" in problems(bowl)
    bowl.write_text(DESCENT + '[[expect]]\narm = "slow"\nmetric = "los"\nbetween = [0, 1]\n')
    assert "speaks of metric 'los'" in problems(bowl)
    bowl.write_text(DESCENT + '[[expect]]\narm = "slow"\nmetric = "loss"\nbetween = [0, 1]\nbelow = "fast"\n')
    assert "line 18: expect.1: make exactly one claim" in problems(bowl)


def test_what_expectations_were_not_written_for_is_noted() -> None:
    def changed(*overrides: str, name: str = "kaiming") -> list[str]:
        return load(name, overrides).changed

    assert changed() == []
    assert changed("seed=7", "pace=3", "probes.sample=100", "title=mine") == []
    assert changed("network.width=4096", "batch=16") == []  # what the file says anyway
    assert changed("network.width=512", "seed=7") == ["network.width"]
    assert changed("arms.he.init.mode=fan_out") == ["arms.he.init.mode"]
    assert changed("network.width=512", "expect=[]") == []  # expectations of one's own


NET = """
kind = "propagation"
title = "Net"
question = "How far?"
batch = 8
network = { width = 64, depth = 3 }
init = { name = "orthogonal" }
[arms.a]
"""


def test_a_scenario_names_what_its_expectations_hold_under(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('holds_under = ["network.width", "batch"]\n' + NET)
    assert load(file, ["network.width=100"]).changed == []
    assert load(file, ["arms.a.batch=3", "network.depth=2"]).changed == ["network.depth"]


def test_statistics_want_draws(tmp_path: Path) -> None:
    claim = '[[expect]]\narm = "a"\nmetric = "activation.ratio"\nnear = 1.0\nwithin = "4 sigma"\n'
    file = tmp_path / "mine.toml"
    file.write_text(NET + claim)
    with pytest.raises(ScenarioError, match="drawn once: give it draws"):
        load(file)
    assert load(file, ["draws=4"]).expect[0].sigmas == 4
    for wrong, said in (
        ('share_of_draws = 0.5\nover = "seeds"', "one thing of the draws"),
        ("p_below = 0.01", "one thing of the draws"),
    ):
        file.write_text(NET + claim + wrong)
        with pytest.raises(ScenarioError, match=said):
            load(file, ["draws=4"])


def test_a_problem_comes_out_of_another_process_as_it_is():
    error = ScenarioError("mine.toml", ["steps: too few", "arms: none"])
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.problems, again.source) == (str(error), error.problems, "mine.toml")
