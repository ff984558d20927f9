"""Reading CIFAR-10's binary layout, and what is said of files that don't keep to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tuilab.data import DataError, read_cifar10
from tuilab.data.cifar10 import ALL_FILES, FOLDER, RECORD

RECORDS = 7


@pytest.fixture
def place(tmp_path: Path) -> Path:
    place = tmp_path / FOLDER
    place.mkdir()
    for number, name in enumerate(ALL_FILES):
        rows = np.zeros((RECORDS, RECORD), np.uint8)
        rows[:, 0] = np.arange(RECORDS)
        rows[:, 1 : 1 + 1024] = 10 * number  # red
        rows[:, 1 + 2048 + 32 * 2 + 5] = 200  # blue, row 2, column 5
        rows.tofile(place / name)
    return place


def test_records_become_pictures_and_classes(place: Path) -> None:
    pictures, classes = read_cifar10("train", place, RECORDS)
    assert pictures.shape == (5 * RECORDS, 3, 32, 32)
    np.testing.assert_array_equal(classes, np.tile(np.arange(RECORDS), 5))
    np.testing.assert_array_equal(pictures[:, 0, 9, 9], np.repeat([0, 10, 20, 30, 40], RECORDS))
    assert (pictures[:, 2, 2, 5] == 200).all()
    assert (pictures[:, 1] == 0).all()
    assert read_cifar10("test", place, RECORDS)[0][0, 0, 0, 0] == 50


def test_without_the_data_one_sentence_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUILAB_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataError) as caught:
        read_cifar10()
    said = str(caught.value)
    assert str(tmp_path / "nowhere") in said
    assert "tuilab data fetch cifar10" in said
    assert "data.name=shapes10" in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda content: content[:-5], f"ends at offset {RECORDS * RECORD - 5:,}"),
        (lambda content: content + b"x", f"goes on after offset {RECORDS * RECORD:,}"),
        (lambda content: b"", "ends at offset 0"),
        (
            lambda content: content[: 3 * RECORD] + b"\x4d" + content[3 * RECORD + 1 :],
            f"damaged at offset {3 * RECORD:,}, where record 3 begins: its class is 77",
        ),
    ],
)
def test_a_damaged_file_is_named_with_its_offset(place: Path, damage, said: str) -> None:
    path = place / "data_batch_3.bin"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match=said) as caught:
        read_cifar10("train", place, RECORDS)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(place: Path) -> None:
    (place / "data_batch_4.bin").unlink()
    with pytest.raises(DataError, match=r"data_batch_4\.bin: not there"):
        read_cifar10("train", place, RECORDS)
