"""Data sets as a scenario names them."""

from __future__ import annotations

import pytest

from tuilab.scenario.errors import ScenarioError
from tuilab.scenario.load import load


@pytest.mark.parametrize("folder", ["fashion-mnist", "sets/mine", "Ünï çode", "a.b+c_1"])
def test_a_folder_is_a_name_inside_the_data_folder(folder: str) -> None:
    scenario = load("cifar10", [f'data={{name="idx", folder="{folder}"}}'])
    assert scenario.data.folder == folder
    assert scenario.data.validation is None


@pytest.mark.parametrize(
    "folder",
    ["", "..", "../x", "a/../b", "/etc", "~/x", "a//b", "a/", ".hidden", "C:x", "a\\\\b"],
)
def test_no_path_leads_out_of_it(folder: str) -> None:
    with pytest.raises(
        ScenarioError, match=r"data\.folder: found .*; a folder inside the data folder is wanted"
    ):
        load("cifar10", [f'data={{name="idx", folder="{folder}"}}'])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ('{name="folder", folder="mine", size=4}', r"data\.size: found 4; "),
        ('{name="folder"}', r"data\.folder: is missing"),
        ('{name="cifar100", labels="medium"}', r"data\.labels: found 'medium'; "),
        ('{name="idx", folder="mine", size=3}', r"data\.size: unknown key"),
        ('{name="mnist"}', "found 'mnist'; wanted one of pictures, cifar10, shapes10, cifar100, idx, folder"),
    ],
)
def test_mistakes_are_a_sentence_with_their_key(data: str, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        load("cifar10", [f"data={data}"])
