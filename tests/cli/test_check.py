"""`tuilab check` where data sets have not been fetched."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from tuilab.cli import check as command
from tuilab.scenario import catalogue


@pytest.fixture(autouse=True)
def without_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUILAB_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("TUILAB_RUNS", str(tmp_path / "runs"))


def test_of_all_the_shipped_those_without_data_are_left_out_and_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = ("cifar10", "one-step")
    shipped = [entry for entry in catalogue.entries() if entry.name in wanted]
    monkeypatch.setattr(catalogue, "entries", lambda: shipped)
    command.check(threads=1)
    said = capsys.readouterr()
    assert "1 of 2 scenarios keep what they promise; left out for want of data: cifar10" in said.out
    assert "tuilab data fetch cifar10" in said.err


def test_one_that_was_asked_for_by_name_is_not_kept(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as left:
        command.check(["cifar10"], threads=1)
    assert left.value.exit_code == 1
    assert "not: cifar10" in capsys.readouterr().out
