"""Cut anywhere and flipped anywhere: what is intact is read, what is not is said, nothing is invented."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from logs import FILES, Figures, changed, damages, database, figures, items_of, same

from tuilab.exchange import ExchangeError, import_log
from tuilab.panels import View, panels_of

CHECKED = ["tensorboard", "wandb"]
"""Formats with checksums."""

PLAIN = ["mlflow", "lightning", "transformers"]


def largest(folder: Path) -> Path:
    wanted = ("*tfevents*", "*.wandb", "loss", "metrics.csv", "trainer_state.json", "*.db")
    return max((path for glob in wanted for path in folder.rglob(glob)), key=lambda path: path.stat().st_size)


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Figures]]:
    folder = tmp_path_factory.mktemp("files")
    found = {}
    for name in CHECKED + PLAIN:
        shutil.copytree(FILES / name, folder / name)
        found[name] = (folder / name, figures(items_of(folder / name)))
    (folder / "trackio").mkdir()
    found["trackio"] = (folder / "trackio", figures(items_of(database(folder / "trackio"))))
    return found


def agree(found: Figures, true: Figures) -> bool:
    return all(key in true and same(value, true[key]) for key, value in found.items())


many = settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("name", CHECKED)
@many
@given(st.integers(0, 10**6))
def test_a_checked_file_cut_off(name: str, copies: dict[str, tuple[Path, Figures]], at: int) -> None:
    folder, true = copies[name]
    path = largest(folder)
    data = path.read_bytes()
    at = 1 + at % (len(data) - 1)
    with changed(path, data[:at]):
        items = items_of(folder)
    assert agree(figures(items), true)
    ends = [damage.offset + damage.length for damage in damages(items)]
    assert ends in ([], [at]), "said, unless it was cut between two records"


@pytest.mark.parametrize("name", CHECKED)
@many
@given(st.integers(0, 10**6), st.integers(1, 255))
def test_a_checked_file_with_a_flipped_byte(
    name: str, copies: dict[str, tuple[Path, Figures]], at: int, flip: int
) -> None:
    folder, true = copies[name]
    path = largest(folder)
    data = bytearray(path.read_bytes())
    at %= len(data)
    data[at] ^= flip
    with changed(path, bytes(data)):
        items = items_of(folder)
    found = figures(items)
    if name == "wandb" and at < 7:
        assert len(found) == len(true), "nothing is behind the magic's missing checksum"
        return
    assert agree(found, true)
    assert any(damage.offset <= at < damage.offset + damage.length for damage in damages(items))
    lost = {"tensorboard": 1, "wandb": 5}[name]
    assert len(true) - len(found) <= lost, "only the record that is damaged is lost"


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(CHECKED + PLAIN), st.integers(0, 10**6), st.integers(1, 255))
def test_whatever_was_flipped_is_imported_or_refused(
    copies: dict[str, tuple[Path, Figures]], name: str, at: int, flip: int
) -> None:
    folder, _ = copies[name]
    path = largest(folder)
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= flip
    with changed(path, bytes(data)), TemporaryDirectory() as runs:
        try:
            run, _ = import_log(folder, Path(runs))
        except ExchangeError:
            assert not list(Path(runs).iterdir())
            return
        with run.open() as recording:
            for panel in panels_of(recording.header):
                panel.draw(recording, View(step=recording.last_step), 60, 12)


@pytest.mark.parametrize("name", [*PLAIN, "trackio"])
@many
@given(st.integers(0, 10**6), st.none() | st.integers(1, 255))
def test_a_file_without_checksums_cut_or_flipped(
    name: str, copies: dict[str, tuple[Path, Figures]], at: int, flip: int | None
) -> None:
    """Nobody can tell a changed digit; but nothing breaks, and what lies before the change is as it was."""
    folder, true = copies[name]
    path = largest(folder)
    data = bytearray(path.read_bytes())
    at %= len(data)
    with changed(
        path,
        bytes(data[:at]) if flip is None else bytes(data[:at] + bytes([data[at] ^ flip]) + data[at + 1 :]),
    ):
        try:
            items = items_of(folder)
        except ExchangeError as error:
            assert str(folder) in str(error)  # noqa: PT017
            return
    if flip is None and name != "trackio":
        wrong = [
            key for key, value in figures(items).items() if key not in true or not same(value, true[key])
        ]
        assert len(wrong) <= 1, "only the row that was cut"
